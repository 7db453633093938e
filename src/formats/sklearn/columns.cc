// sklearn/compose/_column_transformer.py; FeatureUnion of sklearn/pipeline.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

bool IsText(pickle::Value value, std::string_view text) {
  return value.kind() == Kind::kText && value.Text() == text;
}

// The columns that one entry of a ColumnTransformer takes, as the file gives them: positions, or names of the
// table that it was fitted on.
class Selection {
 public:
  Selection(const Part& transformer, const Context& context, int32_t inputs)
      : transformer_(transformer), context_(context), inputs_(inputs) {}

  Result<std::vector<int32_t>> Of(const Part& columns) {
    pickle::Value value = columns.value;
    // A list of remaining columns (1.5, 1.6).
    if (pickle::ShortClassName(value) == "_RemainderColsList") {
      TURNOUT_ASSIGN(const Part data, pickle::Attribute(columns, "data"));
      return Of(data);
    }
    if (value.kind() == Kind::kSlice) return OfSlice(columns);
    if (value.kind() == Kind::kText) {
      TURNOUT_ASSIGN(const int32_t at, Place(columns));
      return std::vector{at};
    }
    value = pickle::Unwrapped(value);
    if (value.kind() != Kind::kList && value.kind() != Kind::kTuple && value.kind() != Kind::kArray) {
      TURNOUT_ASSIGN(const int32_t at, Place(columns));
      return std::vector{at};
    }
    TURNOUT_ASSIGN(const auto scalars, AsScalars(Part(value, columns.path), context_.budget));
    return OfScalars(columns, scalars);
  }

 private:
  Result<std::vector<int32_t>> OfScalars(const Part& columns, const std::vector<Scalar>& scalars) {
    std::vector<int32_t> out;
    const bool mask = !scalars.empty() && std::holds_alternative<bool>(scalars[0]);
    if (mask && scalars.size() != static_cast<std::size_t>(inputs_)) {
      return pickle::Fail(Code::kCorrupt, columns,
                          fmt::format("a mask of {} for {} columns", scalars.size(), inputs_));
    }
    for (std::size_t i = 0; i < scalars.size(); ++i) {
      if (const bool* taken = std::get_if<bool>(&scalars[i]); taken != nullptr && mask) {
        if (*taken) out.push_back(static_cast<int32_t>(i));
      } else if (const int64_t* index = std::get_if<int64_t>(&scalars[i]); index != nullptr && !mask) {
        TURNOUT_ASSIGN(out.emplace_back(), Place(columns, *index));
      } else if (const std::string* name = std::get_if<std::string>(&scalars[i]); name != nullptr && !mask) {
        TURNOUT_ASSIGN(out.emplace_back(), Place(columns, *name));
      } else {
        return pickle::Unexpected(columns, "positions, names or a mask of columns");
      }
    }
    return out;
  }

  Result<int32_t> Place(const Part& columns) {
    if (columns.value.kind() == Kind::kText) {
      TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(columns));
      return Place(columns, name);
    }
    TURNOUT_ASSIGN(const int64_t index, pickle::AsInt(columns));
    return Place(columns, index);
  }

  Result<int32_t> Place(const Part& columns, int64_t index) {
    if (index < -int64_t{inputs_} || index >= inputs_) {
      return pickle::Fail(Code::kCorrupt, columns, fmt::format("column {} of {}", index, inputs_));
    }
    return static_cast<int32_t>(index < 0 ? index + inputs_ : index);
  }

  Result<int32_t> Place(const Part& columns, std::string_view name) {
    TURNOUT_TRY(LoadNames());
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<int32_t>(found - names_.begin());
    return pickle::Fail(Code::kCorrupt, columns, fmt::format("no column is named '{}'", name));
  }

  // The end of a slice of names belongs to it. (A step counts from the end if it is negative.)
  Result<std::vector<int32_t>> OfSlice(const Part& columns) {
    const pickle::Values ends = columns.value.Items();
    int64_t step = 1;
    if (!ends[2].IsNone()) {
      TURNOUT_ASSIGN(step, pickle::AsInt(Part(ends[2], columns.path)));
    }
    if (step != 1) return pickle::Fail(Code::kUnsupported, columns, fmt::format("a slice by {}", step));
    int64_t first = 0, last = inputs_;
    if (!ends[0].IsNone()) {
      TURNOUT_ASSIGN(first, End(Part(ends[0], columns.path)));
    }
    if (!ends[1].IsNone()) {
      TURNOUT_ASSIGN(last, End(Part(ends[1], columns.path)));
      last += ends[1].kind() == Kind::kText;
    }
    std::vector<int32_t> out;
    for (; first < last; ++first) out.push_back(static_cast<int32_t>(first));
    return out;
  }

  Result<int64_t> End(const Part& end) {
    if (end.value.kind() == Kind::kText) return Place(end);
    TURNOUT_ASSIGN(int64_t index, pickle::AsInt(end));
    if (index < 0) index += inputs_;
    return std::clamp<int64_t>(index, 0, inputs_);
  }

  Status LoadNames() {
    if (!names_.empty()) return {};
    auto part = pickle::FindAttribute(transformer_, "feature_names_in_");
    if (!part) part = pickle::FindAttribute(transformer_, "_df_columns");  // 0.24
    if (!part) {
      return pickle::Fail(Code::kUnsupported, transformer_,
                          "it selects columns by name, but has no feature_names_in_; fit it on a DataFrame "
                          "and save it again");
    }
    TURNOUT_ASSIGN(names_, AsTexts(*part, context_.budget));
    if (names_.size() != static_cast<std::size_t>(inputs_)) {
      return pickle::Fail(Code::kCorrupt, *part,
                          fmt::format("{} names for {} columns", names_.size(), inputs_));
    }
    return {};
  }

  const Part& transformer_;
  const Context& context_;
  int32_t inputs_;
  std::vector<std::string> names_;
};

