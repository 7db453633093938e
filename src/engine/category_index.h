// Category look-up of one column, compiled: a hash table for texts, a sorted array for numbers.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "model/step.h"

namespace turnout {

// One column's part of an imputer of texts.
struct TextFill {
  const ImputeText* impute;
  std::size_t column;

  std::string_view operator()(std::string_view text) const {
    return IsMarked(text, impute->marker) ? std::string_view(impute->statistics[column]) : text;
  }
};

// The text that comes out of imputers, one behind the other.
inline std::string_view Filled(const std::vector<TextFill>& fills, std::string_view text) {
  for (const TextFill& fill : fills) text = fill(text);
  return text;
}

// It answers as FindCategory does behind `fills`, and borrows the model's texts.
class CategoryIndex {
 public:
  explicit CategoryIndex(const Categories& categories, const std::vector<TextFill>& fills = {});
  int32_t Find(std::string_view text) const;
  int32_t Find(double number) const;

 private:
  std::unordered_map<std::string_view, int32_t> texts_;
  std::vector<std::pair<double, int32_t>> numbers_;
  int32_t missing_;
};

}  // namespace turnout
