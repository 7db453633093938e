// Files that are broken or made to harm: one clear error each, in bounded memory and time, and never a crash.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "formats/pickle/access.h"
#include "formats/pickle/read.h"

namespace turnout::pickle {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

using Bytes = std::vector<uint8_t>;

Bytes ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// `start`, then `unit` until there are `size` bytes, then STOP.
Bytes Repeat(std::string_view start, std::string_view unit, std::size_t size) {
  Bytes bytes(start.begin(), start.end());
  while (bytes.size() < size) bytes.insert(bytes.end(), unit.begin(), unit.end());
  bytes.push_back('.');
  return bytes;
}

// Touches all that can be reached, without recursion; under AddressSanitizer a bad view shows.
std::size_t Walk(const Graph& graph) {
  std::vector<bool> seen(graph.values());
  std::vector<Value> open = {graph.root()};
  std::size_t sum = 0;
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (seen[value.id()]) continue;
    seen[value.id()] = true;
    sum += Describe(value).size();
    switch (value.kind()) {
      case Kind::kText:
        for (const char c : value.Text()) sum += static_cast<uint8_t>(c);
        break;
      case Kind::kBytes:
      case Kind::kBigInt:
        for (const uint8_t byte : value.Bytes()) sum += byte;
        break;
      case Kind::kTuple:
      case Kind::kList:
      case Kind::kSet:
      case Kind::kSlice:
      case Kind::kRange:
        for (const Value item : value.Items()) open.push_back(item);
        break;
      case Kind::kDict:
        for (std::size_t i = 0; i < value.size(); ++i) {
          open.push_back(value.Key(i));
          open.push_back(value.Entry(i));
        }
        break;
      case Kind::kObject:
        for (const Value part : {value.Class(), value.Args(), value.Kwargs(), value.State(),
                                 value.ListItems(), value.DictItems()}) {
          open.push_back(part);
        }
        break;
      case Kind::kArray: {
        for (const Value item : value.Items()) open.push_back(item);
        for (const uint8_t byte : value.Data()) sum += byte;
        const Part part(value, Path("array"));
        if (const auto numbers = AsDoubleArray(part)) sum += numbers->size();
        if (const auto integers = AsIntArray(part)) sum += integers->size();
        if (const auto texts = AsTextArray(part)) sum += texts->size();
        for (const DtypeField& field : value.ElementType().fields) {
          if (const auto column = DoubleColumn(part, field.name)) sum += column->size();
          if (const auto column = IntColumn(part, field.name)) sum += column->size();
        }
        break;
      }
      default: break;
    }
  }
  return sum;
}

// Reads and walks; an error must say where it is.
bool Reads(std::span<const uint8_t> bytes) {
  const auto graph = ReadPickle(bytes);
  if (graph) return Walk(*graph) > 0;
  EXPECT_TRUE(graph.error().message.starts_with("byte ")) << graph.error().message;
  EXPECT_LT(graph.error().message.size(), 400u) << graph.error().message;
  return false;
}

TEST(Hostile, EachFileGivesItsExactMessage) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator("tests/hostile/pickle")) {
    if (entry.path().extension() != ".pkl") continue;
    fs::path message = entry.path();
    message.replace_extension(".txt");
    const Bytes expected = ReadFile(message);
    const Bytes bytes = ReadFile(entry.path());
    const auto graph = ReadPickle(bytes);
    ASSERT_FALSE(graph.has_value()) << entry.path() << " was read";
    EXPECT_EQ(graph.error().message + "\n", std::string(expected.begin(), expected.end())) << entry.path();
    ++cases;
  }
  EXPECT_GT(cases, 150u);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // 30 times slower, and memory is the sanitizer's own
#else
constexpr bool kSanitized = false;
#endif

// Every byte; with a sanitizer one in seven.
constexpr std::size_t kStride = kSanitized ? 7 : 1;

constexpr const char* kRealFiles[] = {"values-p0.pkl", "sklearn-1.1.3-table-p4.pkl",
                                      "sklearn-1.9.1-lr-p2.pkl", "sklearn-1.9.1-table.joblib",
                                      "sklearn-1.9.1-arrays-p5.pkl"};

TEST(Hostile, TruncatedAtEveryByte) {
  for (const char* name : kRealFiles) {
    const Bytes whole = ReadFile(fs::path("tests/pickle") / name);
    ASSERT_TRUE(Reads(whole)) << name;
    for (std::size_t size = 0; size < whole.size(); size += kStride) {
      // A copy of its own, so that a read behind the end is seen.
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(Reads(cut)) << name << " cut at " << size;
    }
  }
}

TEST(Hostile, AFlipOfEachByteIsAnErrorOrAnotherGraph) {
  std::mt19937 random(20261122);
  std::size_t errors = 0, graphs = 0;
  for (const char* name : kRealFiles) {
    Bytes bytes = ReadFile(fs::path("tests/pickle") / name);
    for (std::size_t at = 0; at < bytes.size(); at += kStride) {
      uint8_t& byte = bytes[at];
      const uint8_t original = byte;
      byte = static_cast<uint8_t>(byte ^ (1 + random() % 255));
      Reads(bytes) ? ++graphs : ++errors;
      byte = original;
    }
  }
  EXPECT_GT(errors, 1000u / kStride);
  EXPECT_GT(graphs, 1000u / kStride);
}

// ---- files made to take memory or time

std::size_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