// The columns of one entry of `transformers_`. Their positions are in _transformer_to_input_indices (since
// 1.0), else what the entry itself says counts.
Result<std::vector<int32_t>> Taken(const Part& part, const Part& entry, std::string_view name,
                                   Selection& selection) {
  if (const auto positions = pickle::FindAttribute(part, "_transformer_to_input_indices")) {
    TURNOUT_ASSIGN(const Part indices, pickle::Entry(*positions, name));
    return selection.Of(indices);
  }
  TURNOUT_ASSIGN(const Part columns, pickle::Element(entry, 2));
  return selection.Of(columns);
}

// What `transformer_weights` multiplies the outputs of `name` with; none: nothing.
Result<std::optional<double>> WeightOf(const Part& part, std::string_view name) {
  const auto weights = pickle::FindAttribute(part, "transformer_weights");
  if (!weights) return std::nullopt;
  const auto weight = pickle::FindEntry(*weights, name);
  if (!weight) return std::nullopt;
  return pickle::AsDouble(*weight);
}

// The steps of one estimator, given the columns that out.inputs says.
Status LoadPart(const Part& part, std::string_view name, pickle::Value fitted, const Context& context,
                int depth, Columns::Part& out) {
  const Part estimator = StepPart(part, name, fitted);
  TURNOUT_ASSIGN(const auto stages, Unfold(estimator, name, context, depth + 1));
  auto width = static_cast<int32_t>(out.inputs.size());
  TURNOUT_TRY(LoadSteps(stages, context, depth + 1, width, out.steps));
  TURNOUT_ASSIGN(const auto weight, WeightOf(part, name));
  if (weight) out.steps.emplace_back(Affine{std::vector(static_cast<std::size_t>(width), *weight), {}});
  return {};
}

}  // namespace

Columns::Part PassThrough(std::string name, std::vector<int32_t> inputs) {
  return {.name = std::move(name), .inputs = std::move(inputs), .steps = {}};
}

std::vector<int32_t> Range(int32_t count) {
  std::vector<int32_t> range(static_cast<std::size_t>(count));
  for (int32_t i = 0; i < count; ++i) range[static_cast<std::size_t>(i)] = i;
  return range;
}

Status LoadColumnTransformer(const Part& part, const Context& context, int32_t inputs, int depth,
                             Steps& steps) {
  TURNOUT_ASSIGN(const Part transformers, pickle::Attribute(part, "transformers_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(transformers));
  const auto positions = pickle::FindAttribute(part, "_transformer_to_input_indices");
  const std::size_t searched =
      positions && positions->value.kind() == Kind::kDict ? positions->value.size() : 0;
  Selection selection(part, context, inputs);
  Columns columns;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], transformers.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(name_part));
    TURNOUT_TRY(context.budget.Take(entry, name.size() + 16 * (searched + 1)));
    TURNOUT_ASSIGN(const Part at, pickle::Element(entry, 1));
    if (IsText(at.value, "drop")) continue;
    Columns::Part out{.name = std::string(name), .inputs = {}, .steps = {}};
    TURNOUT_ASSIGN(out.inputs, Taken(part, entry, name, selection));
    if (out.inputs.empty()) continue;
    TURNOUT_TRY(LoadPart(part, name, at.value, context, depth, out));
    columns.parts.push_back(std::move(out));
  }
  steps.emplace_back(std::move(columns));
  return {};
}

Status LoadFeatureUnion(const Part& part, const Context& context, int32_t inputs, int depth, Steps& steps) {
  TURNOUT_ASSIGN(const Part transformers, pickle::Attribute(part, "transformer_list"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(transformers));
  Columns columns;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], transformers.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(name_part));
    TURNOUT_ASSIGN(const Part at, pickle::Element(entry, 1));
    if (at.value.IsNone() || IsText(at.value, "drop")) continue;
    TURNOUT_TRY(context.budget.Take(entry, name.size() + sizeof(int32_t) * static_cast<uint64_t>(inputs)));
    Columns::Part out{.name = std::string(name), .inputs = Range(inputs), .steps = {}};
    TURNOUT_TRY(LoadPart(part, name, at.value, context, depth, out));
    columns.parts.push_back(std::move(out));
  }
  steps.emplace_back(std::move(columns));
  return {};
}

}  // namespace turnout::sklearn
