// How good answers are, by the labels of their rows (profile.h says what is told). Internal to registry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "bytes/json_builder.h"
#include "data/signature.h"
#include "engine/engine.h"

namespace turnout {

class Quality {
 public:
  explicit Quality(const Signature& signature) : signature_(signature), classes_(signature.classes.size()) {}

  // One label a row; a missing or empty one is none.
  void Add(const Scores& scores, const std::vector<std::string_view>& labels);
  // An error where no label is one that the model could answer.
  Status Check() const;
  void Write(JsonBuilder& json) const;  // the object

 private:
  struct Class {
    uint64_t labelled = 0, predicted = 0, right = 0;
  };
  std::optional<std::size_t> ClassOf(std::string_view label);
  double Auc() const;
  void WriteClasses(JsonBuilder& json) const;
  void WriteRegression(JsonBuilder& json) const;

  const Signature& signature_;
  uint64_t labelled_ = 0, unlabelled_ = 0, unknown_ = 0;
  std::string first_unknown_;
  // Classification.
  std::vector<Class> classes_;
  std::unordered_map<std::string, std::optional<std::size_t>> known_;  // labels as the file writes them
  double log_loss_ = 0, squares_ = 0;                                  // sums
  std::vector<double> positive_, negative_;  // two classes: probability of the second, by the label
  // Regression.
  std::vector<double> truths_;
  double absolute_ = 0;
};

}  // namespace turnout
