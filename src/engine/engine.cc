#include "engine/engine.h"

#include <fmt/format.h>

#include "engine/engines.h"

namespace turnout {
namespace {

// Blocks of rows are held column by column: a million columns of terms would take half a gigabyte.
std::string TooWide(const Model& model) {
  constexpr int32_t kMost = 1 << 17;
  const int32_t features =
      std::visit([](const auto& predictor) { return predictor.features; }, model.predictor);
  return features <= kMost ? ""
                           : fmt::format("{} columns reach the predictor, at most {} fit", features, kMost);
}

std::string LinearMisfit(const Model& model) {
  if (const std::string wide = TooWide(model); !wide.empty()) return wide;
  if (const auto* linear = std::get_if<Linear>(&model.predictor)) {
    return linear->float32 ? "the predictor adds in float32" : "";
  }
  return fmt::format("the predictor is {}", Name(model.predictor));
}

struct Entry {
  std::string_view name;
  std::string (*misfit)(const Model&);  // empty: it fits
  std::unique_ptr<const Engine> (*compile)(const Model&);
};

// The first that fits is used.
constexpr Entry kEngines[] = {
    {"portable", PortableMisfit, CompilePortable},
    {"sparse", SparseMisfit, CompileSparse},
    {"linear", LinearMisfit, CompileLinear},
    {"rows", TooWide, CompileRows},
    {"reference", [](const Model&) { return std::string(); }, CompileReference},
};

std::string Names() {
  std::string names;
  for (const Entry& entry : kEngines) names.append(names.empty() ? "" : ", ").append(entry.name);
  return names;
}

}  // namespace

std::vector<EngineChoice> ExplainEngines(const Model& model) {
  std::vector<EngineChoice> choices;
  for (const Entry& entry : kEngines) choices.push_back({std::string(entry.name), entry.misfit(model)});
  return choices;
}

Result<std::unique_ptr<const Engine>> CompileEngine(const Model& model, std::string_view name) {
  for (const Entry& entry : kEngines) {
    if (!name.empty() && entry.name != name) continue;
    const std::string misfit = entry.misfit(model);
    if (misfit.empty()) return entry.compile(model);
    if (!name.empty()) {
      return Fail(Code::kUnsupported, fmt::format("the engine {} does not fit this model: {}", name, misfit));
    }
  }
  return Fail(Code::kInvalidArgument, fmt::format("no engine \"{}\"; there are {}", name, Names()));
}

void Prepare(const Model& model, std::size_t rows, Scores& scores) {
  const bool classification = model.signature.task == Task::kClassification;
  scores.rows = rows;
  scores.outputs = Outputs(model);
  scores.classes = Probabilities(model);
  scores.raw.resize(rows * scores.outputs);
  scores.probabilities.resize(rows * scores.classes);
  scores.class_index.resize(classification ? rows : 0);
  scores.values.resize(rows * Values(model));
}

void Finish(const Model& model, std::size_t first, std::size_t rows, Scores& scores) {
  for (std::size_t r = first; r < first + rows; ++r) {
    const std::span<const double> raw(scores.raw.data() + r * scores.outputs, scores.outputs);
    if (!scores.values.empty()) {
      ApplyLink(model.link, model.link_scale, raw,
                {scores.values.data() + r * scores.outputs, scores.outputs});
      continue;
    }
    const std::span<double> probabilities(scores.probabilities.data() + r * scores.classes, scores.classes);
    if (!probabilities.empty()) ApplyLink(model.link, model.link_scale, raw, probabilities);
    scores.class_index[r] = static_cast<uint32_t>(Decide(model, raw, probabilities));
  }
}

}  // namespace turnout
