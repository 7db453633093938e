// The values of one column, kept and described (profile.h says how). Internal to registry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytes/json_builder.h"
#include "data/batch.h"

namespace turnout {

class ColumnProfile {
 public:
  explicit ColumnProfile(ColumnType type) : type_(type) {}

  void Add(double number);
  void Add(std::string_view text);
  // The members of its JSON object, after those that are there.
  void Write(JsonBuilder& json) const;

 private:
  void WriteNumbers(JsonBuilder& json) const;
  void WriteTexts(JsonBuilder& json) const;

  ColumnType type_;
  uint64_t missing_ = 0;
  std::vector<double> numbers_;
  std::unordered_map<std::string, uint64_t> texts_;
};

}  // namespace turnout
