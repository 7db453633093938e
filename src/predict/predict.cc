#include "predict/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "bytes/number.h"
#include "record/sample.h"
#include "registry/objection.h"

namespace turnout {
namespace {

// Finer from 0.5 on, to tell a sure answer from a coin toss; a probability is never above 1.
const std::vector<double> kConfidenceBounds = {0.1,  0.2, 0.3,  0.4, 0.5,  0.55, 0.6,   0.65, 0.7,
                                               0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999, 1};

ColumnView View(const Column& column) {
  return column.type == ColumnType::kNumber ? ColumnView{column.numbers.data(), nullptr}
                                            : ColumnView{nullptr, column.texts.data()};
}

std::string Message(std::string_view type, const Version& version) {
  if (type == "missing") return fmt::format("The model ({}) can't take a missing value here", version.name);
  if (type == "enum") return fmt::format("The model ({}) was not trained on this value", version.name);
  if (type == "out_of_domain")
    return fmt::format("The model ({}) has no answer for this value", version.name);
  return fmt::format("The value is too large for the model ({})", version.name);
}

// The common case in one pass without branches: every number is within range, none is missing.
bool AllWithin(const double* x, std::size_t rows, const Input& input) {
  const double low = std::max(input.lowest, -input.largest), high = std::min(input.highest, input.largest);
  bool within = true;
  for (std::size_t i = 0; i < rows; ++i) within &= (x[i] >= low) & (x[i] <= high);  // false for NaN
  return within;
}

// A sum is NaN or infinite where a term is; that of many large terms may be, too, so then each is looked at.
bool AllFinite(std::span<const double> values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return std::isfinite(sum) ||
         std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

VersionSeries MakeVersionSeries(Metrics& metrics, const std::string& endpoint, const Version& version,
                                const std::vector<double>& latency_bounds, const std::string& prefix) {
  const MetricLabels labels = {{"endpoint", endpoint}, {"version", version.name}};
  VersionSeries series;
  auto result = [&](std::string text) {
    MetricLabels with = labels;
    with.emplace_back("result", std::move(text));
    return metrics.Counter(prefix + "predictions_total", "Rows answered, by the class that was predicted.",
                           std::move(with));
  };
  for (const std::string& text : version.answerer.class_text) series.results.push_back(result(text));
  if (series.results.empty()) series.results.push_back(result("value"));
  series.refused = metrics.Counter(prefix + "predictions_refused_total",
                                   "Rows that satisfy the contract but that the model can't take.", labels);
  series.invalid =
      metrics.Counter(prefix + "predictions_invalid_total", "Answers that are NaN or infinite.", labels);
  series.latency =
      metrics.Histogram(prefix + "prediction_latency_seconds",
                        "Time from the request's last byte to its answers.", labels, latency_bounds);
  if (version.model.signature.probabilities) {
    series.confidence = metrics.Histogram(prefix + "prediction_confidence",
                                          "Largest class probability of a row.", labels, kConfidenceBounds);
  }
  return series;
}

// Rows that pass the contract can still be refused: by a derived feature that came out missing, a value
// beyond float32, a category that the encoder was not fitted on.
bool Predictor::CheckInputs(const Version& version, const Contract& contract, const Batch& batch, Rows rows,
                            Answers& answers) {
  const auto& inputs = version.model.signature.inputs;
  const std::size_t refused = answers.refusals.size();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Input& input = inputs[i];
    const auto check = [&](const auto* values) {
      for (std::size_t r = 0; r < rows.count; ++r) {
        const std::string_view type = Objection(input, version.closed[i], values[r]);
        if (type.empty()) continue;
        RefusalOf(rows[r], contract, batch, answers)
            .errors.push_back(
                {std::string(contract.column_name(version.columns[i])), type, Message(type, version)});
      }
    };
    if (inputs_[i].numbers != nullptr) {
      if (input.closed || !AllWithin(inputs_[i].numbers, rows.count, input)) check(inputs_[i].numbers);
    } else if (input.closed || !input.accepts_missing) {
      check(inputs_[i].texts);
    }
  }
  return answers.refusals.size() == refused;
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

RoundRobin& Predictor::TurnsOf(const Snapshot& snapshot) {
  for (Turns& turns : turns_) {
    if (turns.endpoint != snapshot.endpoint) continue;
    if (turns.generation != snapshot.route.generation()) {
      turns.generation = snapshot.route.generation();
      turns.robin = {};
    }
    return turns.robin;
  }
  return turns_.emplace_back(snapshot.endpoint, snapshot.route.generation(), RoundRobin()).robin;
}

// Each row's version, by its key or by turns.
void Predictor::PickVersions(const Snapshot& snapshot, const Batch& batch) {
  picked_.resize(snapshot.served.size());
  for (auto& rows : picked_) rows.clear();
  if (snapshot.route.split() == Split::kRoundRobin) {
    RoundRobin& robin = TurnsOf(snapshot);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      picked_[robin.Next(snapshot.route.shares())].push_back(static_cast<uint32_t>(row));
    }
    return;
  }
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    std::string_view text = KeyText(*snapshot.contract, batch, row, key_);
    if (text.data() == nullptr) text = batch.sources()[row];
    picked_[snapshot.route.Pick(text)].push_back(static_cast<uint32_t>(row));
  }
}

void Predictor::Gather(const Version& version, const Batch& batch, std::span<const uint32_t> rows) {
  const std::size_t features = version.columns.size();
  // They only grow: versions may take different numbers of inputs.
  numbers_.resize(std::max(numbers_.size(), features));
  texts_.resize(std::max(texts_.size(), features));
  for (std::size_t i = 0; i < features; ++i) {
    const Column& column = batch.column(static_cast<std::size_t>(version.columns[i]));
    const auto take = [&](auto& to, const auto& from) {
      to.resize(rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) to[r] = from[rows[r]];
    };
    if (column.type == ColumnType::kText) {
      take(texts_[i], column.texts);
      inputs_.push_back({nullptr, texts_[i].data()});
    } else {
      take(numbers_[i], column.numbers);
      inputs_.push_back({numbers_[i].data(), nullptr});
    }
  }
}

void Predictor::Score(const Served& served, const Contract& contract, const Batch& batch, Rows rows,
                      Answers& answers) {
  const Version& version = *served.version;
  inputs_.clear();
  if (rows.listed.empty()) {
    for (const int32_t column : version.columns) {
      inputs_.push_back(View(batch.column(static_cast<std::size_t>(column))));
    }
  } else {
    Gather(version, batch, rows.listed);
  }
  assert(inputs_.size() == version.model.signature.inputs.size());

  // Refused rows are scored with the others (an engine takes any bits) and their scores are not looked at:
  // they are rare, and gathering the good ones would cost every batch.
  const bool all_good = CheckInputs(version, contract, batch, rows, answers);
  version.engine->Score(inputs_, rows.count, workspace_, scores_);

  const std::size_t classes = version.answerer.classes.size();
  const bool probabilities = version.model.signature.probabilities;
  const std::size_t first_probability = answers.probabilities.size(), first_value = answers.values.size();
  const auto append = [](std::vector<double>& to, const std::vector<double>& from, std::size_t count) {
    to.insert(to.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  };
  if (probabilities) append(answers.probabilities, scores_.probabilities, rows.count * classes);
  append(answers.values, scores_.values, scores_.values.size());
  const VersionSeries& series = served.series;
  for (std::size_t r = 0; r < rows.count; ++r) {
    const std::size_t row = rows[r];
    Answer& answer = answers.rows[row];
    answer = {.by = &version.answerer};
    if (!all_good && refusal_[row] >= 0) {
      answer.refusal = refusal_[row];
      shard_.Add(series.refused);
      continue;
    }
    if (version.answerer.task == Task::kRegression) {
      answer.values = static_cast<uint32_t>(first_value + r * scores_.outputs);
      shard_.Add(series.results[0]);
      if (!AllFinite(answers.values_of(answer))) shard_.Add(series.invalid);
      continue;
    }
    answer.class_index = scores_.class_index[r];
    shard_.Add(series.results[answer.class_index]);
    if (probabilities) {
      answer.probabilities = static_cast<uint32_t>(first_probability + r * classes);
      const double* p = answers.probabilities.data() + answer.probabilities;
      if (!AllFinite({p, classes})) shard_.Add(series.invalid);
      shard_.Observe(series.confidence, *std::max_element(p, p + classes));
    }
  }
}

void Predictor::Predict(const Snapshot& snapshot, const Batch& batch, SteadyTime received, Answers& answers,
                        int32_t forced) {
  const Contract& contract = *snapshot.contract;
  answers.Clear();
  const std::size_t rows = batch.rows();
  if (rows == 0) return;
  answers.rows.resize(rows);
  refusal_.assign(rows, -1);
  const bool split = forced < 0 && snapshot.route.slices().size() > 1;
  if (split) {
    PickVersions(snapshot, batch);
    for (std::size_t v = 0; v < picked_.size(); ++v) {
      const std::vector<uint32_t>& picked = picked_[v];
      if (picked.empty()) continue;
      const bool all = picked.size() == rows;
      Score(snapshot.served[v], contract, batch, {all ? std::span<const uint32_t>() : picked, picked.size()},
            answers);
    }
  } else {
    const std::size_t only =
        forced < 0 ? snapshot.route.slices()[0].version : static_cast<std::size_t>(forced);
    Score(snapshot.served[only], contract, batch, {{}, rows}, answers);
  }
  answers.latency_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - received).count();
  for (std::size_t v = 0; v < snapshot.served.size(); ++v) {
    const bool answered = split        ? !picked_[v].empty()
                          : forced < 0 ? v == snapshot.route.slices()[0].version
                                       : v == static_cast<std::size_t>(forced);
    if (answered) shard_.Observe(snapshot.served[v].series.latency, answers.latency_seconds);
  }
}

void SetRoute(Snapshot& snapshot, Route route, std::vector<Served> served, std::string_view stable) {
  assert(served.size() == route.shares().size());
  const int32_t named = stable.empty() ? -1 : route.Find(stable);
  assert(named >= 0 || stable.empty());
  snapshot.stable = served[named < 0 ? route.largest() : static_cast<std::size_t>(named)].version;
  snapshot.route = std::move(route);
  snapshot.served = std::move(served);
}

}  // namespace turnout