struct Bomb {
  const char* name;
  std::string start, unit;
  const char* error;  // a part of the message; empty: it is a valid pickle
};

std::vector<Bomb> Bombs() {
  const std::string text(1'000'000, 'x');
  std::string numbers;
  for (int i = 0; i < 400'000; ++i) numbers += "K\x01";
  const char* memory = "the values read so far take more than 4 times";
  return {
      {"marks", "\x80\x04", "(", "more than 10000 marks"},
      {"lists", "\x80\x04", "]", "the stack grows beyond 1000000 values"},
      {"numbers", "\x80\x04", "K\x01", "the stack grows beyond 1000000 values"},
      {"dropped lists", "\x80\x04N", "]0", ""},
      {"nested tuples", "\x80\x04N", "\x85", memory},
      {"dropped sets", "\x80\x04N", "\x8f\x30", ""},
      {"a list of lists", "\x80\x04]", "]a", memory},
      {"marks and lists", "\x80\x04]", "(]", "more than 10000 marks"},
      {"a list of small numbers", "\x80\x04]",
       "K\x01"
       "a",
       ""},
      {"memo", "\x80\x04N", "\x94", ""},
      {"one memo slot", "\x80\x04N", "q\x01", ""},
      {"gaps in the memo", "\x80\x04N", "r\xff\xff\x00\x00"s, "LONG_BINPUT to memo index 65535"},
      {"duplicates", "\x80\x04N", "20", ""},
      {"frames", "\x80\x04N", "\x95\x00\x00\x00\x00\x00\x00\x00\x00"s, ""},
      {"names", "\x80\x04N", "ca\nb\n0", ""},
      {"objects",
       "\x80\x04"
       "ca\nb\nq\x00"s,
       "h\x00)\x81\x30"s, ""},
      {"long numbers", "N", "0L" + std::string(2000, '9') + "\n", ""},
      {"short texts", "N", "0V\\u00e9\n", ""},
      {"one text, encoded again and again",
       "\x80\x02X\x40\x42\x0f\x00"s + text +
           "q\x00X\x06\x00\x00\x00latin1q\x01"
           "c_codecs\nencode\nq\x02"s,
       "h\x02h\x00h\x01\x86R0"s, "convert the same data again and again"},
      {"one list, copied again and again", "\x80\x02]q\x00("s + numbers + "e0c__builtin__\nset\nq\x01",
       "h\x01h\x00\x85R0"s, memory},
  };
}

TEST(Hostile, BombsAreCheap) {
  std::size_t before = 0;  // without what the first file itself takes
  for (const Bomb& bomb : Bombs()) {
    const Bytes bytes = Repeat(bomb.start, bomb.unit, 10'000'000);
    if (before == 0) before = PeakBytes();
    const auto start = std::chrono::steady_clock::now();
    const auto graph = ReadPickle(bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (*bomb.error == '\0') {
      EXPECT_TRUE(graph.has_value()) << bomb.name << ": " << graph.error().message;
    } else {
      EXPECT_FALSE(graph.has_value()) << bomb.name;
      if (graph) continue;
      EXPECT_NE(graph.error().message.find(bomb.error), std::string::npos)
          << bomb.name << ": " << graph.error().message;
    }
    if (kSanitized) continue;
    EXPECT_LT(took.count(), 2.0) << bomb.name;
    EXPECT_LT(PeakBytes() - before, 4 * bytes.size() + (std::size_t{64} << 20)) << bomb.name;
  }
}

TEST(Hostile, SharingIsNotExpanded) {
  // Billion laughs: 100,000 lists, each of the one before it twice.
  const Bytes bytes = Repeat("\x80\x04]",
                             "q\x01"
                             "0](h\x01h\x01"
                             "e",
                             800'000);
  const auto graph = ReadPickle(bytes);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_GT(Walk(*graph), 0u);
}

TEST(Hostile, CyclesAndDeepNestingNeedNoRecursion) {
  // [[[...]]], 200,000 deep, and the innermost one holds the outermost.
  std::string text = "\x80\x04]q\x01q\x02";
  for (int i = 0; i < 200'000; ++i)
    text +=
        "]q\x03"
        "ah\x03q\x02";
  text +=
      "h\x01"
      "a0h\x01.";
  const Bytes bytes(text.begin(), text.end());
  const auto graph = ReadPickle(bytes);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_GT(Walk(*graph), 200'000u);
}

TEST(Hostile, LimitsAreTheCallers) {
  const Bytes bytes = {0x80, 4, ']', '(', 'N', 'N', 'e', '.'};
  Limits limits;
  limits.file_bytes = 4;
  EXPECT_EQ(ReadPickle(bytes, limits).error().message,
            "byte 0: a file of 8 bytes, more than 4 are not accepted");
  limits = {};
  limits.stack = 2;
  EXPECT_EQ(ReadPickle(bytes, limits).error().message,
            "byte 5: the stack grows beyond 2 values, which no model needs");
  limits = {};
  limits.marks = 0;
  EXPECT_EQ(ReadPickle(bytes, limits).error().message,
            "byte 3: more than 0 marks are open, which no model needs");
  limits = {};
  limits.memory_factor = limits.memory_base = 0;
  EXPECT_EQ(ReadPickle(bytes, limits).error().message,
            "byte 0: the values read so far take more than 0 times the file's size plus 0 MB, which no model "
            "needs; the file "
            "is damaged or made to fill the memory");
}

}  // namespace
}  // namespace turnout::pickle
