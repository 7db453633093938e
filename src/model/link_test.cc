#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "model/model.h"

namespace turnout {
namespace {

struct Recorded {
  std::string link;
  std::vector<double> raw, out;
};

std::vector<double> Numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const char* at = text.c_str(); *at != 0;) {
    char* end = nullptr;
    numbers.push_back(std::strtod(at, &end));
    at = *end == ' ' ? end + 1 : end;
  }
  return numbers;
}

std::vector<Recorded> Read(const std::string& path) {
  std::vector<Recorded> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t first = line.find(';'), second = line.find(';', first + 1);
    cases.push_back({line.substr(0, first), Numbers(line.substr(first + 1, second - first - 1)),
                     Numbers(line.substr(second + 1))});
  }
  return cases;
}

const std::map<std::string, std::pair<Link, double>> kLinks = {
    {"exp", {Link::kExp, 1}},
    {"expit", {Link::kExpit, 1}},
    {"expit of twice", {Link::kExpit, 2}},
    {"softmax", {Link::kSoftmax, 1}},
    {"softmax summed in order", {Link::kSoftmaxInOrder, 1}},
    {"softmax by logsumexp", {Link::kLogSumExp, 1}},
    {"one against the rest", {Link::kOneVsRest, 1}},
};

// DESIGN.md promises bit equality for expit and 4 ULP for what numpy computes; with numpy's AVX-512 forms off
// and the same C library they are all equal to the bit.
void ExpectRecorded(const std::string& path, const std::map<std::string, int>& expected_counts) {
  std::map<std::string, int> counts;
  for (const Recorded& c : Read(path)) {
    ++counts[c.link];
    ASSERT_TRUE(kLinks.contains(c.link)) << c.link;
    const auto [link, scale] = kLinks.at(c.link);
    std::vector<double> out(c.out.size());
    ApplyLink(link, scale, c.raw, out);
    for (std::size_t k = 0; k < out.size(); ++k) {
      int64_t a, b;
      std::memcpy(&a, &out[k], sizeof a);
      std::memcpy(&b, &c.out[k], sizeof b);
      const int64_t allowed = c.link.starts_with("expit") ? 0 : 4;
      EXPECT_LE(std::abs(a - b), allowed)
          << c.link << " of " << c.raw[0] << ", " << k << ": " << out[k] << ", " << c.out[k];
    }
  }
  EXPECT_EQ(counts, expected_counts);
}

TEST(Link, AsTheOldestScikitLearn) {
  ExpectRecorded("tests/model/links-old.csv", {{"exp", 75},
                                               {"expit", 75},
                                               {"expit of twice", 75},
                                               {"softmax", 107},
                                               {"softmax summed in order", 32},
                                               {"softmax by logsumexp", 26},
                                               {"one against the rest", 26}});
}

TEST(Link, AsTheNewestScikitLearn) {
  ExpectRecorded("tests/model/links-new.csv", {{"exp", 75},
                                               {"expit", 75},
                                               {"expit of twice", 75},
                                               {"softmax", 107},
                                               {"softmax summed in order", 32},
                                               {"one against the rest", 26}});
}

TEST(Link, IdentityCopies) {
  const std::vector<double> raw = {0.25, -0.0, 0.75};
  std::vector<double> out(3);
  ApplyLink(Link::kIdentity, 1, raw, out);
  EXPECT_EQ(std::memcmp(out.data(), raw.data(), sizeof(double) * 3), 0);
}

TEST(Link, OneVsRestOfNothingIsShared) {
  std::vector<double> out(4);
  ApplyLink(Link::kOneVsRest, 1, std::vector<double>(4, -800.0), out);
  EXPECT_EQ(out, std::vector<double>(4, 0.25));
}

TEST(Link, ModifiedHuber) {
  std::vector<double> two(2), three(3);
  ApplyLink(Link::kModifiedHuber, 1, std::vector{0.5}, two);
  EXPECT_EQ(two, (std::vector{0.25, 0.75}));
  ApplyLink(Link::kModifiedHuber, 1, std::vector{-7.0}, two);
  EXPECT_EQ(two, (std::vector{1.0, 0.0}));
  ApplyLink(Link::kModifiedHuber, 1, std::vector{3.0, 0.0, -3.0}, three);
  EXPECT_EQ(three, (std::vector{1 / 1.5, 0.5 / 1.5, 0.0}));
  ApplyLink(Link::kModifiedHuber, 1, std::vector{-1.0, -2.0, -1.0}, three);
  EXPECT_EQ(three, std::vector(3, 1.0 / 3));
}

TEST(Decide, TiesAndEdges) {
  const std::vector<double> tie = {0.4, 0.4, 0.2}, second = {0.1, 0.5, 0.4};
  EXPECT_EQ(Decide(Decision::kLargest, {}, tie), 0u);
  EXPECT_EQ(Decide(Decision::kLargest, tie, second), 1u);
  EXPECT_EQ(Decide(Decision::kLargestRaw, second, tie), 1u);
  EXPECT_EQ(Decide(Decision::kLargestRaw, tie, second), 0u);
  const double zero = 0, above = 5e-324, below = -5e-324;
  EXPECT_EQ(Decide(Decision::kRawAboveZero, {&zero, 1}, {}), 0u);
  EXPECT_EQ(Decide(Decision::kRawAboveZero, {&above, 1}, {}), 1u);
  EXPECT_EQ(Decide(Decision::kRawFromZero, {&zero, 1}, {}), 1u);
  EXPECT_EQ(Decide(Decision::kRawFromZero, {&below, 1}, {}), 0u);
  EXPECT_EQ(Decide(Decision::kNone, {&above, 1}, {}), 0u);
}

}  // namespace
}  // namespace turnout
