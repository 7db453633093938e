// ChunkReader: a CSV file or pipe, cut into numbered chunks of whole records.
//
//   TURNOUT_ASSIGN(auto file, ChunkReader::Open("-", chunk_bytes, stop));
//   TURNOUT_ASSIGN(auto header, file.Header(contract));
//   CsvSplitter splitter(header);
//   while (file.Next(splitter, chunk)) ...   // as Result<bool>
//
// One thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "codec/csv_header.h"
#include "codec/csv_splitter.h"
#include "contract/contract.h"

namespace turnout {

// Bytes of the input and the whole records at their beginning. Reused: it keeps its memory.
struct InputChunk {
  std::string bytes;
  CsvChunk records;  // a view into `bytes`
};

class ChunkReader {
 public:
  // `path` "-" is standard input. `stop` ends a wait for a pipe; may be null.
  static Result<ChunkReader> Open(const std::string& path, std::size_t chunk_bytes,
                                  const std::atomic<bool>* stop);
  ChunkReader(ChunkReader&& other) noexcept;
  ChunkReader& operator=(ChunkReader&&) = delete;
  ~ChunkReader();

  // Once, before Next.
  Result<CsvHeader> Header(const Contract& contract);
  // False: the input has ended, or `stop` is set.
  Result<bool> Next(CsvSplitter& splitter, InputChunk& chunk);

  uint64_t bytes_total() const { return bytes_total_; }  // 0: not known
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  ChunkReader() = default;
  // Appends up to `wanted` bytes; fewer only where the input ends (at_end_).
  Status Fill(std::string& bytes, std::size_t wanted);
  bool stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

  std::string path_;
  std::size_t chunk_bytes_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  int descriptor_ = -1;
  bool waits_ = false;  // a pipe or a terminal
  bool at_end_ = false;
  uint64_t bytes_total_ = 0;
  uint64_t bytes_read_ = 0;
  std::string rest_;  // read, but not yet part of a chunk
};

}  // namespace turnout
