#include "engine/category_index.h"

#include <algorithm>

namespace turnout {

CategoryIndex::CategoryIndex(const Categories& categories, const std::vector<TextFill>& fills)
    : missing_(categories.missing) {
  for (int32_t i = 0; i < static_cast<int32_t>(categories.size()); ++i) {
    if (i == categories.missing) continue;
    const auto at = static_cast<std::size_t>(i);
    if (categories.is_text) {
      texts_.emplace(categories.texts[at], i);
    } else {
      numbers_.emplace_back(categories.numbers[at], i);
    }
  }
  std::sort(numbers_.begin(), numbers_.end());
  // Fills change the missing text and those that stand for it, nothing else: they are looked up here, once.
  std::vector<std::pair<std::string_view, int32_t>> filled;
  for (const TextFill& fill : fills) {
    if (fill.impute->marker) {
      filled.emplace_back(*fill.impute->marker, Find(Filled(fills, *fill.impute->marker)));
    }
  }
  const int32_t missing = Find(Filled(fills, kMissingText));
  for (const auto& [text, category] : filled) texts_[text] = category;
  missing_ = missing;
}

int32_t CategoryIndex::Find(std::string_view text) const {
  if (IsMissing(text)) return missing_;
  const auto found = texts_.find(text);
  return found == texts_.end() ? -1 : found->second;
}

int32_t CategoryIndex::Find(double number) const {
  if (IsMissing(number)) return missing_;
  const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), number,
                                      [](const auto& entry, double value) { return entry.first < value; });
  return found == numbers_.end() || found->first != number ? -1 : found->second;
}

}  // namespace turnout
