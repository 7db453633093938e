// Iterations: which trees each has, and how many are used.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/xgboost/to_model.h"

namespace turnout::xgboost {
namespace {

// The attribute `best_iteration`, or -1.
Result<int64_t> BestIteration(const Booster& booster) {
  const auto found = booster.attributes.find("best_iteration");
  if (found == booster.attributes.end()) return -1;
  const std::string& text = found->second;
  int64_t best = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), best);
  if (error != std::errc{} || end != text.data() + text.size() || best < 0) {
    return Fail(Code::kCorrupt, fmt::format("the attribute best_iteration is \"{}\", a whole number expected",
                                            std::string_view(text).substr(0, 40)));
  }
  return best;
}

}  // namespace

Result<Rounds> RoundsOf(const Booster& booster, const Wrapper& wrapper, std::size_t outputs) {
  const auto trees = static_cast<int64_t>(booster.trees.size());
  const std::vector<int64_t>& first = booster.iteration_indptr;
  const bool vectors = trees > 0 && booster.trees[0].leaf_width > 1;
  const int64_t each =
      std::max<int64_t>(1, booster.parallel_trees) * (vectors ? 1 : static_cast<int64_t>(outputs));
  Rounds rounds;
  if (!first.empty()) {
    if (first.front() != 0 || first.back() != trees || !std::is_sorted(first.begin(), first.end())) {
      return Fail(Code::kCorrupt,
                  fmt::format("iteration_indptr does not ascend from 0 to {}, the number of trees", trees));
    }
    rounds.all = static_cast<int64_t>(first.size()) - 1;
  } else {
    rounds.all = trees / each;
  }
  rounds.used = rounds.all;
  rounds.trees = booster.trees.size();
  if (wrapper.kind == Wrapper::Kind::kNone) return rounds;
  TURNOUT_ASSIGN(const int64_t best, BestIteration(booster));
  if (best < 0) return rounds;
  if (best >= rounds.all) {
    return Fail(Code::kCorrupt, fmt::format("the attribute best_iteration is {}, the model has {} iterations",
                                            best, rounds.all));
  }
  rounds.best = true;
  rounds.used = best + 1;
  rounds.trees = static_cast<std::size_t>(first.empty() ? rounds.used * each
                                                        : first[static_cast<std::size_t>(rounds.used)]);
  return rounds;
}

}  // namespace turnout::xgboost
