#include "predict/shadow.h"

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

const std::vector<double> kDifferenceBounds = {0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.5};

bool Finite(std::span<const double> numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

std::span<const double> Numbers(const Answer& answer, const Answers& answers) {
  if (answer.by->task == Task::kRegression) return answers.values_of(answer);
  return answers.probabilities.empty() ? std::span<const double>() : answers.probabilities_of(answer);
}

// The number that tells how sure an answer is of the primary's class, or the first value; NaN: there is none.
double ScoreOf(const Answer& answer, const Answers& answers, std::string_view label) {
  const auto numbers = Numbers(answer, answers);
  if (numbers.empty()) return kMissingNumber;
  if (answer.by->task == Task::kRegression) return numbers[0];
  const auto& labels = answer.by->class_text;
  const auto found = std::find(labels.begin(), labels.end(), label);
  return found == labels.end() ? kMissingNumber : numbers[static_cast<std::size_t>(found - labels.begin())];
}

}  // namespace

Shadow::Shadow(Metrics& metrics, const std::string& endpoint, std::shared_ptr<const Contract> contract,
               std::shared_ptr<const Version> version, const std::vector<double>& latency_bounds,
               Options options, std::shared_ptr<PredictionLog> log)
    : options_(options),
      log_(std::move(log)),
      cells_(std::make_shared<Cells>()),
      shard_(metrics.NewShard()),
      predictor_(shard_),
      background_("shadow", options.queue_rows, options.priority, [this](Item& item) { Handle(item); }) {
  snapshot_.endpoint = endpoint;
  snapshot_.contract = std::move(contract);
  Served served{std::move(version), {}};
  served.series = MakeVersionSeries(metrics, endpoint, *served.version, latency_bounds, "shadow_");
  Route route(served.version->name);
  SetRoute(snapshot_, std::move(route), {std::move(served)});
  Show(endpoint, metrics);
}

Shadow::~Shadow() { background_.Stop(); }

void Shadow::Show(const std::string& endpoint, Metrics& metrics) {
  const MetricLabels labels = {{"endpoint", endpoint}, {"version", version().name}};
  using Counted = std::atomic<uint64_t> Cells::*;
  const auto show = [&](std::string_view name, std::string_view help, Counted cell,
                        std::string_view label = {}, std::string_view value = {}) {
    MetricLabels with = labels;
    if (!label.empty()) with.emplace_back(label, value);
    metrics.CounterFrom(name, help, std::move(with),
                        [cells = cells_, cell] { return static_cast<double>(((*cells).*cell).load()); });
  };
  show("shadow_eligible_total", "Rows that were answered while the shadow looked on.", &Cells::eligible);
  show("shadow_scored_total", "Rows that the shadow scored.", &Cells::scored);
  const std::pair<std::string_view, Counted> reasons[] = {{"queue_full", &Cells::queue_full},
                                                          {"oversize", &Cells::oversize},
                                                          {"timeout", &Cells::timeout},
                                                          {"sampled", &Cells::sampled},
                                                          {"shutdown", &Cells::shutdown}};
  for (const auto& [reason, cell] : reasons) {
    show("shadow_dropped_total", "Rows that the shadow did not score, and why.", cell, "reason", reason);
  }
  const std::pair<std::string_view, Counted> results[] = {{"agree", &Cells::agree},
                                                          {"disagree", &Cells::disagree},
                                                          {"refused", &Cells::refused},
                                                          {"invalid", &Cells::invalid}};
  for (const auto& [result, cell] : results) {
    show("shadow_compared_total", "Rows that the shadow scored, by how they compare with the answer.", cell,
         "result", result);
  }
  metrics.Gauge("shadow_queued_rows", "Rows that wait for the shadow.", labels,
                [cells = cells_] { return static_cast<double>(cells->queued.load()); });
  difference_ = metrics.Histogram("shadow_difference",
                                  "Distance of the shadow's score of the answered class from the answer's.",
                                  labels, kDifferenceBounds);
}

void Shadow::Drop(std::atomic<uint64_t>& reason, std::size_t rows) {
  cells_->eligible.fetch_add(rows, std::memory_order_relaxed);
  reason.fetch_add(rows, std::memory_order_relaxed);
}

bool Shadow::Wants(std::string_view id, std::size_t rows) {
  constexpr uint64_t kSalt = 0x736861646f77;  // not that of the routes: the sample is of every version
  if (rows == 0) return false;
  if (options_.sample_ppm < kWhole && BucketOf(id, kSalt) >= options_.sample_ppm) {
    Drop(cells_->sampled, rows);
  } else if (rows > options_.queue_rows) {
    Drop(cells_->oversize, rows);
  } else if (cells_->queued.load(std::memory_order_relaxed) + rows > options_.queue_rows) {
    Drop(cells_->queue_full, rows);
  } else {
    return true;
  }
  return false;
}

