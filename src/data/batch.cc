#include "data/batch.h"

#include <cassert>
#include <cstring>

namespace turnout {

std::string_view TextArena::Copy(std::string_view text) {
  if (text.size() > kBlock / 4) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(text.size()));
    std::memcpy(large_.back().get(), text.data(), text.size());
    return {large_.back().get(), text.size()};
  }
  if (blocks_.empty() || used_ + text.size() > kBlock) {
    if (!blocks_.empty()) ++block_;
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
    used_ = 0;
  }
  char* at = blocks_[block_].get() + used_;
  std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return {at, text.size()};
}

void TextArena::Clear() {
  if (blocks_.size() > 1) blocks_.resize(1);
  large_.clear();
  block_ = used_ = 0;
}

Batch::Batch(std::span<const ColumnType> layout) {
  columns_.resize(layout.size());
  for (std::size_t i = 0; i < layout.size(); ++i) columns_[i].type = layout[i];
}

void Batch::AppendRow(std::size_t position, std::string_view source) {
  for (Column& column : columns_) {
    if (column.type == ColumnType::kNumber) {
      column.numbers.push_back(kMissingNumber);
    } else {
      column.texts.push_back(kMissingText);
    }
  }
  positions_.push_back(position);
  sources_.push_back(source);
  ++rows_;
}

void Batch::DropRow() {
  assert(rows_ > 0);
  for (Column& column : columns_) {
    if (column.type == ColumnType::kNumber) {
      column.numbers.pop_back();
    } else {
      column.texts.pop_back();
    }
  }
  positions_.pop_back();
  sources_.pop_back();
  --rows_;
}

void Batch::Clear() {
  for (Column& column : columns_) {
    column.numbers.clear();
    column.texts.clear();
  }
  positions_.clear();
  sources_.clear();
  rows_ = 0;
  arena_.Clear();
}

}  // namespace turnout
