#include "model/explain.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <optional>
#include <type_traits>

#include "bytes/number.h"

namespace turnout {
namespace {

using Names = std::vector<std::string>;

struct Named {
  Names names;
  std::vector<ColumnType> types;
};

Named NamesOf(std::span<const Step> steps, Named columns);

std::string CategoryName(const Categories& categories, std::size_t i) {
  if (static_cast<int64_t>(i) == categories.missing) return "missing";
  if (categories.is_text) return categories.texts[i];
  std::string text;
  AppendNumber(text, categories.numbers[i]);
  return text;
}

Names NamesAfter(const OneHot& encoder, const Named& before) {
  Names names;
  for (std::size_t i = 0; i < encoder.columns.size(); ++i) {
    for (std::size_t c = 0; c < encoder.columns[i].size(); ++c) {
      if (static_cast<int64_t>(c) == encoder.dropped[i]) continue;
      names.push_back(before.names[i] + "=" + CategoryName(encoder.columns[i], c));
    }
  }
  return names;
}

Names NamesAfter(const Impute& impute, const Named& before) {
  Names names;
  for (std::size_t i = 0; i < impute.statistics.size(); ++i) {
    if (!std::isnan(impute.statistics[i])) names.push_back(before.names[i]);
  }
  return names;
}

Names NamesAfter(const Columns& columns, const Named& before) {
  Names names;
  for (const Columns::Part& part : columns.parts) {
    Named taken;
    for (const int32_t input : part.inputs) {
      taken.names.push_back(before.names[static_cast<std::size_t>(input)]);
      taken.types.push_back(before.types[static_cast<std::size_t>(input)]);
    }
    Named after = NamesOf(part.steps, std::move(taken));
    for (std::string& name : after.names) names.push_back(std::move(name));
  }
  return names;
}

// A step whose columns have no better names keeps those it has, or counts.
Named NamesOf(std::span<const Step> steps, Named columns) {
  for (std::size_t s = 0; s < steps.size(); ++s) {
    std::vector<ColumnType> types = *OutputColumns(steps.subspan(s, 1), columns.types);
    std::optional<Names> names = std::visit(
        [&](const auto& step) -> std::optional<Names> {
          if constexpr (requires { NamesAfter(step, columns); }) {
            return NamesAfter(step, columns);
          } else {
            return std::nullopt;
          }
        },
        steps[s]);
    if (names && names->size() == types.size()) columns.names = *std::move(names);
    if (columns.names.size() != types.size()) {
      columns.names.clear();
      for (std::size_t i = 0; i < types.size(); ++i) {
        columns.names.push_back(fmt::format("step {}, column {}", s + 1, i));
      }
    }
    columns.types = std::move(types);
  }
  return columns;
}

void ExplainLeaves(const Forest& forest, const double* x, std::vector<Explanation::Leaf>& leaves) {
  for (std::size_t tree = 0; tree < forest.trees(); ++tree) {
    const int32_t at = FindLeaf(forest, tree, x);
    Explanation::Leaf& leaf = leaves.emplace_back();
    leaf.node = at - forest.roots[tree];
    const int32_t index = forest.nodes[static_cast<std::size_t>(at)].left;
    if (forest.leaf_width == 1) {
      leaf.values = {LeafValue(forest, index, x)};
    } else {
      const double* values = forest.leaves.data() + std::ptrdiff_t{index} * forest.leaf_width;
      leaf.values.assign(values, values + forest.leaf_width);
    }
  }
}

}  // namespace

std::vector<std::string> FeatureNames(const Model& model) {
  Named inputs;
  for (const Input& input : model.signature.inputs) {
    inputs.names.push_back(input.name);
    inputs.types.push_back(input.type);
  }
  return NamesOf(model.steps, std::move(inputs)).names;
}

Explanation Explain(const Model& model, std::span<const Value> row) {
  Explanation explanation;
  std::vector<double> x;
  for (const Value& value : Transform(model.steps, {row.begin(), row.end()})) x.push_back(value.number);
  const Names names = FeatureNames(model);
  assert(names.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i) explanation.features.push_back({names[i], x[i]});
  if (const auto* forest = std::get_if<Forest>(&model.predictor)) {
    ExplainLeaves(*forest, x.data(), explanation.leaves);
  } else if (const auto* linear = std::get_if<Linear>(&model.predictor)) {
    for (std::size_t i = 0; i < linear->weights.size(); ++i) {
      explanation.terms.push_back(linear->weights[i] * x[i % x.size()]);
    }
  }
  explanation.prediction = Predict(model, row);
  return explanation;
}

}  // namespace turnout
