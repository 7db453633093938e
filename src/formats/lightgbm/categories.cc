#include "formats/lightgbm/categories.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bytes/json_events.h"
#include "bytes/number.h"
#include "formats/pickle/text.h"

namespace turnout::lightgbm {
namespace {

using Kind = JsonToken::Kind;

// Collects [[category, ...], ...]; null is no list at all.
class ListReader {
 public:
  ListReader(const Booster& booster, Memory& memory) : field_(booster.pandas_categorical), memory_(memory) {}

  Result<std::vector<Categories>> Read() {
    auto status = ForEachJsonToken(field_.value, 3, [&](const JsonToken& token) { return Take(token); });
    if (status) return std::move(lists_);
    if (ours_) return std::unexpected(std::move(status).error());
    return Bad(field_, std::move(status.error().message));
  }

 private:
  std::unexpected<Error> Wrong(std::string what, Code code = Code::kCorrupt) {
    ours_ = true;
    return Bad(field_, std::move(what), code);
  }

  Status Take(const JsonToken& token) {
    switch (token.kind) {
      case Kind::kArray:
        if (++level_ > 2) return Wrong("a list in a list of categories");
        if (level_ == 2) lists_.emplace_back();
        return Charge(level_ == 2 ? sizeof(Categories) : 0);
      case Kind::kArrayEnd: --level_; return {};
      case Kind::kNull:
        if (level_ == 0) return {};
        return Wrong("null among the categories");
      case Kind::kString:
        if (level_ == 2) return AddText(token.text);
        break;
      case Kind::kNumber:
        if (level_ == 2) return AddNumber(ParseNumber(token.text).value);
        break;
      case Kind::kTrue:
      case Kind::kFalse:
        if (level_ == 2) return AddNumber(token.kind == Kind::kTrue ? 1 : 0);
        break;
      default: break;
    }
    return Wrong("a list of lists of categories was expected");
  }

  // Three times: a vector that grows holds its old half and its new whole.
  Status Charge(uint64_t bytes) {
    auto status = memory_.Take(field_.line, 3 * bytes);
    ours_ = !status;
    return status;
  }

  Status AddText(std::string_view text) {
    Categories& list = lists_.back();
    if (!list.numbers.empty()) return Mixed();
    TURNOUT_TRY(Charge(sizeof(std::string) + text.size()));
    list.is_text = true;
    list.texts.emplace_back(text);
    return {};
  }

  Status AddNumber(double number) {
    Categories& list = lists_.back();
    if (list.is_text) return Mixed();
    TURNOUT_TRY(Charge(sizeof(double)));
    list.numbers.push_back(number);
    return {};
  }

  std::unexpected<Error> Mixed() {
    return Wrong(fmt::format("list {} has texts and numbers; the categories of a column are one or the other",
                             lists_.size() - 1),
                 Code::kUnsupported);
  }

  const Field& field_;
  Memory& memory_;
  std::vector<Categories> lists_;
  int level_ = 0;
  bool ours_ = false;  // the error is of this class and has its place already
};

// What the file says of the values of a feature in training.
struct Range {
  bool categorical = false;
  bool unused = false;  // "none": constant, or all missing
  bool whole = false;   // the ends are whole numbers from 0 up
  double most = -1;     // the largest
};

Range RangeOf(std::string_view info) {
  Range range;
  if (info == "none") {
    range.unused = true;
    return range;
  }
  const bool interval = info.size() > 2 && info.front() == '[' && info.back() == ']';
  range.categorical = !interval;
  range.whole = true;
  Words words(interval ? info.substr(1, info.size() - 2) : info, ':');
  for (std::string_view word; words.Next(word);) {
    const ParsedNumber number = ParseNumber(word);
    const bool missing = range.categorical && number.value == -1;
    if (number.error != NumberError::kNone || number.value != std::floor(number.value) ||
        (number.value < 0 && !missing)) {
      range.whole = false;
    }
    range.most = std::max(range.most, number.value);
  }
  return range;
}

// Whether a column of such a range can hold positions in a list of so many categories.
bool Holds(const Range& range, std::size_t categories) {
  return range.unused || (range.whole && range.most < static_cast<double>(categories));
}

// The features that were trained as categorical: by the parameter, else by their ranges.
std::vector<int32_t> CategoricalFeatures(const Booster& booster, const std::vector<Range>& ranges) {
  std::vector<int32_t> features;
  bool told = booster.categorical_feature.line != 0 && !booster.categorical_feature.value.empty();
  Words words(booster.categorical_feature.value, ',');
  for (std::string_view word; told && words.Next(word);) {
    int32_t feature = -1;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), feature);
    told = error == std::errc{} && end == word.data() + word.size() && feature >= 0 &&
           feature < booster.forest.features;
    if (told) features.push_back(feature);
  }
  if (!told) {
    features.clear();
    for (std::size_t f = 0; f < ranges.size(); ++f) {
      if (ranges[f].categorical) features.push_back(static_cast<int32_t>(f));
    }
  }
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return features;
}

