// Nanoseconds per row of each engine that fits, by number of rows. Medians of repeated runs on one thread.
//
// Its output is read by engine.py.
//
//   engine_bench [SECONDS-PER-FIGURE [PART-OF-A-NAME]]    NO_REFERENCE=1 leaves the slow model out
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/engine.h"
#include "model/random_forest.h"

namespace turnout {
namespace {

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Case {
  const char* name;
  RandomForestOptions options;
};

constexpr std::size_t kTableRows = 16'000;

void Run(const Case& c, double seconds) {
  RandomForest random(42);
  Model model;
  model.predictor = random.Make(c.options);
  const Forest& forest = std::get<Forest>(model.predictor);
  for (int32_t i = 0; i < forest.features; ++i) {
    Input& input = model.signature.inputs.emplace_back();
    input.name = "x";
    input.accepts_missing = c.options.missing;
  }
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  for (int64_t k = 0; k < std::max(2, forest.outputs); ++k) model.signature.classes.emplace_back(k);
  model.link = forest.outputs == 1 ? Link::kExpit : forest.divisor > 1 ? Link::kIdentity : Link::kSoftmax;
  model.decision = forest.outputs == 1 ? Decision::kRawFromZero : Decision::kLargest;
  if (auto status = CheckModel(model); !status) {
    std::fprintf(stderr, "%s: %s\n", c.name, status.error().message.c_str());
    std::exit(1);
  }
  std::vector<std::vector<double>> columns(static_cast<std::size_t>(forest.features));
  for (auto& column : columns) {
    for (std::size_t r = 0; r < kTableRows; ++r) column.push_back(random.Normal());
  }
  std::vector<ColumnView> views(columns.size());
  Workspace workspace;
  Scores scores;
  for (const EngineChoice& choice : ExplainEngines(model)) {
    if (!choice.reason.empty() || (choice.name == "reference" && std::getenv("NO_REFERENCE"))) continue;
    const auto engine = CompileEngine(model, choice.name);
    std::printf("%-34s %-10s", c.name, choice.name.c_str());
    for (std::size_t rows : {1, 4, 8, 16, 64, 1000}) {
      std::vector<double> times;
      std::size_t at = 0;
      for (const double end = Seconds() + seconds; Seconds() < end;) {
        const std::size_t calls = std::max<std::size_t>(1, 1000 / rows);
        const double begin = Seconds();
        for (std::size_t i = 0; i < calls; ++i) {
          at = at + 2 * rows > kTableRows ? 0 : at + rows;  // other rows in each call
          for (std::size_t f = 0; f < views.size(); ++f) views[f].numbers = columns[f].data() + at;
          (*engine)->Score(views, rows, workspace, scores);
        }
        times.push_back((Seconds() - begin) / static_cast<double>(calls * rows));
      }
      std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
      const double median = times[times.size() / 2] * 1e9;
      std::printf("  %5zu: %8.1f (%5.2f)", rows, median, median / static_cast<double>(forest.trees()));
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace turnout

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  const char* only = argc > 2 ? argv[2] : "";
  using turnout::Case;
  const Case cases[] = {
      {"churn: 100 x depth 3, 5 features",
       {.features = 5, .trees = 100, .depth = 3, .split = 0.97, .float32 = true}},
      {"100 x depth 6, 28 features",
       {.features = 28, .trees = 100, .depth = 6, .split = 0.98, .float32 = true}},
      {"500 x depth 6, 28 features",
       {.features = 28, .trees = 500, .depth = 6, .split = 0.98, .float32 = true}},
      {"HGB: 100 x depth 6, missing",
       {.features = 28, .trees = 100, .depth = 6, .split = 0.85, .missing = true}},
      {"HGB: the same, categorical",
       {.features = 28, .trees = 100, .depth = 6, .split = 0.85, .missing = true, .categorical = true}},
      {"LightGBM: categories to 1279",
       {.features = 28,
        .trees = 100,
        .depth = 6,
        .split = 0.85,
        .missing = true,
        .categorical = true,
        .set_words = 40,
        .category_cast = turnout::CategoryCast::kInt}},
      {"LightGBM: linear leaves",
       {.features = 28, .trees = 100, .depth = 6, .split = 0.85, .missing = true, .linear_leaves = true}},
      {"3 classes x 100 x depth 3",
       {.features = 5, .outputs = 3, .trees = 300, .depth = 3, .split = 0.97, .float32 = true}},
      {"RF: 100 x depth 20, 30 features",
       {.features = 30,
        .outputs = 2,
        .trees = 100,
        .depth = 20,
        .split = 0.82,
        .float32 = true,
        .average = true,
        .vector_leaves = true}},
  };
  std::printf("ns per row (ns per row and tree), by rows in a call\n");
  for (const Case& c : cases) {
    if (std::strstr(c.name, only)) turnout::Run(c, seconds);
  }
}
