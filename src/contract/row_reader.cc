#include "contract/row_reader.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "bytes/number.h"
#include "contract/converter.h"

namespace turnout {
namespace {

// What became of a field in the row being read.
constexpr uint8_t kUnseen = 0, kGood = 1, kBad = 2, kTwice = 3;

}  // namespace

RowReader::RowReader(const Contract& contract, Batch& batch)
    : contract_(contract), batch_(batch), seen_(contract.fields.size()) {
  assert(batch.columns() == contract.fields.size() + contract.derived.size());
  converters_.reserve(contract.fields.size());
  for (const Field& field : contract.fields) {
    converters_.emplace_back(field);
    Default& fallback = defaults_.emplace_back();
    if (field.fallback) {
      const Converter::Value value = converters_.back().Convert({Cell::Kind::kText, *field.fallback}, false);
      assert(value.error.empty());
      fallback = {.present = true, .number = value.number, .text = value.text};
    }
  }
}

RowReader::~RowReader() = default;

void RowReader::Begin(std::size_t position, std::string_view source) {
  batch_.AppendRow(position, source);
  position_ = position;
  std::fill(seen_.begin(), seen_.end(), kUnseen);
}

// PERF: once per cell. Names were looked up by the codec, texts are not copied, and a good cell allocates
// nothing.
void RowReader::Set(Slot slot, std::string_view name, const Cell& cell) {
  if (slot.field < 0) {
    if (contract_.reject_unknown) {
      errors_.push_back({std::string(name), "extra_forbidden", "Extra inputs are not permitted"});
      order_.push_back(contract_.fields.size());
    }
    return;
  }
  const auto i = static_cast<std::size_t>(slot.field);
  if (seen_[i] != kUnseen) {
    if (seen_[i] == kGood) Fail(i, name, "duplicate", slot.codes, cell);
    seen_[i] = kTwice;
    return;
  }
  seen_[i] = kGood;
  if (double number; converters_[i].ConvertGoodNumber(cell, number)) {
    batch_.column(i).numbers.back() = number;
    return;
  }
  const Converter::Value value = converters_[i].Convert(cell, slot.codes);
  if (value.missing) {
    if (!SetMissing(i)) Fail(i, name, "missing", slot.codes, cell);
  } else if (!value.error.empty()) {
    Fail(i, name, value.error, slot.codes, cell);
  } else if (Column& column = batch_.column(i); column.type == ColumnType::kNumber) {
    column.numbers.back() = value.number;
  } else {
    column.texts.back() = value.text;
  }
}

bool RowReader::SetMissing(std::size_t field) {
  const Default& fallback = defaults_[field];
  if (!fallback.present) return contract_.fields[field].nullable;
  if (Column& column = batch_.column(field); column.type == ColumnType::kNumber) {
    column.numbers.back() = fallback.number;
  } else {
    column.texts.back() = fallback.text;
  }
  return true;
}

void RowReader::Fail(std::size_t field, std::string_view name, std::string_view type, bool codes,
                     const Cell& cell) {
  seen_[field] = kBad;
  errors_.push_back({std::string(name), type, ErrorMessage(contract_.fields[field], type, codes, cell)});
  order_.push_back(field);
}

bool RowReader::End() {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i] != kUnseen) continue;
    const Field& field = contract_.fields[i];
    if (field.required || !SetMissing(i)) Fail(i, field.name, "missing", false, {});
  }
  const std::size_t row = batch_.rows() - 1;
  if (errors_.empty()) {
    for (std::size_t i = 0; i < contract_.derived.size(); ++i) {
      batch_.column(contract_.fields.size() + i).numbers.back() =
          contract_.derived[i].expression.Evaluate(batch_, row);
    }
    return true;
  }

  Refusal& refusal = refusals_.emplace_back();
  refusal.position = position_;
  if (contract_.key >= 0) {
    const auto key = static_cast<std::size_t>(contract_.key);
    const Column& column = batch_.column(key);
    refusal.key_is_number = column.type == ColumnType::kNumber;
    if (seen_[key] != kBad) {
      if (!refusal.key_is_number) {
        refusal.key = column.texts.back();
      } else if (!IsMissing(column.numbers.back())) {
        AppendNumber(refusal.key, column.numbers.back());
      }
    }
  }
  // In the order of the contract, whatever the order in which the cells came.
  std::vector<std::size_t> sorted(errors_.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::stable_sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return order_[a] < order_[b]; });
  for (const std::size_t i : sorted) refusal.errors.push_back(std::move(errors_[i]));
  errors_.clear();
  order_.clear();
  batch_.DropRow();
  return false;
}

void RowReader::Refuse(std::size_t position, std::string_view type, std::string message) {
  Refusal& refusal = refusals_.emplace_back();
  refusal.position = position;
  refusal.errors.push_back({{}, type, std::move(message)});
}

void RowReader::Clear() {
  refusals_.clear();
  batch_.Clear();
}

}  // namespace turnout
