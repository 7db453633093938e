// Whether all engines that fit a model answer alike, bit for bit, on rows that the model takes: for tests and
// fuzzing, where the model may come from any bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace turnout {

// Rows within a signature: thresholds, categories, the ends of each column's range, missing values where they
// are accepted.
class ProbeRows {
 public:
  ProbeRows(const Model& model, std::size_t rows, uint64_t seed) : random_(seed) {
    const auto* forest = std::get_if<Forest>(&model.predictor);
    for (const Input& input : model.signature.inputs) {
      if (input.type == ColumnType::kText) {
        auto& column = texts_.emplace_back();
        for (std::size_t r = 0; r < rows; ++r) column.push_back(Text(input));
      } else {
        auto& column = numbers_.emplace_back();
        for (std::size_t r = 0; r < rows; ++r) column.push_back(Number(input, forest));
      }
    }
    std::size_t number = 0, text = 0;
    for (const Input& input : model.signature.inputs) {
      views_.push_back(input.type == ColumnType::kText ? ColumnView{nullptr, texts_[text++].data()}
                                                       : ColumnView{numbers_[number++].data(), nullptr});
    }
  }

  std::span<const ColumnView> views() const { return views_; }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }

  std::string_view Text(const Input& input) {
    if (input.accepts_missing && Below(4) == 0) return {};
    if (!input.categories.empty() && Below(4) != 0) return input.categories[Below(input.categories.size())];
    return input.closed && !input.categories.empty() ? std::string_view(input.categories[0]) : "another";
  }

  double Number(const Input& input, const Forest* forest) {
    if (input.accepts_missing && Below(4) == 0) return std::nan("");
    double x = 0;
    switch (Below(6)) {
      case 0: x = static_cast<double>(Below(600)) - 300; break;
      case 1: x = Below(2) ? input.largest : -input.largest; break;
      case 2:
      case 3:
        if (forest != nullptr && !forest->nodes.empty()) {
          x = forest->nodes[Below(forest->nodes.size())].threshold;
          if (Below(2)) x = std::nextafter(x, Below(2) ? INFINITY : -INFINITY);
        }
        break;
      default: x = std::normal_distribution<double>()(random_);
    }
    if (input.closed && !input.numbers.empty()) x = input.numbers[Below(input.numbers.size())];
    if (input.closed && !input.numbers.empty()) return x;
    return std::clamp(x, std::max(input.lowest, -input.largest), std::min(input.highest, input.largest));
  }

  std::mt19937_64 random_;
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<std::string_view>> texts_;
  std::vector<ColumnView> views_;
};

// NaN equals NaN, whatever its bits: x86 and compilers choose them.
template <class T>
bool SameAnswers(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](T x, T y) { return std::memcmp(&x, &y, sizeof(T)) == 0 || (x != x && y != y); });
}

// Empty, or which engine differs in what. Sizes on both sides of where the engines change their ways.
inline std::string FindDisagreement(const Model& model, std::size_t most_rows, uint64_t seed) {
  const ProbeRows probe(model, most_rows, seed);
  const auto reference = CompileEngine(model, "reference");
  if (!reference) return "reference: " + reference.error().message;
  Workspace workspace;
  Scores expected, scores;
  for (const EngineChoice& choice : ExplainEngines(model)) {
    if (!choice.reason.empty() || choice.name == "reference") continue;
    const auto engine = CompileEngine(model, choice.name);
    if (!engine) return choice.name + ": " + engine.error().message;
    for (const std::size_t rows : {std::size_t{1}, std::size_t{3}, most_rows}) {
      (*reference)->Score(probe.views(), rows, workspace, expected);
      (*engine)->Score(probe.views(), rows, workspace, scores);
      const char* what = !SameAnswers(scores.raw, expected.raw)                       ? "raw scores"
                         : !SameAnswers(scores.probabilities, expected.probabilities) ? "probabilities"
                         : !SameAnswers(scores.class_index, expected.class_index)     ? "classes"
                         : !SameAnswers(scores.values, expected.values)               ? "values"
                                                                                      : nullptr;
      if (what != nullptr) return choice.name + ": other " + what + ", " + std::to_string(rows) + " rows";
    }
  }
  return {};
}

}  // namespace turnout
