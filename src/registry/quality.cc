#include "registry/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "bytes/number.h"
#include "registry/expected.h"
#include "registry/reference.h"

namespace turnout {
namespace {

double Count(uint64_t n) { return static_cast<double>(n); }

}  // namespace

std::optional<std::size_t> Quality::ClassOf(std::string_view label) {
  const auto [at, fresh] = known_.try_emplace(std::string(label));
  if (fresh) {
    for (std::size_t k = 0; k < signature_.classes.size() && !at->second; ++k) {
      if (IsLabel(signature_.classes[k], label)) at->second = k;
    }
  }
  return at->second;
}

void Quality::Add(const Scores& scores, const std::vector<std::string_view>& labels) {
  const bool probabilities = signature_.probabilities;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const std::string_view label = labels[row];
    if (label.empty()) {
      ++unlabelled_;
      continue;
    }
    if (signature_.task == Task::kRegression) {
      const ParsedNumber truth = ParseNumber(label);
      if (truth.error != NumberError::kNone) {
        if (unknown_++ == 0) first_unknown_ = label;
        continue;
      }
      ++labelled_;
      if (signature_.values != 1) continue;
      const double error = scores.values[row * scores.outputs] - truth.value;
      absolute_ += std::fabs(error);
      squares_ += error * error;
      truths_.push_back(truth.value);
      continue;
    }
    const auto truth = ClassOf(label);
    if (!truth) {
      if (unknown_++ == 0) first_unknown_ = label;
      continue;
    }
    ++labelled_;
    const std::size_t predicted = scores.class_index[row];
    ++classes_[*truth].labelled;
    ++classes_[predicted].predicted;
    classes_[*truth].right += predicted == *truth;
    if (!probabilities) continue;
    const double* p = scores.probabilities.data() + row * scores.classes;
    // As scikit-learn's log_loss: not beyond the smallest step of a double at 1.
    constexpr double kLeast = std::numeric_limits<double>::epsilon();
    log_loss_ -= std::log(std::clamp(p[*truth], kLeast, 1 - kLeast));
    if (scores.classes != 2) continue;
    const double error = p[1] - (*truth == 1 ? 1.0 : 0.0);
    squares_ += error * error;
    (*truth == 1 ? positive_ : negative_).push_back(p[1]);
  }
}

Status Quality::Check() const {
  if (labelled_ > 0 || unknown_ == 0) return {};
  std::string answers;
  for (const Label& label : signature_.classes) answers += (answers.empty() ? "" : ", ") + LabelText(label);
  if (answers.size() > 300) answers.replace(300, answers.npos, " ...");
  return Fail(Code::kInvalidArgument,
              signature_.task == Task::kRegression
                  ? fmt::format("no label is a number; the first is {}", Printable(first_unknown_))
                  : fmt::format("no label is a class of the model ({}); the first is {}", answers,
                                Printable(first_unknown_)));
}

// The chance that a row of the second class has the higher probability; equal ones count half.
double Quality::Auc() const {
  std::vector<double> negative = negative_;
  std::sort(negative.begin(), negative.end());
  double wins = 0;
  for (const double p : positive_) {
    const auto [below, above] = std::equal_range(negative.begin(), negative.end(), p);
    wins += static_cast<double>(below - negative.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return wins / (Count(positive_.size()) * Count(negative.size()));
}

void Quality::WriteClasses(JsonBuilder& json) const {
  uint64_t right = 0;
  for (const Class& one : classes_) right += one.right;
  const double n = Count(labelled_);
  // 0 / 0 is NaN, which is null.
  json.Key("accuracy").Number(Count(right) / n);
  const bool probabilities = signature_.probabilities, two = probabilities && classes_.size() == 2;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  json.Key("log_loss").Number(probabilities ? log_loss_ / n : kNone);
  json.Key("brier").Number(two ? squares_ / n : kNone);
  json.Key("auc").Number(two ? Auc() : kNone);
  json.Key("classes").Array();
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    const Class& one = classes_[k];
    json.Object()
        .Key("label")
        .Text(LabelText(signature_.classes[k]))
        .Key("labelled")
        .Number(Count(one.labelled));
    json.Key("predicted").Number(Count(one.predicted)).Key("right").Number(Count(one.right));
    json.Key("precision").Number(Count(one.right) / Count(one.predicted));
    json.Key("recall").Number(Count(one.right) / Count(one.labelled)).End();
  }
  json.End();
}

void Quality::WriteRegression(JsonBuilder& json) const {
  const double n = Count(truths_.size());
  double sum = 0, spread = 0;
  for (const double truth : truths_) sum += truth;
  for (const double truth : truths_) spread += (truth - sum / n) * (truth - sum / n);
  json.Key("mean_absolute_error").Number(absolute_ / n);
  json.Key("root_mean_squared_error").Number(std::sqrt(squares_ / n));
  json.Key("r2").Number(1 - squares_ / spread);
}

void Quality::Write(JsonBuilder& json) const {
  json.Object().Key("labelled").Number(Count(labelled_)).Key("unlabelled").Number(Count(unlabelled_));
  json.Key("unknown").Number(Count(unknown_));
  signature_.task == Task::kClassification ? WriteClasses(json) : WriteRegression(json);
  json.End();
}

}  // namespace turnout
