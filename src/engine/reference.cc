#include <algorithm>

#include "engine/engines.h"

namespace turnout {
namespace {

class Reference final : public Engine {
 public:
  explicit Reference(const Model& model) : model_(model) {}
  std::string_view name() const override { return "reference"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace&,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    std::vector<Value> row(inputs.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const bool is_text = inputs[i].texts != nullptr;
        row[i] = {.number = is_text ? 0 : inputs[i].numbers[r],
                  .text = is_text ? inputs[i].texts[r] : std::string_view(),
                  .is_text = is_text};
      }
      const Prediction prediction = Predict(model_, row);
      std::copy(prediction.raw.begin(), prediction.raw.end(), scores.raw.begin() + r * scores.outputs);
      std::copy(prediction.probabilities.begin(), prediction.probabilities.end(),
                scores.probabilities.begin() + r * scores.classes);
      if (scores.values.empty()) {
        scores.class_index[r] = static_cast<uint32_t>(prediction.class_index);
      } else {
        std::copy(prediction.values.begin(), prediction.values.end(),
                  scores.values.begin() + r * scores.outputs);
      }
    }
  }

 private:
  const Model& model_;
};

}  // namespace

std::unique_ptr<const Engine> CompileReference(const Model& model) {
  return std::make_unique<Reference>(model);
}

}  // namespace turnout
