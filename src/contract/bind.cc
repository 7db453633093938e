#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "contract/contract.h"
#include "contract/converter.h"
#include "contract/default_reply.h"
#include "contract/label.h"

namespace turnout {
namespace {

using What = ReplyItem::What;

std::string Listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 50;
  if (names.size() <= kShown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{}, ... ({} in all)", fmt::join(names.begin(), names.begin() + kShown, ", "),
                     names.size());
}

class Binder {
 public:
  Binder(Contract& contract, const Signature& signature) : contract_(contract), signature_(signature) {}

  Status Bind() {
    if (auto columns = InputColumns(contract_, signature_); columns) {
      for (std::size_t i = 0; i < columns->size(); ++i) BindFeature(signature_.inputs[i], (*columns)[i]);
    } else {
      problems_ = std::move(columns).error().message;
    }
    CheckCategories();
    if (contract_.reply.empty()) contract_.reply = DefaultReply(contract_, signature_);
    if (contract_.columns.empty()) contract_.columns = DefaultColumns(signature_);
    for (ReplyItem& item : contract_.reply) BindItem("reply", item);
    for (ReplyItem& item : contract_.columns) BindItem("columns", item);
    if (!problems_.empty()) return Fail(Code::kInvalidArgument, std::move(problems_));
    contract_.bound = true;
    return {};
  }

 private:
  void Problem(std::string_view message) {
    if (!problems_.empty()) problems_ += '\n';
    problems_ += fmt::format("contract {}: {}", contract_.name, message);
  }

  void BindFeature(const Input& input, int32_t batch_column) {
    const auto column = static_cast<std::size_t>(batch_column);
    const bool wants_text = input.type == ColumnType::kText;
    if (column >= contract_.fields.size()) {
      if (wants_text) {
        Problem(fmt::format("'{}' is computed, a number; the model takes a text there",
                            contract_.column_name(batch_column)));
      }
      return;
    }
    Field& field = contract_.fields[column];
    if (field.values_from == Field::Values::kList) BindList(field, input);
    if (field.values_from == Field::Values::kModel && wants_text) BindModelValues(field, input);
    if ((field.column() == ColumnType::kText) != wants_text) {
      Problem(
          wants_text
              ? fmt::format(
                    "'{}' is a number ({}), but the model takes a text there{}", field.name, Name(field.type),
                    field.type == FieldType::kCategory ? "; give `values` as a list, or as the word `model`"
                                                       : "")
              : fmt::format(
                    "'{}' is a text ({}), but the model takes a number there{}", field.name, Name(field.type),
                    field.type == FieldType::kCategory ? "; give `values` as a map of texts to codes" : ""));
    }
    if (field.nullable && !field.fallback && !input.accepts_missing) {
      Problem(fmt::format("'{}' is nullable, but the model takes no missing value there; give it a `default`",
                          field.name));
    }
  }

  // Text or code: as the first model wants it, unless an expression reads the text already.
  void BindList(Field& field, const Input& input) {
    if (!contract_.bound && input.type == ColumnType::kText) field.as_text = true;
    if (!field.as_text || !input.closed) return;
    const std::unordered_set<std::string_view> fitted(input.categories.begin(), input.categories.end());
    for (const Field::Category& category : field.values) {
      if (!fitted.contains(category.text)) {
        Problem(fmt::format("'{}' lists the value '{}', which the model was not fitted on ({})", field.name,
                            category.text, Listed(input.categories)));
      }
    }
  }

  void BindModelValues(Field& field, const Input& input) {
    if (input.categories.empty()) {
      Problem(fmt::format(
          "'{}' has `values: model`, but the model file keeps no values for this input; list them",
          field.name));
      return;
    }
    std::unordered_set<std::string> known;
    for (const Field::Category& category : field.values) known.insert(category.text);
    for (const std::string& text : input.categories) {
      if (known.insert(text).second) field.values.push_back({text, static_cast<double>(field.values.size())});
    }
    if (!input.closed) field.open = true;
  }

  // What could not be checked before the model's own values were known.
  void CheckCategories() {
    for (const Field& field : contract_.fields) {
      if (field.values_from != Field::Values::kModel) continue;
      if (field.values.empty() && problems_.empty()) {
        Problem(fmt::format("'{}' has `values: model`, but is no feature; list the values", field.name));
      } else if (field.fallback && !field.values.empty() &&
                 !Converter(field).Convert({Cell::Kind::kText, *field.fallback}, false).error.empty()) {
        Problem(fmt::format("'{}' has the default '{}', which the model was not fitted on", field.name,
                            *field.fallback));
      }
    }
  }

