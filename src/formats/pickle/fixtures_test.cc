// Every fixture of tests/pickle (made by real Python, numpy, scikit-learn and joblib of two generations, all
// protocols) against what Python itself held: NAME.expected, one "path = value" per line.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "formats/pickle/access.h"
#include "formats/pickle/read.h"

namespace turnout::pickle {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Hex(uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

std::string Bits(double value) { return Hex(std::bit_cast<uint64_t>(value), 16); }

std::string Crc(const void* data, std::size_t size) {
  uint32_t crc = ~0u;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= static_cast<const uint8_t*>(data)[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
  }
  return Hex(~crc, 8);
}

std::string Crc(std::string_view text) { return Crc(text.data(), text.size()); }
std::string Crc(const std::vector<double>& numbers) {
  return Crc(numbers.data(), numbers.size() * sizeof(double));
}

template <class T>
std::string Shape(const NdArray<T>& array) {
  std::string text;
  for (const int64_t length : array.shape) text += (text.empty() ? "" : "x") + std::to_string(length);
  return text.empty() ? "-" : text;
}

// The value as make.py writes it; `expected` only decides whether an array is shown as numbers or texts.
std::string Show(const Part& part, std::string_view expected) {
  const Value value = part.value;
  const std::string size = std::to_string(value.size());
  switch (value.kind()) {
    case Kind::kNone: return "None";
    case Kind::kBool: return value.Bool() ? "True" : "False";
    case Kind::kInt: return "int " + std::to_string(value.Int());
    case Kind::kBigInt: return "bigint " + size + " " + Crc(value.Bytes().data(), value.size());
    case Kind::kFloat: return "float " + Bits(value.Float());
    case Kind::kComplex: return "complex " + Bits(value.Real()) + " " + Bits(value.Imaginary());
    case Kind::kText: return "text " + Crc(value.Text());
    case Kind::kBytes: return "bytes " + size + " " + Crc(value.Bytes().data(), value.size());
    case Kind::kTuple: return "tuple " + size;
    case Kind::kList: return "list " + size;
    case Kind::kDict: return "dict " + size;
    case Kind::kSet: return "set " + size;
    case Kind::kSlice: return "slice";
    case Kind::kRange: return "range";
    case Kind::kDtype: return "dtype";
    case Kind::kGlobal: return "global " + std::string(value.Name());
    case Kind::kObject: return "object " + std::string(ClassName(value));
    case Kind::kArray: break;
  }
  if (expected.starts_with("texts")) {
    const auto texts = AsTextArray(part);
    if (!texts) return texts.error().message;
    std::string joined;
    for (std::size_t i = 0; i < texts->size(); ++i) {
      if (i > 0) joined.push_back('\0');
      joined += texts->values[i];
    }
    return "texts " + Shape(*texts) + " " + Crc(joined);
  }
  const auto numbers = AsDoubleArray(part);
  if (!numbers) return numbers.error().message;
  return "array " + Shape(*numbers) + " " + Crc(numbers->values);
}

// Follows ".name", "[3]", "['key']" and at the end ":field".
std::string LookUp(Value root, std::string_view path, std::string_view expected) {
  Part part(root);
  while (!path.empty()) {
    Result<Part> next = part;
    if (path[0] == '.') {
      const std::size_t end = std::min(path.find_first_of(".[:", 1), path.size());
      next = Attribute(part, path.substr(1, end - 1));
      path.remove_prefix(end);
    } else if (path.starts_with("['")) {
      const std::size_t end = path.find("']");
      next = Entry(part, path.substr(2, end - 2));
      path.remove_prefix(end + 2);
    } else if (path[0] == '[') {
      const std::size_t end = path.find(']');
      std::size_t index = 0;
      std::from_chars(path.data() + 1, path.data() + end, index);
      next = Element(part, index);
      path.remove_prefix(end + 1);
    } else {
      const auto column = DoubleColumn(part, path.substr(1));
      return column ? "column " + std::to_string(column->size()) + " " + Crc(*column)
                    : column.error().message;
    }
    if (!next) return next.error().message;
    part = *next;
  }
  return Show(part, expected);
}

TEST(Fixtures, HoldWhatPythonHeld) {
  std::size_t files = 0, lines = 0;
  for (const auto& entry : fs::directory_iterator("tests/pickle")) {
    if (entry.path().extension() != ".expected") continue;
    const std::string name = entry.path().stem().string();
    const std::string file = ReadFile(entry.path().parent_path() / name);
    const auto graph = ReadPickle({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
    ASSERT_TRUE(graph.has_value()) << name << ": " << graph.error().message;
    EXPECT_EQ(graph->end(), file.size()) << name;
    std::ifstream expected(entry.path());
    for (std::string line; std::getline(expected, line); ++lines) {
      const std::size_t equals = line.find(" = ");
      ASSERT_NE(equals, std::string::npos) << line;
      const std::string wanted = line.substr(equals + 3);
      EXPECT_EQ(LookUp(graph->root(), line.substr(0, equals), wanted), wanted) << name << " " << line;
    }
    ++files;
  }
  EXPECT_GT(files, 50u);
  EXPECT_GT(lines, 4000u);
}

}  // namespace
}  // namespace turnout::pickle
