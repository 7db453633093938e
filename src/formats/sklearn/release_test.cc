// What depends on the release that wrote a file, at the releases where it changed: golden models with another
// release, or another parameter, written into their bytes. Each line was found by fitting with both releases.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "formats/read_model.h"
#include "formats/sklearn/parts.h"

namespace turnout {
namespace {

class File {
 public:
  explicit File(const std::string& name) {
    std::ifstream in("tests/golden/sklearn/" + name + "/model.pkl", std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }

  // Every SHORT_BINUNICODE `from`; the first frame's length follows.
  File& Replace(std::string_view from, std::string_view to) {
    const std::string old = Coded(from), now = Coded(to);
    std::size_t count = 0;
    for (std::size_t at = 0; (at = bytes_.find(old, at)) != std::string::npos; at += now.size(), ++count) {
      bytes_.replace(at, old.size(), now);
      uint64_t frame = 0;
      std::memcpy(&frame, bytes_.data() + 3, sizeof frame);
      frame += now.size() - old.size();
      std::memcpy(bytes_.data() + 3, &frame, sizeof frame);
    }
    EXPECT_GT(count, 0u) << from;
    return *this;
  }
  // The first two doubles behind `name` that are as in `from`.
  File& Replace(std::string_view name, std::array<double, 2> from, std::array<double, 2> to) {
    std::string old(sizeof from, '\0');
    std::memcpy(old.data(), from.data(), sizeof from);
    const std::size_t at = bytes_.find(old, bytes_.find(name));
    EXPECT_NE(at, std::string::npos) << name;
    if (at != std::string::npos) std::memcpy(bytes_.data() + at, to.data(), sizeof to);
    return *this;
  }

  Model Read() const {
    auto model = ReadModel({reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()});
    EXPECT_TRUE(model) << model.error().message;
    return model ? *std::move(model) : Model{};
  }
  // As another release would have written it.
  Model As(std::string_view release) const { return File(*this).Replace(WrittenBy(), release).Read(); }

 private:
  static std::string Coded(std::string_view text) {
    return std::string("\x8c") + static_cast<char>(text.size()) + std::string(text);
  }
  std::string_view WrittenBy() const { return bytes_.find("1.9.1") != std::string::npos ? "1.9.1" : "1.1.3"; }

  std::string bytes_;
};

const Forest& ForestOf(const Model& model) { return std::get<Forest>(model.predictor); }

TEST(Releases, GradientBoosting) {
  const File two("gbc_binary-new"), three("gbc_three-new");
  EXPECT_EQ(two.As("1.3.2").decision, Decision::kLargest);
  EXPECT_EQ(two.As("1.4.0").decision, Decision::kRawFromZero);
  EXPECT_EQ(three.As("1.3.2").decision, Decision::kLargest);
  EXPECT_EQ(three.As("1.4.0").decision, Decision::kLargestRaw);
  EXPECT_EQ(three.As("1.3.2").link, Link::kLogSumExp);
  EXPECT_EQ(three.As("1.4.0").link, Link::kSoftmax);
}

// The class frequencies are kept away from 0 and 1: by float32's eps up to 1.7, by float64's since 1.8.
TEST(Releases, GradientBoostingClipsFrequencies) {
  File file("gbc_binary-new");
  file.Replace("class_prior_", {0.5, 0.5}, {1, 1e-18});
  const auto base = [&](const char* release) { return ForestOf(file.As(release)).base[0]; };
  const double single = 0x1p-23, whole = 0x1p-52;
  EXPECT_EQ(base("1.3.2"), std::log(single / (1 - single)));
  EXPECT_EQ(base("1.7.2"), std::log(single / (1 - single)));
  EXPECT_EQ(base("1.8.0"), std::log(whole / (1 - whole)));
}

TEST(Releases, HistGradientBoosting) {
  const File two("hgb_binary-new"), three("hgb_three-new"), codes("hgb_categories-old");
  EXPECT_EQ(two.As("1.4.2").decision, Decision::kLargest);
  EXPECT_EQ(two.As("1.5.0").decision, Decision::kRawAboveZero);
  EXPECT_EQ(three.As("1.4.2").decision, Decision::kLargest);
  EXPECT_EQ(three.As("1.5.0").decision, Decision::kLargestRaw);
  EXPECT_EQ(ForestOf(codes.As("1.1.3")).category_cast, CategoryCast::kSignedLowByte);
  EXPECT_EQ(ForestOf(codes.As("1.2.0")).category_cast, CategoryCast::kLowByte);
  EXPECT_EQ(ForestOf(codes.As("1.3.2")).category_cast, CategoryCast::kLowByte);
  EXPECT_EQ(ForestOf(codes.As("1.4.0")).category_cast, CategoryCast::kByte);
}

// Leaves hold weighted counts up to 1.3, fractions since 1.4.0.
TEST(Releases, LeavesOfClassifiers) {
  const File counts("rf_binary-old");
  const auto largest = [](const Model& model) {
    return *std::max_element(ForestOf(model).leaves.begin(), ForestOf(model).leaves.end());
  };
  EXPECT_LE(largest(counts.As("1.3.2")), 1);
  EXPECT_GT(largest(counts.As("1.4.0")), 1);
}

bool AcceptsMissing(const Model& model) { return model.signature.inputs.at(0).accepts_missing; }

TEST(Releases, MissingValues) {
  const File tree("dtc-new"), forest("rf_binary-new"), extra("et-new");
  EXPECT_FALSE(AcceptsMissing(tree.As("1.2.2")));
  EXPECT_TRUE(AcceptsMissing(tree.As("1.3.0")));
  EXPECT_FALSE(AcceptsMissing(forest.As("1.3.2")));
  EXPECT_TRUE(AcceptsMissing(forest.As("1.4.0")));
  EXPECT_FALSE(AcceptsMissing(extra.As("1.5.2")));
  EXPECT_TRUE(AcceptsMissing(extra.As("1.6.0")));

  File random = tree;
  random.Replace("best", "random");
  EXPECT_FALSE(AcceptsMissing(random.As("1.5.2")));
  EXPECT_TRUE(AcceptsMissing(random.As("1.6.0")));

  File absolute("dtr-new");
  absolute.Replace("squared_error", "absolute_error");
  EXPECT_FALSE(AcceptsMissing(absolute.As("1.8.0")));
  EXPECT_TRUE(AcceptsMissing(absolute.As("1.9.0")));
}

TEST(Releases, LogisticRegression) {
  const File liblinear("lr_liblinear_three-old");
  File newton = liblinear, multinomial = liblinear, rest = liblinear, left = liblinear;
  newton.Replace("liblinear", "newton-cholesky");
  EXPECT_EQ(newton.As("1.5.2").link, Link::kOneVsRest);
  EXPECT_EQ(newton.As("1.6.0").link, Link::kSoftmax);
  EXPECT_EQ(liblinear.As("1.7.2").link, Link::kOneVsRest);
  EXPECT_EQ(multinomial.Replace("auto", "multinomial").Read().link, Link::kSoftmax);
  EXPECT_EQ(rest.Replace("liblinear", "lbfgs").Replace("auto", "ovr").Read().link, Link::kOneVsRest);
  EXPECT_EQ(left.Replace("liblinear", "lbfgs").Replace("auto", "deprecated").As("1.7.2").link,
            Link::kSoftmax);
  EXPECT_EQ(File("lr_three-new").Read().link, Link::kSoftmax);
  EXPECT_EQ(File("lr_binary-new").Read().link, Link::kExpit);
}

TEST(Releases, Order) {
  const sklearn::Release release{.major = 1, .minor = 10, .patch = 2, .text = {}};
  EXPECT_TRUE(release.AtLeast(1, 9, 5) && release.AtLeast(1, 10) && release.AtLeast(1, 10, 2));
  EXPECT_FALSE(release.AtLeast(1, 10, 3) || release.AtLeast(1, 11) || release.AtLeast(2, 0));
}

}  // namespace
}  // namespace turnout
