#include "predict/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "bytes/number.h"

namespace turnout {
namespace {

// Finer from 0.5 on, to tell a sure answer from a coin toss; a probability is never above 1.
const std::vector<double> kConfidenceBounds = {0.1,  0.2, 0.3,  0.4, 0.5,  0.55, 0.6,   0.65, 0.7,
                                               0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999, 1};

ColumnView View(const Column& column) {
  return column.type == ColumnType::kNumber ? ColumnView{column.numbers.data(), nullptr}
                                            : ColumnView{nullptr, column.texts.data()};
}

// What is wrong with one value for one input; empty: nothing.
std::string_view Objection(const Input& input, const Version::Closed& closed, double x) {
  if (IsMissing(x)) return input.accepts_missing ? std::string_view{} : "missing";
  if (std::fabs(x) > input.largest || std::isinf(x)) return "out_of_range";
  const bool known = !input.closed || std::binary_search(closed.numbers.begin(), closed.numbers.end(), x);
  return known ? std::string_view{} : "enum";
}

std::string_view Objection(const Input& input, const Version::Closed& closed, std::string_view text) {
  if (IsMissing(text)) return input.accepts_missing ? std::string_view{} : "missing";
  return !input.closed || closed.texts.contains(text) ? std::string_view{} : "enum";
}

std::string Message(std::string_view type, const Version& version) {
  if (type == "missing") return fmt::format("The model ({}) can't take a missing value here", version.name);
  if (type == "enum") return fmt::format("The model ({}) was not trained on this value", version.name);
  return fmt::format("The value is too large for the model ({})", version.name);
}

// The common case in one pass without branches: every number is within range, none is missing.
bool AllWithin(const double* x, std::size_t rows, double largest) {
  bool within = true;
  for (std::size_t i = 0; i < rows; ++i) within &= std::fabs(x[i]) <= largest;  // false for NaN
  return within;
}

}  // namespace

VersionSeries MakeVersionSeries(Metrics& metrics, const std::string& endpoint, const Version& version,
                                const std::vector<double>& latency_bounds) {
  const MetricLabels labels = {{"endpoint", endpoint}, {"version", version.name}};
  VersionSeries series;
  auto result = [&](std::string text) {
    MetricLabels with = labels;
    with.emplace_back("result", std::move(text));
    return metrics.Counter("predictions_total", "Rows answered, by the class that was predicted.",
                           std::move(with));
  };
  for (const std::string& text : version.answerer.class_text) series.results.push_back(result(text));
  if (series.results.empty()) series.results.push_back(result("value"));
  series.refused = metrics.Counter("predictions_refused_total",
                                   "Rows that satisfy the contract but that the model can't take.", labels);
  series.latency =
      metrics.Histogram("prediction_latency_seconds", "Time from the request's last byte to its answers.",
                        labels, latency_bounds);
  if (version.model.signature.probabilities) {
    series.confidence = metrics.Histogram("prediction_confidence", "Largest class probability of a row.",
                                          labels, kConfidenceBounds);
  }
  return series;
}

// Rows that pass the contract can still be refused: by a derived feature that came out missing, a value
// beyond float32, a category that the encoder was not fitted on.
bool Predictor::CheckInputs(const Version& version, const Contract& contract, const Batch& batch,
                            Answers& answers) {
  const auto& inputs = version.model.signature.inputs;
  refusal_.assign(batch.rows(), -1);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Input& input = inputs[i];
    const auto check = [&](const auto* values) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const std::string_view type = Objection(input, version.closed[i], values[row]);
        if (type.empty()) continue;
        RefusalOf(row, contract, batch, answers)
            .errors.push_back(
                {std::string(contract.column_name(contract.features[i])), type, Message(type, version)});
      }
    };
    if (inputs_[i].numbers != nullptr) {
      if (input.closed || !AllWithin(inputs_[i].numbers, batch.rows(), input.largest))
        check(inputs_[i].numbers);
    } else if (input.closed || !input.accepts_missing) {
      check(inputs_[i].texts);
    }
  }
  return answers.refusals.empty();
}

// The row's refusal, made with its first objection.
Refusal& Predictor::RefusalOf(std::size_t row, const Contract& contract, const Batch& batch,
                              Answers& answers) {
  if (refusal_[row] >= 0) return answers.refusals[static_cast<std::size_t>(refusal_[row])];
  refusal_[row] = static_cast<int32_t>(answers.refusals.size());
  Refusal& refusal = answers.refusals.emplace_back();
  refusal.position = batch.positions()[row];
  if (contract.key < 0) return refusal;
  const Column& key = batch.column(static_cast<std::size_t>(contract.key));
  refusal.key_is_number = key.type == ColumnType::kNumber;
  if (!refusal.key_is_number) {
    refusal.key = key.texts[row];
  } else if (!IsMissing(key.numbers[row])) {
    AppendNumber(refusal.key, key.numbers[row]);
  }
  return refusal;
}

void Predictor::Predict(const Snapshot& snapshot, const Batch& batch, SteadyTime received, Answers& answers) {
  const Version& version = *snapshot.stable;
  const Contract& contract = *snapshot.contract;
  answers.Clear();

  inputs_.clear();
  for (int32_t column : contract.features) {
    inputs_.push_back(View(batch.column(static_cast<std::size_t>(column))));
  }
  assert(inputs_.size() == version.model.signature.inputs.size());

  // Refused rows are scored with the others (an engine takes any bits) and their scores are not looked at:
  // they are rare, and gathering the good ones would cost every batch.
  const bool all_good = CheckInputs(version, contract, batch, answers);
  if (batch.rows() > 0) version.engine->Score(inputs_, batch.rows(), workspace_, scores_);

  const std::size_t classes = version.answerer.classes.size();
  const bool probabilities = version.model.signature.probabilities;
  const VersionSeries& series = snapshot.series;
  if (probabilities) {
    answers.probabilities.assign(
        scores_.probabilities.begin(),
        scores_.probabilities.begin() + static_cast<std::ptrdiff_t>(batch.rows() * classes));
  }
  answers.values.assign(scores_.values.begin(), scores_.values.end());
  answers.rows.resize(batch.rows());
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    Answer& answer = answers.rows[row];
    answer = {.by = &version.answerer};
    if (!all_good && refusal_[row] >= 0) {
      answer.refusal = refusal_[row];
      shard_.Add(series.refused);
      continue;
    }
    if (version.answerer.task == Task::kRegression) {
      answer.values = static_cast<uint32_t>(row * scores_.outputs);
      shard_.Add(series.results[0]);
      continue;
    }
    answer.class_index = scores_.class_index[row];
    shard_.Add(series.results[answer.class_index]);
    if (probabilities) {
      answer.probabilities = static_cast<uint32_t>(row * classes);
      const double* p = answers.probabilities.data() + answer.probabilities;
      shard_.Observe(series.confidence, *std::max_element(p, p + classes));
    }
  }
  answers.latency_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - received).count();
  if (batch.rows() > 0) shard_.Observe(series.latency, answers.latency_seconds);
}

}  // namespace turnout
