// Models with one thing wrong (tests/hostile/sklearn, written by its make.py): each gives its exact message,
// in bounded memory and time.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "formats/read_model.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "REPEAT" in a list becomes 900,000 copies (opcode DUP) of the element before it.
std::string Filled(std::string bytes) {
  const std::string mark("X\6\0\0\0REPEATq", 12);
  const std::size_t at = bytes.find(mark);
  if (at == std::string::npos) return bytes;
  const std::size_t length = mark.size() + 1;  // and the memo's index
  return bytes.replace(at, length, std::string(900'000, '2'));
}

// Which element of a bomb goes beyond the budget depends on the sizes of our own structs: [N].
std::string WithoutIndices(std::string message) {
  for (std::size_t at = 0; (at = message.find('[', at)) != std::string::npos; ++at) {
    const std::size_t end = message.find(']', at);
    if (end - at > 2) message.replace(at + 1, end - at - 1, "N");  // [0] is another list
  }
  return message;
}

struct Use {
  double seconds;  // of processor time: the machine may be busy
  std::size_t peak_bytes;
};

Use UseNow() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<std::size_t>(usage.ru_maxrss) * 1024};
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory and time are the sanitizer's own
#else
constexpr bool kSanitized = false;
#endif

TEST(HostileSklearn, EachFileGivesItsExactMessage) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator("tests/hostile/sklearn")) {
    if (entry.path().extension() != ".pkl") continue;
    SCOPED_TRACE(entry.path().string());
    fs::path message = entry.path();
    message.replace_extension(".txt");
    const std::string bytes = Filled(ReadFile(entry.path()));
    const Use before = UseNow();
    const auto model = ReadModel({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    const Use after = UseNow();
    ++cases;
    EXPECT_FALSE(model.has_value()) << "it was read";
    if (model) continue;
    const bool bomb = message.filename().string().starts_with("bomb_");
    EXPECT_EQ((bomb ? WithoutIndices(model.error().message) : model.error().message) + "\n",
              ReadFile(message));
    if (kSanitized) continue;
    EXPECT_LT(after.seconds - before.seconds, 4);
    EXPECT_LT(after.peak_bytes - before.peak_bytes, 10 * bytes.size() + (std::size_t{256} << 20));
  }
  EXPECT_GT(cases, 130u);
}

}  // namespace
}  // namespace turnout
