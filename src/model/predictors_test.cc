// Predictors that are neither trees nor linear: small numbers by hand, and what their checks say. Exactness
// is held by the golden cases.
#include <gtest/gtest.h>

#include <cmath>

#include "model/bayes.h"
#include "model/mlp.h"
#include "model/neighbours.h"
#include "model/svm.h"

namespace turnout {
namespace {

template <class Predictor>
std::vector<double> Scored(const Predictor& predictor, std::vector<double> x,
                           void (*score)(const Predictor&, const double*, double*)) {
  EXPECT_EQ(x.size(), static_cast<std::size_t>(predictor.features));
  std::vector<double> raw(static_cast<std::size_t>(predictor.outputs));
  score(predictor, x.data(), raw.data());
  return raw;
}

std::string Message(const Status& status) { return status ? "" : status.error().message; }

// ---- support vectors

TEST(Svm, Kernels) {
  Svm svm{.kernel = Svm::Kernel::kLinear,
          .features = 2,
          .vectors = {1, 2},
          .coefficients = {3},
          .intercepts = {0.5}};
  const auto score = [&] {
    EXPECT_EQ(Message(CheckSvm(svm)), "");
    return Scored(svm, {2, 1}, ScoreSvm)[0];
  };
  EXPECT_EQ(score(), 3 * 4 + 0.5);
  svm.kernel = Svm::Kernel::kPoly;
  svm.gamma = 0.5;
  svm.coef0 = 1;
  EXPECT_EQ(score(), 3 * 27 + 0.5);
  svm.kernel = Svm::Kernel::kRbf;
  EXPECT_EQ(score(), 3 * std::exp(-0.5 * 2) + 0.5);
  svm.kernel = Svm::Kernel::kSigmoid;
  EXPECT_EQ(score(), 3 * std::tanh(3.0) + 0.5);
}

// One support vector of each of three classes, at 0, 1 and 2.
Svm Three() {
  return {.kernel = Svm::Kernel::kLinear,
          .features = 1,
          .outputs = 3,
          .vectors = {0, 1, 2},
          .counts = {1, 1, 1},
          .coefficients = {1, -1, -1, 1, 1, -1},
          .intercepts = {0.5, 1, 1.5}};
}

TEST(Svm, VotesOfPairs) {
  Svm svm = Three();
  ASSERT_EQ(Message(CheckSvm(svm)), "");
  // pairs: 0.5 - 1, 1 - 2, 1.5 + 1 - 2
  EXPECT_EQ(Scored(svm, {1}, ScoreSvm),
            (std::vector{-1.5 / (3 * 2.5), 2 + 1.0 / (3 * 2), 1 + 0.5 / (3 * 1.5)}));
  svm.pairs = true;
  EXPECT_EQ(Scored(svm, {1}, ScoreSvm), (std::vector{-0.5, -1.0, 0.5}));
}

TEST(Svm, ProbabilitiesStandBehindTheScores) {
  Svm svm = Three();
  svm.a = {-1, -1, -1};
  svm.b = {0, 0, 0};
  svm.outputs = 6;
  ASSERT_EQ(Message(CheckSvm(svm)), "");
  const auto raw = Scored(svm, {1}, ScoreSvm);
  EXPECT_NEAR(raw[3] + raw[4] + raw[5], 1, 1e-12);
  EXPECT_GT(raw[4], raw[5]);
  EXPECT_GT(raw[5], raw[3]);
}

TEST(Svm, IsChecked) {
  const auto error = [](auto change) {
    Svm svm = Three();
    change(svm);
    return Message(CheckSvm(svm));
  };
  EXPECT_EQ(error([](Svm& s) { s.features = 0; }), "support vectors: 0 features");
  EXPECT_EQ(error([](Svm& s) { s.features = 2; }), "support vectors: 3 numbers for vectors of 2 features");
  EXPECT_EQ(error([](Svm& s) { s.counts[2] = 2; }), "support vectors: 4 in 3 classes, there are 3");
  EXPECT_EQ(error([](Svm& s) { s.counts[2] = -1; }), "support vectors: -1 of a class");
  EXPECT_EQ(error([](Svm& s) { s.coefficients.pop_back(); }), "support vectors: 5 coefficients, 6 expected");
  EXPECT_EQ(error([](Svm& s) { s.intercepts = {}; }), "support vectors: 0 intercepts, 3 expected");
  EXPECT_EQ(error([](Svm& s) { s.a = {1}; }),
            "support vectors: 1 and 0 parameters of probabilities, 3 expected");
  EXPECT_EQ(error([](Svm& s) { s.outputs = 2; }), "support vectors: 2 outputs, 3 expected");
  EXPECT_EQ(error([](Svm& s) { s.degree = -1; }), "support vectors: degree -1");
  EXPECT_EQ(error([](Svm& s) { s.vectors[0] = NAN; }), "support vectors: a number is nan");
}

// ---- neighbours

Neighbours Line() {  // classes 0, 1, 1, 0 at 0, 1, 2, 9
  return {
      .count = 3, .features = 1, .outputs = 2, .points = {0, 1, 2, 9}, .labels = {0, 1, 1, 0}, .targets = {}};
}

TEST(Neighbours, Vote) {
  Neighbours line = Line();
  ASSERT_EQ(Message(CheckNeighbours(line)), "");
  EXPECT_EQ(Scored(line, {0.5}, ScoreNeighbours), (std::vector{1.0 / 3, 2.0 / 3}));
  line.by_distance = true;
  EXPECT_EQ(Scored(line, {0.5}, ScoreNeighbours),
            (std::vector{2 / (4 + 1 / 1.5), (2 + 1 / 1.5) / (4 + 1 / 1.5)}));
  EXPECT_EQ(Scored(line, {0}, ScoreNeighbours), (std::vector<double>{1, 0}));
}

TEST(Neighbours, Mean) {
  Neighbours line = Line();
  line.labels = {};
  line.targets = {1, 10, 2, 20, 3, 30, 4, 40};
  EXPECT_EQ(Scored(line, {0}, ScoreNeighbours), (std::vector<double>{2, 20}));
}

TEST(Neighbours, Metrics) {
  Neighbours plane{.count = 1,
                   .by_distance = false,
                   .features = 2,
                   .outputs = 2,
                   .points = {3, 3, 0, 4.5},
                   .labels = {0, 1},
                   .targets = {}};
  const auto nearest = [&](Neighbours::Metric metric, double p = 2) {
    plane.metric = metric;
    plane.p = p;
    return Scored(plane, {0, 0}, ScoreNeighbours)[0] == 1 ? 0 : 1;
  };
  using Metric = Neighbours::Metric;
  EXPECT_EQ(nearest(Metric::kEuclidean), 0);     // 4.24 < 4.5
  EXPECT_EQ(nearest(Metric::kManhattan), 1);     // 6 > 4.5
  EXPECT_EQ(nearest(Metric::kChebyshev), 0);     // 3 < 4.5
  EXPECT_EQ(nearest(Metric::kMinkowski, 3), 0);  // 3.78 < 4.5
  EXPECT_EQ(nearest(Metric::kCosine), 0);        // both 1: the first
}

TEST(Neighbours, AreChecked) {
  const auto error = [](auto change) {
    Neighbours line = Line();
    change(line);
    return Message(CheckNeighbours(line));
  };
  EXPECT_EQ(error([](Neighbours& n) { n.count = 5; }), "neighbours: 5 neighbours of 4 rows");
  EXPECT_EQ(error([](Neighbours& n) { n.count = 0; }), "neighbours: 0 neighbours of 4 rows");
  EXPECT_EQ(error([](Neighbours& n) { n.labels[0] = 2; }), "neighbours: class 2 of 2");
  EXPECT_EQ(error([](Neighbours& n) { n.labels.pop_back(); }),
            "neighbours: 3 labels and 0 targets for 4 rows");
  EXPECT_EQ(error([](Neighbours& n) { n.features = 3; }), "neighbours: 4 numbers for rows of 3 features");
  EXPECT_EQ(error([](Neighbours& n) { n.p = 0.5; }), "neighbours: p is 0.5");
  EXPECT_EQ(error([](Neighbours& n) { n.points[0] = INFINITY; }), "neighbours: a number is inf");
}

// ---- normal distributions

TEST(Gaussians, Naive) {
  const Gaussians two{.features = 2,
                      .outputs = 2,
                      .means = {0, 0, 1, 1},
                      .variances = {1, 4, 1, 1},
                      .matrices = {},
                      .ranks = {},
                      .constants = {0, -1}};
  ASSERT_EQ(Message(CheckGaussians(two)), "");
  EXPECT_EQ(Scored(two, {1, 2}, ScoreGaussians), (std::vector{-0.5 * (1 + 1), -1 - 0.5 * 1}));
}

TEST(Gaussians, Quadratic) {
  Gaussians two{.features = 2,
                .outputs = 2,
                .means = {0, 0, 1, 1},
                .variances = {},
                .matrices = {1, 0, 0, 2, 1, 1},
                .ranks = {2, 1},
                .constants = {0, -1}};
  ASSERT_EQ(Message(CheckGaussians(two)), "");
  EXPECT_EQ(Scored(two, {1, 2}, ScoreGaussians), (std::vector{-0.5 * (1 + 16), -1 - 0.5 * 1}));
  two.difference = true;
  two.outputs = 1;
  ASSERT_EQ(Message(CheckGaussians(two)), "");
  EXPECT_EQ(Scored(two, {1, 2}, ScoreGaussians), (std::vector{-1.5 + 8.5}));
  two.ranks = {2, 3};
  EXPECT_EQ(Message(CheckGaussians(two)), "normal distributions: a matrix of 3 columns");
  two.ranks = {2, 2};
  EXPECT_EQ(Message(CheckGaussians(two)), "normal distributions: 6 numbers in 2 matrices");
  two.variances = {1, 1, 1, 0};
  EXPECT_EQ(Message(CheckGaussians(two)), "normal distributions: a variance is 0");
}

// ---- networks

TEST(Mlp, Layers) {
  Mlp mlp{.activation = Mlp::Activation::kRelu,
          .features = 2,
          .outputs = 1,
          .layers = {{2, 2, {1, -1, 2, 1}, {0, -1}}, {2, 1, {3, 5}, {0.5}}}};
  ASSERT_EQ(Message(CheckMlp(mlp)), "");
  EXPECT_EQ(Scored(mlp, {1, 2}, ScoreMlp), (std::vector{3 * 5 + 0.5}));  // hidden: 5, -1 + 2 - 1 = 0
  mlp.activation = Mlp::Activation::kTanh;
  EXPECT_EQ(Scored(mlp, {1, 2}, ScoreMlp), (std::vector{3 * std::tanh(5.0) + 0.5}));
  mlp.activation = Mlp::Activation::kLogistic;
  EXPECT_EQ(Scored(mlp, {1, 2}, ScoreMlp), (std::vector{3 * (1 / (1 + std::exp(-5.0))) + 5 * 0.5 + 0.5}));
  mlp.layers[1].inputs = 3;
  EXPECT_EQ(Message(CheckMlp(mlp)), "neural network: layer 2: 3 to 1 numbers, 2 come in");
  mlp.layers[1].inputs = 2;
  mlp.layers[0].bias.pop_back();
  EXPECT_EQ(Message(CheckMlp(mlp)), "neural network: layer 1: 4 weights and 1 biases for 2 to 2 numbers");
  mlp.layers[0].bias = {0, NAN};
  EXPECT_EQ(Message(CheckMlp(mlp)), "neural network: layer 1: a number is nan");
  mlp.layers.pop_back();
  mlp.layers[0].bias = {0, 0};
  EXPECT_EQ(Message(CheckMlp(mlp)), "neural network: 1 outputs, the last layer gives 2");
}

}  // namespace
}  // namespace turnout
