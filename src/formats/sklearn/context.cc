#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// A model takes less memory than its file and the values read from it (a skops file is compressed), which
// also hold what predicting does not need; small files may say that they have a million columns.
constexpr std::size_t kFactor = 4, kBase = std::size_t{256} << 20;

}  // namespace

Budget::Budget(std::size_t read_bytes) : left_(kFactor * uint64_t{read_bytes} + kBase) {}

Status Budget::Take(const Part& part, uint64_t bytes) {
  if (bytes <= left_) {
    left_ -= bytes;
    return {};
  }
  return pickle::Fail(
      Code::kCorrupt, part,
      fmt::format("up to here the model is larger than {} times what was read plus {} MB; the file is "
                  "damaged or made to fill the memory",
                  kFactor, kBase >> 20));
}

Status Budget::TakeObject(const Part& object) {
  constexpr uint64_t kObject = 256, kAttribute = 32;
  uint64_t attributes = 0;
  if (object.value.kind() == pickle::Kind::kObject) {
    const pickle::Value state = object.value.State();
    if (state.kind() == pickle::Kind::kDict) attributes = state.size();
    if (state.kind() == pickle::Kind::kTuple) {
      for (const pickle::Value part : state.Items()) {
        if (part.kind() == pickle::Kind::kDict) attributes += part.size();
      }
    }
  }
  return Take(object, kObject + kAttribute * attributes);
}

Release ReleaseOf(const Part& estimator, const Release& parent) {
  auto text = pickle::TextOr(estimator, "_sklearn_version", "");
  if (!text || text->empty()) return parent;
  Release release;
  release.text = text->substr(0, 64);
  int* const numbers[] = {&release.major, &release.minor, &release.patch};
  std::size_t at = 0;
  for (int* number : numbers) {
    const std::size_t start = at;
    while (at < text->size() && at - start < 4 && (*text)[at] >= '0' && (*text)[at] <= '9') {
      *number = *number * 10 + ((*text)[at++] - '0');
    }
    if (at == start || at >= text->size() || (*text)[at] != '.') break;
    ++at;
  }
  return release;
}

}  // namespace turnout::sklearn