void Shadow::Offer(std::shared_ptr<const Sample> sample, std::size_t rows) {
  const std::size_t bytes = sample->bytes;
  Item item{std::move(sample), std::chrono::steady_clock::now(), rows};
  // Counted as queued before it is, so that the thread never takes away what was not added.
  cells_->queued.fetch_add(rows, std::memory_order_relaxed);
  const bool fits =
      cells_->queued_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes <= options_.queue_bytes;
  if (fits && background_.TryPush(item)) {
    cells_->eligible.fetch_add(rows, std::memory_order_relaxed);
    return;
  }
  cells_->queued_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  cells_->queued.fetch_sub(rows, std::memory_order_relaxed);
  Drop(cells_->queue_full, rows);
}

void Shadow::Handle(Item& item) {
  const auto done = [&](std::atomic<uint64_t>& how) {
    how.fetch_add(item.rows, std::memory_order_relaxed);
    cells_->queued_bytes.fetch_sub(item.sample->bytes, std::memory_order_relaxed);
    cells_->queued.fetch_sub(item.rows, std::memory_order_relaxed);
  };
  if (background_.stopping()) return done(cells_->shutdown);
  const SteadyTime begin = std::chrono::steady_clock::now();
  if (begin - item.offered >= options_.timeout) return done(cells_->timeout);
  const Sample& sample = *item.sample;
  predictor_.Predict(snapshot_, sample.batch, begin, answers_, 0);
  Compare(sample);
  if (log_ != nullptr && log_->Wants(sample.id)) {
    lines_.clear();
    for (std::size_t r = 0; r < sample.rows(); ++r) {
      AppendShadowLine(lines_, sample, r, version().name, answers_, answers_.latency_seconds, log_->lines());
    }
    log_->Offer(lines_, item.rows);
  }
  done(cells_->scored);
}

void Shadow::Compare(const Sample& sample) {
  for (std::size_t r = 0; r < sample.rows(); ++r) {
    const Answer &primary = sample.answers.rows[r], &ours = answers_.rows[r];
    if (primary.refusal >= 0) continue;
    if (ours.refusal >= 0) {
      cells_->refused.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    const auto numbers = Numbers(ours, answers_), theirs = Numbers(primary, sample.answers);
    if (!Finite(numbers)) {
      cells_->invalid.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    const bool classes = primary.by->task == Task::kClassification && ours.by->task == primary.by->task;
    const std::string_view label =
        classes ? std::string_view(primary.by->class_text[primary.class_index]) : std::string_view();
    const bool agree = classes ? ours.by->class_text[ours.class_index] == label
                               : std::equal(numbers.begin(), numbers.end(), theirs.begin(), theirs.end());
    (agree ? cells_->agree : cells_->disagree).fetch_add(1, std::memory_order_relaxed);
    const double difference =
        std::fabs(ScoreOf(ours, answers_, label) - ScoreOf(primary, sample.answers, label));
    if (std::isfinite(difference)) shard_.Observe(difference_, difference);
  }
}

Shadow::Counts Shadow::counts() const {
  const Cells& c = *cells_;
  return {.eligible = c.eligible.load(),
          .scored = c.scored.load(),
          .queued = c.queued.load(),
          .queue_full = c.queue_full.load(),
          .oversize = c.oversize.load(),
          .timeout = c.timeout.load(),
          .sampled = c.sampled.load(),
          .shutdown = c.shutdown.load(),
          .agree = c.agree.load(),
          .disagree = c.disagree.load(),
          .refused = c.refused.load(),
          .invalid = c.invalid.load()};
}

void Mirror(const Snapshot& snapshot, const Batch& batch, const Answers& answers, std::string_view id,
            bool many) {
  if (snapshot.shadows.empty() && snapshot.log == nullptr) return;
  const auto rows = static_cast<std::size_t>(std::count_if(
      answers.rows.begin(), answers.rows.end(), [](const Answer& answer) { return answer.refusal < 0; }));
  if (rows == 0) return;
  std::shared_ptr<const Sample> sample;
  const auto copied = [&] {
    if (sample != nullptr) return sample;
    auto copy = CopySample(snapshot.contract, batch, answers);
    for (const Served& served : snapshot.served) copy->versions.push_back(served.version);
    copy->endpoint = snapshot.endpoint;
    copy->id = id;
    copy->many = many;
    copy->generation = snapshot.route.generation();
    copy->time = std::chrono::system_clock::now();
    sample = std::move(copy);
    return sample;
  };
  for (const auto& shadow : snapshot.shadows) {
    if (shadow->Wants(id, rows)) shadow->Offer(copied(), rows);
  }
  if (snapshot.log != nullptr) snapshot.log->Offer(copied());
}

}  // namespace turnout
