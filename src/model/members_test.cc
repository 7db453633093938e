#include "model/members.h"

#include <gtest/gtest.h>

#include "model/model.h"

namespace turnout {
namespace {

// Two or more classes, the largest of `weights[k] * x0` wins; probabilities are the scores.
Model Classifier(std::vector<double> weights) {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {{.name = "x0"}};
  for (std::size_t k = 0; k < weights.size(); ++k)
    model.signature.classes.emplace_back(static_cast<int64_t>(k));
  model.signature.probabilities = true;
  const auto count = static_cast<int32_t>(weights.size());
  model.predictor = Linear{.features = 1,
                           .outputs = count,
                           .weights = std::move(weights),
                           .intercept = std::vector(static_cast<std::size_t>(count), 0.0)};
  model.decision = Decision::kLargest;
  return model;
}

Model Regression(double factor) {
  Model model;
  model.signature.inputs = {{.name = "x0"}};
  model.predictor = Linear{.features = 1, .outputs = 1, .weights = {factor}, .intercept = {0}};
  return model;
}

Member Of(Model model, std::vector<int32_t> inputs, std::vector<Give> gives) {
  return {.model = std::make_shared<const Model>(std::move(model)),
          .inputs = std::move(inputs),
          .gives = std::move(gives)};
}

// The columns themselves, behind the members.
Model Around(Members members, std::size_t inputs, int32_t columns) {
  Model model;
  for (std::size_t i = 0; i < inputs; ++i)
    model.signature.inputs.push_back({.name = "x" + std::to_string(i)});
  model.steps = {std::move(members)};
  model.signature.values = columns;
  model.predictor = Combination{.features = columns, .outputs = columns};
  return model;
}

std::vector<double> Values(const Model& model, std::initializer_list<double> numbers) {
  const Status checked = CheckModel(model);
  EXPECT_TRUE(checked) << checked.error().message;
  Row row;
  for (const double number : numbers) row.push_back({.number = number});
  return Predict(model, row).values;
}

std::string ErrorOf(const Model& model) {
  const Status checked = CheckModel(model);
  EXPECT_FALSE(checked);
  return checked ? "" : checked.error().message;
}

TEST(Members, StandSideBySide) {
  Members members;
  members.members = {
      Of(Classifier({0.25, 0.75}), {0}, {Give::kScores, Give::kSecond, Give::kClass, Give::kVote}),
      Of(Regression(3), {1}, {Give::kValues})};
  EXPECT_EQ(Values(Around(members, 2, 7), {1, 5}), (std::vector<double>{0.25, 0.75, 0.75, 1, 0, 1, 15}));
  members.passthrough = true;
  EXPECT_EQ(Values(Around(members, 2, 9), {1, 5}),
            (std::vector<double>{0.25, 0.75, 0.75, 1, 0, 1, 15, 1, 5}));
}

TEST(Members, ClassesStandInTheirPlaces) {
  Member member = Of(Classifier({0.25, 0.75}), {0}, {Give::kProbabilities, Give::kVote, Give::kClass});
  member.places = {3, 1};
  member.width = 4;
  member.labels = {30, 10};
  EXPECT_EQ(Values(Around({.members = {member}}, 1, 9), {1}),
            (std::vector<double>{0, 0.75, 0, 0.25, 0, 1, 0, 0, 10}));
}

TEST(Members, WithoutWhatStandsBehindTheScores) {
  Model inner = Classifier({0.25, 0.75});
  inner.link = Link::kGivenSecond;
  inner.extra = 1;
  inner.decision = Decision::kRawAboveZero;
  EXPECT_EQ(Values(Around({.members = {Of(inner, {0}, {Give::kScores, Give::kProbabilities})}}, 1, 3), {1}),
            (std::vector<double>{0.25, 0.25, 0.75}));
}

TEST(Members, AreChecked) {
  const auto error = [](Member member) { return ErrorOf(Around({.members = {std::move(member)}}, 1, 1)); };
  const std::string where = "step 1 (members): member 1: ";
  EXPECT_EQ(error({}), where + "there is no model");
  EXPECT_EQ(error(Of(Regression(1), {}, {Give::kValues})), where + "is given 0 columns, its model takes 1");
  EXPECT_EQ(error(Of(Regression(1), {1}, {Give::kValues})), where + "takes column 1 of 1");
  EXPECT_EQ(error(Of(Regression(1), {0}, {Give::kSecond})), where + "its model has no second probability");
  EXPECT_EQ(error(Of(Classifier({1, 2, 3}), {0}, {Give::kSecond})),
            where + "its model has no second probability");
  EXPECT_EQ(error(Of(Classifier({1, 2}), {0}, {Give::kValues})), where + "its model has no values");
  Model text = Regression(1);
  text.signature.inputs[0].type = ColumnType::kText;
  text.steps = {
      OneHot{.columns = {{.texts = {"a"}, .is_text = true}}, .dropped = {-1}, .ignore_unknown = true}};
  EXPECT_EQ(error(Of(text, {0}, {Give::kValues})), where + "takes column 0 as text, it is a number");
  Model broken = Regression(1);
  std::get<Linear>(broken.predictor).weights = {};
  EXPECT_EQ(error(Of(broken, {0}, {Give::kValues})),
            where + "linear: 0 weights, 1 (1 features x 1 outputs) expected");
  Member placed = Of(Classifier({1, 2}), {0}, {Give::kProbabilities});
  placed.places = {0, 5};
  placed.width = 3;
  EXPECT_EQ(error(placed), where + "a class stands in column 5 of 3");
  placed.places = {0};
  EXPECT_EQ(error(placed), where + "1 of 3 columns for 2 classes");
  placed = Of(Classifier({1, 2}), {0}, {Give::kClass});
  placed.labels = {1};
  EXPECT_EQ(error(placed), where + "1 labels for 2 classes");
}

TEST(Members, NestAsDeepAsStepsDo) {
  Model model = Regression(2);
  for (int level = 1; level < kMaxStepNesting; ++level) {
    model = Around({.members = {Of(std::move(model), {0}, {Give::kValues})}}, 1, 1);
  }
  EXPECT_EQ(Values(model, {3}), (std::vector{6.0}));
  for (int level = 0; level < 2000; ++level) {
    model = Around({.members = {Of(std::move(model), {0}, {Give::kValues})}}, 1, 1);
  }
  EXPECT_TRUE(ErrorOf(model).ends_with("steps nested deeper than 16 levels"));
}

}  // namespace
}  // namespace turnout
