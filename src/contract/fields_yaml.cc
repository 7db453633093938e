#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "bytes/number.h"
#include "contract/contract_yaml.h"
#include "contract/converter.h"

namespace turnout {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();
const std::vector<std::string_view> kTypes = {"string", "int", "float", "bool", "category", "text"};
const std::vector<std::string_view> kSettings = {"name", "type",    "required", "default", "nullable", "min",
                                                 "max",  "message", "show",     "values",  "aliases"};

bool IsNumeric(FieldType type) { return type == FieldType::kInt || type == FieldType::kFloat; }

// One element of `fields`.
class FieldReader {
 public:
  FieldReader(const Yaml& node, YamlReader& reader) : node_(node), reader_(reader) {}

  Field Read(std::string name) {
    field_.name = std::move(name);
    reader_.Known(node_, kSettings, "setting of a field");
    ReadType();
    field_.show = reader_.Boolean(node_, "show", false);
    field_.nullable = reader_.Boolean(node_, "nullable", false);
    ReadLimits();
    ReadValues();
    ReadMessage();
    ReadDefault();
    field_.required = reader_.Boolean(node_, "required", !field_.fallback);
    if (!field_.required && !field_.fallback && !field_.nullable) {
      Problem("required", "a field that may be left out needs a `default` or `nullable: true`");
    }
    return std::move(field_);
  }

 private:
  void Problem(std::string_view key, std::string_view message) {
    const Yaml* at = node_.Find(key);
    reader_.Problem(at == nullptr ? node_.line : at->line, key, message);
    good_ = false;
  }

  void ReadType() {
    const std::string type = reader_.Text(node_, "type", "");
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      if (kTypes[i] == type) {
        field_.type = static_cast<FieldType>(i);
        return;
      }
    }
    const std::string_view nearest = Nearest(type, kTypes);
    Problem("type", type.empty() ? fmt::format("missing; one of {}", fmt::join(kTypes, ", "))
                    : nearest.empty()
                        ? fmt::format("unknown type '{}'; one of {}", type, fmt::join(kTypes, ", "))
                        : fmt::format("unknown type '{}'; did you mean '{}'?", type, nearest));
    typed_ = false;
  }

  void ReadLimits() {
    for (const auto& [key, limit] : {std::pair{"min", &field_.min}, {"max", &field_.max}}) {
      const Yaml* given = node_.Find(key);
      if (given == nullptr || given->kind == Yaml::Kind::kNull) continue;
      if (typed_ && !IsNumeric(field_.type)) {
        Problem(key, fmt::format("is for int and float; the field is {}", Name(field_.type)));
        continue;
      }
      const double value = reader_.Number(node_, key, std::nan(""), -kLargest, kLargest);
      if (!std::isnan(value)) *limit = value;
    }
    if (field_.min && field_.max && *field_.min > *field_.max)
      Problem("max", "is below min: nothing would pass");
  }

  void ReadValues() {
    const Yaml* values = node_.Find("values");
    const bool given = values != nullptr && values->kind != Yaml::Kind::kNull;
    if (typed_ && field_.type != FieldType::kCategory) {
      if (given) Problem("values", fmt::format("is for category; the field is {}", Name(field_.type)));
      return;
    }
    if (!given) {
      if (typed_) Problem("values", "missing; a map of texts to codes, a list of texts, or the word `model`");
      return;
    }
    switch (values->kind) {
      case Yaml::Kind::kMap: ReadCodes(*values); return;
      case Yaml::Kind::kList: ReadTexts(*values); return;
      default: break;
    }
    if (values->scalar == "model") {
      field_.values_from = Field::Values::kModel;
      field_.as_text = true;
      return;
    }
    Problem("values",
            fmt::format("must be a map of texts to codes, a list of texts, or the word `model`, but is {}",
                        Describe(*values)));
  }

  void ReadCodes(const Yaml& values) {
    field_.values_from = Field::Values::kMap;
    for (const auto& [text, code] : values.map) {
      const ParsedNumber number = ParseNumber(code.scalar);
      if (code.kind != Yaml::Kind::kScalar || number.error != NumberError::kNone) {
        reader_.Problem(code.line, "values",
                        fmt::format("the code of '{}' must be a number, but is {}", text, Describe(code)));
        continue;
      }
      field_.values.push_back({text, number.value});
    }
    if (values.map.empty()) Problem("values", "is empty: nothing would pass");
  }

  void ReadTexts(const Yaml& values) {
    field_.values_from = Field::Values::kList;
    std::unordered_map<std::string_view, int> seen;
    for (const Yaml& text : values.list) {
      if (text.kind != Yaml::Kind::kScalar) {
        reader_.Problem(text.line, "values",
                        fmt::format("must be a list of texts, but has {}", Describe(text)));
        continue;
      }
      if (!seen.emplace(text.scalar, 0).second) {
        reader_.Problem(text.line, "values", fmt::format("'{}' is given twice", text.scalar));
        continue;
      }
      field_.values.push_back({text.scalar, static_cast<double>(field_.values.size())});
    }
    if (values.list.empty()) Problem("values", "is empty: nothing would pass");
  }

