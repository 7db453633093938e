#include "model/model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

// score = 2 x0 - x1 + 0.5, scaled first: x0 by 10.
Model Binary() {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {{.name = "x0", .categories = {}}, {.name = "x1", .categories = {}}};
  model.signature.classes = {int64_t{0}, int64_t{1}};
  model.signature.probabilities = true;
  model.steps = {Scale{{}, {10, 1}}};
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {2, -1}, .intercept = {0.5}};
  model.link = Link::kExpit;
  model.decision = Decision::kRawAboveZero;
  return model;
}

Linear& GetLinear(Model& model) { return std::get<Linear>(model.predictor); }

Prediction PredictNumbers(const Model& model, std::initializer_list<double> numbers) {
  std::vector<Value> row;
  for (double number : numbers) row.push_back({.number = number});
  return Predict(model, row);
}

TEST(Model, PredictsARow) {
  const Model model = Binary();
  const Status checked = CheckModel(model);
  ASSERT_TRUE(checked) << checked.error().message;
  const Prediction prediction = PredictNumbers(model, {3, 1});
  EXPECT_EQ(prediction.raw, (std::vector{(2 * (3.0 / 10) + -1 * 1.0) + 0.5}));
  const double p = 1 / (1 + std::exp(-prediction.raw[0]));
  EXPECT_EQ(prediction.probabilities, (std::vector{1 - p, p}));
  EXPECT_EQ(prediction.class_index, 1u);
  EXPECT_EQ(PredictNumbers(model, {0, 0.5}).class_index, 0u);
}

TEST(Model, WithoutProbabilities) {
  Model model = Binary();
  model.signature.probabilities = false;
  model.link = Link::kIdentity;
  ASSERT_TRUE(CheckModel(model));
  EXPECT_EQ(Probabilities(model), 0u);
  const Prediction prediction = PredictNumbers(model, {30, 1});
  EXPECT_TRUE(prediction.probabilities.empty());
  EXPECT_EQ(prediction.class_index, 1u);
}

TEST(Model, Regression) {
  Model model = Binary();
  model.signature.task = Task::kRegression;
  model.signature.classes = {};
  model.signature.probabilities = false;
  model.link = Link::kExp;
  model.decision = Decision::kNone;
  ASSERT_TRUE(CheckModel(model));
  const Prediction prediction = PredictNumbers(model, {0, 0.5});
  EXPECT_EQ(prediction.values, std::vector<double>{1});
  EXPECT_EQ(prediction.raw, std::vector{0.0});
}

struct Hostile {
  const char* message;
  void (*spoil)(Model&);
};

const Hostile kHostile[] = {
    {"linear: -1 features", [](Model& m) { GetLinear(m).features = -1; }},
    {"linear: 0 outputs, at least 1 expected", [](Model& m) { GetLinear(m).outputs = 0; }},
    {"linear: 3 weights, 2 (2 features x 1 outputs) expected",
     [](Model& m) { GetLinear(m).weights.push_back(1); }},
    {"linear: 0 intercepts for 1 outputs", [](Model& m) { GetLinear(m).intercept.clear(); }},
    {"linear: output 0: the weight of feature 1 is nan", [](Model& m) { GetLinear(m).weights[1] = NAN; }},
    {"linear: output 0: the intercept is -inf", [](Model& m) { GetLinear(m).intercept[0] = -INFINITY; }},
    {"forest: 0 base scores for 1 outputs", [](Model& m) { m.predictor = Forest{}; }},
    {"step 1 (scale): 2 scales for 3 columns", [](Model& m) { m.signature.inputs.emplace_back(); }},
    {"the predictor takes 2 features, 1 columns reach it", [](Model& m) { m.steps = {Impute{{1, NAN}}}; }},
    {"column 1 reaches the predictor as text, a number expected",
     [](Model& m) {
       m.steps.clear();
       m.signature.inputs[1].type = ColumnType::kText;
     }},
    {"a classification without classes", [](Model& m) { m.signature.classes.clear(); }},
    {"a classification that decides nothing", [](Model& m) { m.decision = Decision::kNone; }},
    {"the link expit does not fit 1 raw scores for 3 classes",
     [](Model& m) { m.signature.classes.emplace_back("c"); }},
    {"the link identity does not fit 1 raw scores for 2 classes", [](Model& m) { m.link = Link::kIdentity; }},
    {"the link exp does not fit 1 raw scores for 2 classes", [](Model& m) { m.link = Link::kExp; }},
    {"the link one against the rest does not fit 1 raw scores for 2 classes",
     [](Model& m) { m.link = Link::kOneVsRest; }},
    {"the decision largest raw score does not fit 1 raw scores for 2 classes",
     [](Model& m) { m.decision = Decision::kLargestRaw; }},
    {"the link expit in a model without probabilities", [](Model& m) { m.signature.probabilities = false; }},
    {"decides by the largest probability in a model without probabilities",
     [](Model& m) {
       m.signature.probabilities = false;
       m.link = Link::kIdentity;
       m.decision = Decision::kLargest;
     }},
    {"the decision raw score from 0 does not fit 3 raw scores for 3 classes",
     [](Model& m) {
       m.signature.classes.emplace_back("c");
       m.predictor =
           Linear{.features = 2, .outputs = 3, .weights = {1, 2, 3, 4, 5, 6}, .intercept = {0, 0, 0}};
       m.link = Link::kSoftmax;
       m.decision = Decision::kRawFromZero;
     }},
    {"a regression with 2 classes", [](Model& m) { m.signature.task = Task::kRegression; }},
    {"a regression of 1 values with the link expit",
     [](Model& m) {
       m.signature.task = Task::kRegression;
       m.signature.classes.clear();
     }},
    {"a regression that decides by raw score above 0",
     [](Model& m) {
       m.signature.task = Task::kRegression;
       m.signature.classes.clear();
       m.link = Link::kIdentity;
     }},
    {"2 raw scores for a regression of 1 values",
     [](Model& m) {
       m.signature.task = Task::kRegression;
       m.signature.classes.clear();
       m.predictor = Linear{.features = 2, .outputs = 2, .weights = {1, 2, 3, 4}, .intercept = {0, 0}};
     }},
};

TEST(Model, CheckSaysWhatDoesNotFit) {
  for (const Hostile& hostile : kHostile) {
    Model model = Binary();
    hostile.spoil(model);
    const Status status = CheckModel(model);
    ASSERT_FALSE(status) << hostile.message;
    EXPECT_EQ(status.error().message, hostile.message);
  }
}

TEST(Model, LinksThatFit) {
  Model model = Binary();
  for (Link link : {Link::kExpit, Link::kExpitFloat, Link::kSoftmax}) {
    model.link = link;
    EXPECT_TRUE(CheckModel(model)) << Name(link);
  }
  model.predictor = Linear{.features = 2, .outputs = 2, .weights = {1, 2, 3, 4}, .intercept = {0, 0}};
  for (Link link :
       {Link::kIdentity, Link::kSoftmax, Link::kSoftmaxInOrder, Link::kLogSumExp, Link::kOneVsRest}) {
    for (Decision decision : {Decision::kLargest, Decision::kLargestRaw}) {
      model.link = link;
      model.decision = decision;
      EXPECT_TRUE(CheckModel(model)) << Name(link);
    }
  }
  // A classifier that saw one class only.
  model.signature.classes = {std::string("only")};
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {0, 0}, .intercept = {1}};
  model.link = Link::kIdentity;
  EXPECT_TRUE(CheckModel(model));
}

}  // namespace
}  // namespace turnout