// Lists of categories go to columns in order, each to one that can hold it, none of the `needed` columns left
// out. The assignment if there is exactly one; else empty.
std::vector<int32_t> OnlyAssignment(const std::vector<Categories>& lists, const std::vector<int32_t>& columns,
                                    const std::vector<bool>& needed, const std::vector<Range>& ranges) {
  // ways[l][c]: assignments of the lists from l on to columns from c on: 0, 1, or 2 for more.
  const std::size_t n = columns.size(), m = lists.size();
  const auto fits = [&](std::size_t l, std::size_t c) {
    return Holds(ranges[static_cast<std::size_t>(columns[c])], lists[l].size());
  };
  std::vector<uint8_t> ways((m + 1) * (n + 1), 0);
  const auto at = [&](std::size_t l, std::size_t c) -> uint8_t& { return ways[l * (n + 1) + c]; };
  for (std::size_t l = m + 1; l-- > 0;) {
    at(l, n) = l == m;
    for (std::size_t c = n; c-- > 0;) {
      int count = needed[c] ? 0 : at(l, c + 1);
      if (l < m && fits(l, c)) count += at(l + 1, c + 1);
      at(l, c) = static_cast<uint8_t>(std::min(count, 2));
    }
  }
  std::vector<int32_t> assigned;
  if (at(0, 0) != 1) return assigned;
  for (std::size_t l = 0, c = 0; l < m; ++c) {
    if (!fits(l, c) || at(l + 1, c + 1) == 0) continue;
    assigned.push_back(columns[c]);
    ++l;
  }
  return assigned;
}

}  // namespace

Result<std::vector<std::pair<int32_t, Categories>>> PandasCategories(const Booster& booster) {
  std::vector<std::pair<int32_t, Categories>> encoded;
  const Field& field = booster.pandas_categorical;
  if (field.line == 0) return encoded;
  Memory memory(field.value.size());
  TURNOUT_ASSIGN(auto lists, ListReader(booster, memory).Read());
  if (lists.empty()) return encoded;

  std::vector<Range> ranges;
  ranges.reserve(booster.infos.size());
  for (const std::string_view info : booster.infos) ranges.push_back(RangeOf(info));
  std::vector<int32_t> columns = CategoricalFeatures(booster, ranges);
  const std::size_t categorical = columns.size();
  if (lists.size() != categorical) {
    // Ordered categories are trained as numbers; features may be named categorical that are numbers in the
    // frame. Some files leave only one way to read them.
    std::vector<bool> needed(categorical, false);
    if (lists.size() > categorical) {
      std::vector<bool> all(ranges.size(), false);
      for (const int32_t feature : columns) all[static_cast<std::size_t>(feature)] = true;
      needed = std::move(all);
      columns.resize(ranges.size());
      for (std::size_t f = 0; f < columns.size(); ++f) columns[f] = static_cast<int32_t>(f);
    }
    constexpr std::size_t kMostWork = 1 << 24;
    const bool small = (lists.size() + 1) * (columns.size() + 1) <= kMostWork;
    columns = small ? OnlyAssignment(lists, columns, needed, ranges) : std::vector<int32_t>();
    if (columns.empty()) {
      return Bad(
          field,
          fmt::format("categories of {} columns, {} columns were trained as categorical, and the file does "
                      "not tell which are which (ordered categories?); train with unordered categories, or "
                      "on numbers",
                      lists.size(), categorical),
          Code::kUnsupported);
    }
  }
  for (std::size_t l = 0; l < lists.size(); ++l) {
    const auto column = static_cast<std::size_t>(columns[l]);
    if (!Holds(ranges[column], lists[l].size())) {
      return Bad(field, fmt::format("list {} has {} categories, and feature '{}', whose they would be, is {}",
                                    l, lists[l].size(), pickle::Printable(booster.names[column], 60),
                                    pickle::Printable(booster.infos[column], 40)));
    }
    if (lists[l].size() == 0) continue;  // all values were missing, and are
    encoded.emplace_back(columns[l], std::move(lists[l]));
  }
  return encoded;
}

Step EncodePandas(std::vector<std::pair<int32_t, Categories>> columns, int32_t features) {
  Columns all;
  int32_t next = 0;
  const auto pass = [&](int32_t until) {
    if (next == until) return;
    Columns::Part& part = all.parts.emplace_back();
    part.name = "numbers";
    for (; next < until; ++next) part.inputs.push_back(next);
  };
  for (auto& [column, categories] : columns) {
    pass(column);
    Columns::Part& part = all.parts.emplace_back();
    part.name = "categories";
    part.inputs = {next++};
    Ordinal encoder;
    encoder.columns.push_back(std::move(categories));
    part.steps.emplace_back(std::move(encoder));
  }
  pass(features);
  return all;
}

}  // namespace turnout::lightgbm
