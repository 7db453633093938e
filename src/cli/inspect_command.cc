#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "bytes/json_writer.h"
#include "cli/commands.h"
#include "engine/engine.h"
#include "formats/support.h"
#include "registry/version.h"
#include "server/endpoints.h"

namespace turnout {
namespace {

struct ForestFacts {
  std::size_t trees = 0, nodes = 0, leaves = 0;
  int deepest = 0;
};

ForestFacts Facts(const Forest& forest) {
  ForestFacts facts;
  facts.trees = forest.trees();
  facts.nodes = forest.nodes.size();
  // Children come after their parent, so one pass in order knows every depth.
  std::vector<int> depth(forest.nodes.size(), 0);
  for (std::size_t i = 0; i < forest.nodes.size(); ++i) {
    const Node& node = forest.nodes[i];
    facts.deepest = std::max(facts.deepest, depth[i]);
    if (node.feature == Node::kLeaf) {
      ++facts.leaves;
      continue;
    }
    depth[static_cast<std::size_t>(node.left)] = depth[static_cast<std::size_t>(node.right)] = depth[i] + 1;
  }
  return facts;
}

void Line(std::string& out, std::string_view name, const std::string& value) {
  out += fmt::format("{:<12} {}\n", name, value);
}

std::string Kind(const Input& input) {
  std::string text = input.type == ColumnType::kNumber ? "number" : "text";
  const std::size_t categories = input.categories.size() + input.numbers.size();
  if (categories > 0) text += fmt::format(", {} categories", categories);
  if (input.closed) text += ", others refused";
  if (input.accepts_missing) text += ", may be missing";
  return text;
}

std::string Human(const ModelFile& file) {
  const Model& model = file.model;
  std::string out;
  Line(out, "file", fmt::format("{} ({} bytes, SHA-256 {})", file.path, file.bytes, file.sha256));
  Line(out, "format", model.origin.format);
  Line(out, "library",
       model.origin.library +
           (model.origin.version.empty() ? " (version not told)" : " " + model.origin.version));
  Line(out, "estimator", model.origin.estimator);
  for (std::size_t i = 0; i < model.origin.steps.size(); ++i) {
    Line(out, i == 0 ? "steps" : "", model.origin.steps[i]);
  }
  for (const auto& [name, value] : model.origin.facts) Line(out, name, value);
  if (const auto* forest = std::get_if<Forest>(&model.predictor)) {
    const ForestFacts facts = Facts(*forest);
    Line(out, "forest",
         fmt::format("{} trees, {} nodes, {} leaves, depth {}, {} raw score{}", facts.trees, facts.nodes,
                     facts.leaves, facts.deepest, forest->outputs, forest->outputs == 1 ? "" : "s"));
  } else if (const auto* linear = std::get_if<Linear>(&model.predictor)) {
    Line(out, "linear",
         fmt::format("{} weights for {} raw score{}", linear->weights.size(), linear->outputs,
                     linear->outputs == 1 ? "" : "s"));
  }
  Line(out, "link", std::string(Name(model.link)));
  if (model.signature.task == Task::kClassification) {
    Line(
        out, "predict",
        fmt::format("{}{}", Name(model.decision), model.signature.probabilities ? "" : "; no probabilities"));
    std::string labels;
    for (const Label& label : model.signature.classes)
      labels += (labels.empty() ? "" : ", ") + LabelText(label);
    Line(out, "classes", labels);
  } else {
    Line(out, "predicts", "a number");
  }
  Line(out, "inputs",
       fmt::format("{}{}", model.signature.inputs.size(),
                   model.signature.named ? "" : " (the file has no names: x0, x1, ...)"));
  for (const Input& input : model.signature.inputs) {
    out += fmt::format("  {:<24} {}\n", input.name, Kind(input));
  }
  out += "engines\n";
  for (const EngineChoice& choice : ExplainEngines(model)) {
    out += fmt::format("  {:<24} {}\n", choice.name, choice.reason.empty() ? "fits" : "no: " + choice.reason);
  }
  return out;
}

void Text(std::string& out, std::string_view key, std::string_view value) {
  AppendJsonString(out, key);
  out += ':';
  AppendJsonString(out, value);
  out += ',';
}

std::string Json(const ModelFile& file) {
  const Model& model = file.model;
  std::string out = "{";
  Text(out, "file", file.path);
  Text(out, "sha256", file.sha256);
  Text(out, "format", model.origin.format);
  Text(out, "library", model.origin.library);
  Text(out, "version", model.origin.version);
  Text(out, "estimator", model.origin.estimator);
  Text(out, "task", model.signature.task == Task::kClassification ? "classification" : "regression");
  Text(out, "link", Name(model.link));
  Text(out, "decision", Name(model.decision));
  out += fmt::format("\"probabilities\":{},", model.signature.probabilities);
  out += fmt::format("\"bytes\":{},\"steps\":[", file.bytes);
  for (std::size_t i = 0; i < model.origin.steps.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, model.origin.steps[i]);
  }
  out += "],\"facts\":{";
  for (std::size_t i = 0; i < model.origin.facts.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, model.origin.facts[i].first);
    out += ':';
    AppendJsonString(out, model.origin.facts[i].second);
  }
  out += "},";
  if (const auto* forest = std::get_if<Forest>(&model.predictor)) {
    const ForestFacts facts = Facts(*forest);
    out += fmt::format("\"forest\":{{\"trees\":{},\"nodes\":{},\"leaves\":{},\"depth\":{},\"outputs\":{}}},",
                       facts.trees, facts.nodes, facts.leaves, facts.deepest, forest->outputs);
  } else if (const auto* linear = std::get_if<Linear>(&model.predictor)) {
    out +=
        fmt::format("\"linear\":{{\"weights\":{},\"outputs\":{}}},", linear->weights.size(), linear->outputs);
  }
  out += "\"classes\":[";
  for (std::size_t i = 0; i < model.signature.classes.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, LabelText(model.signature.classes[i]));
  }
  out += "],\"inputs\":[";
  for (std::size_t i = 0; i < model.signature.inputs.size(); ++i) {
    const Input& input = model.signature.inputs[i];
    out += i > 0 ? ",{" : "{";
    Text(out, "name", input.name);
    Text(out, "type", input.type == ColumnType::kNumber ? "number" : "text");
    out += fmt::format("\"accepts_missing\":{},\"categories\":{},\"closed\":{}}}", input.accepts_missing,
                       input.categories.size() + input.numbers.size(), input.closed);
  }
  out += "],\"engines\":[";
  const auto choices = ExplainEngines(model);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    Text(out, "name", choices[i].name);
    Text(out, "reason", choices[i].reason);
    out += fmt::format("\"fits\":{}}}", choices[i].reason.empty());
  }
  return out + "]}\n";
}

std::string Supported(bool json) {
  std::string out;
  if (!json) {
    out = fmt::format("{:<14} {:<12} {:<12} {}\n", "library", "versions", "what", "name");
    for (const Support& line : SupportTable()) {
      out += fmt::format("{:<14} {:<12} {:<12} {}\n", line.library, line.versions, line.role, line.name);
    }
    return out;
  }
  out = "[";
  for (const Support& line : SupportTable()) {
    out += out.size() > 1 ? ",{" : "{";
    Text(out, "library", line.library);
    Text(out, "versions", line.versions);
    Text(out, "role", line.role);
    Text(out, "name", line.name);
    out.back() = '}';
  }
  return out + "]\n";
}

}  // namespace

int RunInspect(const InspectArguments& arguments) {
  if (arguments.support) {
    std::fputs(Supported(arguments.json).c_str(), stdout);
    return 0;
  }
  const auto loaded = LoadModelOrReference(arguments.model, arguments.registry);
  if (!loaded) return Report(loaded.error());
  const std::string text = arguments.json ? Json(loaded->file) : Human(loaded->file);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace turnout
