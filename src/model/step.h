// The transforming steps in front of a predictor.
//
// A step maps a row of values to a row of values. Numbers are double, missing is NaN; a text column is only
// ever filled, looked for, or read by an encoder. Steps are plain data: the slow model interprets them,
// engines compile them. A kind of step is a struct and either CheckStep and Map (element-wise: one number to
// one number), or OutputsOf and Apply.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "data/signature.h"
#include "model/blank.h"
#include "model/distribution.h"
#include "model/encoding.h"
#include "model/functions.h"
#include "model/imputing.h"
#include "model/inverse.h"
#include "model/members.h"
#include "model/mixing.h"
#include "model/scaling.h"
#include "model/value.h"
#include "model/vectorize.h"

namespace turnout {

struct Columns;
using Step = std::variant<Scale, Impute, OneHot, Ordinal, Columns, ImputeText, Indicate, Affine, Clip,
                          TargetEncode, Members, Present, Compute, Power, Quantiles, Bins, Threshold,
                          Normalize, Products, Project, InversePower, Blank, Vectorize>;
// "scale", "one-hot", ...: for messages.
std::string_view Name(const Step& step);

template <class T>
concept ElementWise = requires(const T& step) {
  { Map(step, std::size_t{}, double{}) } -> std::same_as<double>;
};

// Parts side by side: each takes some of the input columns through steps of its own; the outputs are
// concatenated in order (scikit-learn's ColumnTransformer, FeatureUnion and feature selection; also a
// reordering of columns).
struct Columns {
  struct Part {
    std::string name;
    std::vector<int32_t> inputs;  // indices into the columns before this step
    std::vector<Step> steps;      // none: passed through
  };
  std::vector<Part> parts;
};

inline constexpr int kMaxStepNesting = 16;

// The number and type of columns after `steps`, given those before; an error names the step that does
// not fit. Nesting is limited to kMaxStepNesting levels, columns to kMaxColumns.
Result<std::vector<ColumnType>> OutputColumns(std::span<const Step> steps,
                                              const std::vector<ColumnType>& inputs, int level = 1);

// One row through the steps. `row` must have passed OutputColumns' types.
std::vector<Value> Transform(std::span<const Step> steps, std::vector<Value> row);

}  // namespace turnout