  void ReadMessage() {
    field_.message = reader_.Text(node_, "message", "");
    if (!field_.show && field_.message.find("{value}") != std::string::npos) {
      Problem("message", "{value} repeats what the caller sent, which needs `show: true`");
    }
  }

  void ReadDefault() {
    const Yaml* given = node_.Find("default");
    if (given == nullptr || given->kind == Yaml::Kind::kNull) return;
    if (given->kind != Yaml::Kind::kScalar) {
      Problem("default", fmt::format("must be one value, but is {}", Describe(*given)));
      return;
    }
    field_.fallback = given->scalar;
    // The model's own categories are known when the contract is bound; BindContract checks then.
    if (!typed_ || !good_ || field_.values_from == Field::Values::kModel) return;
    const Cell cell{Cell::Kind::kText, *field_.fallback};
    const Converter::Value value = Converter(field_).Convert(cell, false);
    if (value.missing) {
      Problem("default", "is itself a missing value");
    } else if (!value.error.empty()) {
      Field shown = field_;
      shown.show = false;
      Problem("default", fmt::format("'{}' would be refused: {}", given->scalar,
                                     ErrorMessage(shown, value.error, false, cell)));
    }
  }

  const Yaml& node_;
  YamlReader& reader_;
  Field field_;
  bool typed_ = true;  // the type is known
  bool good_ = true;
};

void AddName(std::string_view name, Slot slot, int line, std::string_view key, YamlReader& reader,
             Contract& contract) {
  if (!contract.names.emplace(name, slot).second) {
    reader.Problem(line, key, fmt::format("the name '{}' is used twice", name));
  }
}

// `aliases`: a list of names, or a map of names to `codes` or `text`.
void ReadAliases(const Yaml& node, int32_t index, YamlReader& reader, Contract& contract) {
  const Field& field = contract.fields[static_cast<std::size_t>(index)];
  for (const Yaml& name : node.list) {
    if (name.kind == Yaml::Kind::kScalar) {
      AddName(name.scalar, {index, false}, name.line, "aliases", reader, contract);
    } else {
      reader.Problem(name.line, "aliases", fmt::format("must be names, but has {}", Describe(name)));
    }
  }
  for (const auto& [name, what] : node.map) {
    const bool codes = what.kind == Yaml::Kind::kScalar && what.scalar == "codes";
    if (!codes && (what.kind != Yaml::Kind::kScalar || what.scalar != "text")) {
      reader.Problem(what.line, "aliases",
                     fmt::format("'{}' must be `codes` or `text`, but is {}", name, Describe(what)));
    } else if (codes && field.values_from != Field::Values::kMap &&
               field.values_from != Field::Values::kList) {
      reader.Problem(
          what.line, "aliases",
          fmt::format("'{}' is `codes`, which is for a category with a map or a list of values", name));
    }
    AddName(name, {index, codes}, what.line, "aliases", reader, contract);
  }
  if (node.kind == Yaml::Kind::kScalar) {
    reader.Problem(node.line, "aliases", "must be a list of names, or a map of names to `codes` or `text`");
  }
}

}  // namespace

void ReadFields(const Yaml& root, YamlReader& reader, Contract& contract) {
  const Yaml* fields = root.Find("fields");
  if (fields == nullptr || fields->kind != Yaml::Kind::kList || fields->list.empty()) {
    reader.Problem(fields == nullptr ? root.line : fields->line, "fields",
                   "must be a list of fields, such as `- {name: age, type: int}`");
    return;
  }
  for (const Yaml& node : fields->list) {
    const YamlReader::Scope scope(reader, fmt::format("fields[{}]", contract.fields.size()));
    const auto index = static_cast<int32_t>(contract.fields.size());
    if (node.kind != Yaml::Kind::kMap) {
      reader.Problem(
          node.line, "",
          fmt::format("must be a map such as `{{name: age, type: int}}`, but is {}", Describe(node)));
      contract.fields.emplace_back();
      continue;
    }
    const std::string name = reader.Text(node, "name", "");
    if (name.empty()) reader.Problem(node.line, "name", "missing");
    contract.fields.push_back(FieldReader(node, reader).Read(name));
    if (!name.empty()) AddName(name, {index, false}, node.Find("name")->line, "name", reader, contract);
    if (const Yaml* aliases = node.Find("aliases")) ReadAliases(*aliases, index, reader, contract);
  }
}

}  // namespace turnout
