#include "batch/chunk_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace turnout {
namespace {

// The first read, in which the header must end.
constexpr std::size_t kFirstRead = 1 << 20;
constexpr int kStopCheckMilliseconds = 100;

}  // namespace

Result<ChunkReader> ChunkReader::Open(const std::string& path, std::size_t chunk_bytes,
                                      const std::atomic<bool>* stop) {
  ChunkReader reader;
  reader.path_ = path == "-" ? "standard input" : path;
  reader.chunk_bytes_ = chunk_bytes;
  reader.stop_ = stop;
  // Without O_NONBLOCK, opening a named pipe would wait for its writer, deaf to `stop`.
  reader.descriptor_ = path == "-" ? dup(0) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about{};
  if (reader.descriptor_ < 0 || fstat(reader.descriptor_, &about) != 0) {
    const int error = errno;
    return Fail(error == ENOENT ? Code::kNotFound : Code::kInvalidArgument,
                fmt::format("{}: cannot open: {}", reader.path_, std::strerror(error)));
  }
  if (S_ISDIR(about.st_mode)) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: is a directory; give one CSV file", reader.path_));
  }
  if (S_ISREG(about.st_mode)) {
    reader.bytes_total_ = static_cast<uint64_t>(about.st_size);
    posix_fadvise(reader.descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  } else {
    reader.waits_ = true;
  }
  return reader;
}

ChunkReader::ChunkReader(ChunkReader&& other) noexcept
    : path_(std::move(other.path_)),
      chunk_bytes_(other.chunk_bytes_),
      stop_(other.stop_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      waits_(other.waits_),
      at_end_(other.at_end_),
      bytes_total_(other.bytes_total_),
      bytes_read_(other.bytes_read_),
      rest_(std::move(other.rest_)) {}

ChunkReader::~ChunkReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status ChunkReader::Fill(std::string& bytes, std::size_t wanted) {
  std::size_t used = bytes.size();
  const std::size_t end = used + wanted;
  bytes.resize(end);
  while (used < end && !at_end_) {
    if (stopped()) break;
    if (waits_) {
      pollfd ready{descriptor_, POLLIN, 0};
      if (poll(&ready, 1, kStopCheckMilliseconds) <= 0) continue;
    }
    const ssize_t count = read(descriptor_, bytes.data() + used, end - used);
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return Fail(Code::kUnavailable, fmt::format("{}: cannot read: {}", path_, std::strerror(errno)));
    }
    at_end_ = count == 0;
    used += static_cast<std::size_t>(count);
    bytes_read_ += static_cast<uint64_t>(count);
  }
  bytes.resize(used);
  return {};
}

Result<CsvHeader> ChunkReader::Header(const Contract& contract) {
  TURNOUT_TRY(Fill(rest_, kFirstRead));
  auto header = ReadCsvHeader(rest_, at_end_, contract);
  if (!header) return Within(path_, std::move(header).error());
  rest_.erase(0, header->bytes);
  return header;
}

Result<bool> ChunkReader::Next(CsvSplitter& splitter, InputChunk& chunk) {
  chunk.bytes.swap(rest_);
  rest_.clear();
  chunk.records = {};
  std::size_t wanted = chunk_bytes_;
  while (true) {
    if (chunk.bytes.size() < wanted && !at_end_) TURNOUT_TRY(Fill(chunk.bytes, wanted - chunk.bytes.size()));
    if (stopped() || (at_end_ && chunk.bytes.empty())) return false;
    // At most `wanted` bytes, so that chunks do not depend on how much was read ahead.
    const bool last = at_end_ && chunk.bytes.size() <= wanted;
    auto records = splitter.Next(std::string_view(chunk.bytes).substr(0, wanted), last);
    if (!records) return Within(path_, std::move(records).error());
    if (!records->text.empty()) {
      chunk.records = *records;
      // The rest begins the next chunk, in a buffer of its own.
      const std::size_t used = records->text.size();
      rest_.assign(chunk.bytes, used, std::string::npos);
      return true;
    }
    if (last) return false;
    wanted *= 2;  // a record longer than the chunk
  }
}

}  // namespace turnout
