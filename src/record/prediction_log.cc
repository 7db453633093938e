#include "record/prediction_log.h"

#include "base/log.h"
#include "rollout/key_hash.h"
#include "rollout/route.h"

namespace turnout {
namespace {

constexpr std::size_t kQueueItems = 16'384;

}  // namespace

Result<std::unique_ptr<PredictionLog>> PredictionLog::Open(Options options) {
  TURNOUT_ASSIGN(LineFiles files, LineFiles::Open(options.files));
  return std::unique_ptr<PredictionLog>(new PredictionLog(std::move(options), std::move(files)));
}

PredictionLog::PredictionLog(Options options, LineFiles files)
    : lines_(std::move(options.lines)),
      sample_ppm_(options.sample_ppm),
      queue_bytes_(options.queue_bytes),
      files_(std::move(files)),
      background_("prediction-log", kQueueItems, Priority::kNormal, [this](Item& item) { Write(item); }) {}

PredictionLog::~PredictionLog() { background_.Stop(); }

bool PredictionLog::Wants(std::string_view id) const {
  constexpr uint64_t kSalt = 0x6c6f67;  // not that of the routes: the sample is of every version
  return sample_ppm_ >= kWhole || BucketOf(id, kSalt) < sample_ppm_;
}

void PredictionLog::Offer(std::shared_ptr<const Sample> sample) {
  std::size_t rows = 0;
  for (const Answer& answer : sample->answers.rows) rows += answer.refusal < 0 ? 1 : 0;
  const std::size_t bytes = sample->bytes;
  if (Wants(sample->id)) return Push({std::move(sample), {}, rows, bytes});
  offered_.fetch_add(rows, std::memory_order_relaxed);
  sampled_.fetch_add(rows, std::memory_order_relaxed);
}

void PredictionLog::Offer(std::string lines, std::size_t rows) {
  const std::size_t bytes = lines.size();
  Push({nullptr, std::move(lines), rows, bytes});
}

void PredictionLog::Push(Item item) {
  const std::size_t rows = item.rows, bytes = item.bytes;
  offered_.fetch_add(rows, std::memory_order_relaxed);
  queued_.fetch_add(rows, std::memory_order_relaxed);
  const bool fits = queued_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= queue_bytes_;
  if (fits && background_.TryPush(item)) return;
  queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  queue_full_.fetch_add(rows, std::memory_order_relaxed);
  queued_.fetch_sub(rows, std::memory_order_relaxed);
}

void PredictionLog::Write(Item& item) {
  text_.clear();
  if (item.sample != nullptr) {
    for (std::size_t r = 0; r < item.sample->rows(); ++r) {
      AppendPredictionLine(text_, *item.sample, r, lines_);
    }
  }
  const Status written = files_.Append(item.sample == nullptr ? item.lines : text_);
  if (!written && !disk_failed_) {
    Log(Level::kError, "the prediction log can't be written; rows are dropped and counted",
        {{"error", written.error().message}});
  }
  if (written && disk_failed_) Log(Level::kInfo, "the prediction log is written again");
  disk_failed_ = !written;
  (written ? written_ : disk_).fetch_add(item.rows, std::memory_order_relaxed);
  queued_bytes_.fetch_sub(item.bytes, std::memory_order_relaxed);
  queued_.fetch_sub(item.rows, std::memory_order_relaxed);
}

PredictionLog::Counts PredictionLog::counts() const {
  return {.offered = offered_.load(),
          .written = written_.load(),
          .queued = queued_.load(),
          .dropped_sampled = sampled_.load(),
          .dropped_queue_full = queue_full_.load(),
          .dropped_disk = disk_.load()};
}

}  // namespace turnout