  void BindItem(std::string_view section, ReplyItem& item) {
    const bool regression = signature_.task == Task::kRegression;
    const auto problem = [&](std::string_view message) {
      Problem(fmt::format("{}.{}: {}", section, item.name, message));
    };
    switch (item.what) {
      case What::kValue:
        if (!regression) problem("`value` is a regression's; the model predicts classes: use `class`");
        if (signature_.values != 1 && section == "columns") {
          problem(fmt::format("a column holds one value, the model gives {}; name each: {{value_of: 0}}",
                              signature_.values));
        }
        return;
      case What::kValueOf:
        if (!regression) {
          problem("`value_of` is a regression's; the model predicts classes: use `class`");
        } else if (item.index >= signature_.values) {
          problem(fmt::format("value {} of a model that gives {}", item.index, signature_.values));
        }
        return;
      case What::kClass:
        if (regression) problem("`class`, but the model is a regression: use `value`");
        return;
      case What::kTopProbability:
      case What::kProbabilities:
      case What::kProbabilityOf:
      case What::kClassIs: break;
      default: return;
    }
    const bool label = item.what == What::kClassIs || item.what == What::kProbabilityOf;
    if (regression) return problem("the model is a regression: it has no classes");
    if (item.what != What::kClassIs && !signature_.probabilities)
      return problem("the model gives no probabilities");
    if (!label) return;
    const int32_t found = FindClass(signature_.classes, LabelText(item.label));
    if (found < 0) {
      std::vector<std::string> classes;
      for (const Label& known : signature_.classes) classes.push_back(LabelText(known));
      return problem(
          fmt::format("the model has no class '{}'; it has {}", LabelText(item.label), Listed(classes)));
    }
    if (!contract_.bound) item.label = signature_.classes[static_cast<std::size_t>(found)];
  }

  Contract& contract_;
  const Signature& signature_;
  std::string problems_;
};

}  // namespace

Result<std::vector<int32_t>> InputColumns(const Contract& contract, const Signature& signature) {
  const auto& inputs = signature.inputs;
  std::vector<std::string> ours, theirs;
  for (const int32_t column : contract.features) ours.emplace_back(contract.column_name(column));
  for (const Input& input : inputs) theirs.push_back(input.name);
  const bool as_many = ours.size() == theirs.size();
  std::string what = fmt::format("{} features, but the model takes {} inputs", ours.size(), theirs.size());
  std::vector<std::string> absent;
  const auto problem = [&] {
    std::string text = fmt::format("contract {}: {}\n  features: {}\n  model:    {}", contract.name, what,
                                   Listed(ours), Listed(theirs));
    if (!absent.empty()) text += fmt::format("\n  absent:   {}", Listed(absent));
    return Fail(Code::kInvalidArgument, std::move(text));
  };
  if (!signature.named) {
    if (as_many) return contract.features;
    return problem();
  }
  // A feature has the input's name if its field or an alias of it has. A file may use a name twice; then the
  // order alone tells.
  std::unordered_set<std::string_view> seen;
  bool differs = !as_many;
  for (std::size_t i = 0; i < theirs.size() && !differs; ++i) {
    const bool again = theirs[i].empty() || !seen.insert(theirs[i]).second;
    differs = !again && ours[i] != theirs[i] && contract.Find(theirs[i]).field != contract.features[i];
    if (differs) {
      what =
          fmt::format("feature {} is '{}', but the model was trained with '{}' there", i, ours[i], theirs[i]);
    }
  }
  if (!differs) return contract.features;

  std::vector<int32_t> columns;
  bool same_features = as_many;
  seen.clear();
  for (const std::string& name : theirs) {
    int32_t column = seen.insert(name).second ? contract.Find(name).field : -1;
    for (std::size_t i = 0; i < contract.derived.size() && column < 0; ++i) {
      if (contract.derived[i].name == name) column = static_cast<int32_t>(contract.fields.size() + i);
    }
    if (column < 0) absent.push_back(name);
    same_features &=
        std::find(contract.features.begin(), contract.features.end(), column) != contract.features.end();
    columns.push_back(column);
  }
  // All the features in another order are a mistake in the contract rather than another version.
  if (same_features || !absent.empty()) return problem();
  return columns;
}

Status BindContract(Contract& contract, const Signature& signature) {
  // On a copy: a version that does not fit leaves the contract as it was.
  Contract bound = contract;
  TURNOUT_TRY(Binder(bound, signature).Bind());
  contract = std::move(bound);
  return {};
}

}  // namespace turnout
