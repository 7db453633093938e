#include "protocol/rest/example_row.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <variant>

#include "bytes/json_writer.h"
#include "bytes/number.h"

namespace turnout {
namespace {

double RoundToDigits(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  const double unit = std::pow(10.0, std::abs(digits - 1 - exponent));
  return digits - 1 >= exponent ? std::round(value * unit) / unit : std::round(value / unit) * unit;
}

double Inside(const Field& field, double value) {
  if (field.max) value = std::min(value, *field.max);
  if (field.min) value = std::max(value, *field.min);
  return value;
}

std::string NumberExample(const Field& field, std::optional<double> typical, int variant) {
  double value = 10;
  if (typical) {
    value = *typical;
  } else if (field.min && field.max) {
    value = *field.min + (*field.max - *field.min) * 0.25;
  }
  value = Inside(field, RoundToDigits(value * (1 + 0.25 * variant), 3));
  if (field.type == FieldType::kInt) {
    value = std::round(value);
    if (field.max && value > *field.max) value = std::floor(*field.max);
    if (field.min && value < *field.min) value = std::ceil(*field.min);
  }
  std::string out;
  AppendJsonNumber(out, value);
  return out;
}

std::string TextExample(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

}  // namespace

std::optional<double> TypicalInput(const Model& model, std::size_t input) {
  if (!model.steps.empty()) {
    const Step& first = model.steps.front();
    const std::vector<double>* usual = nullptr;
    if (const auto* scale = std::get_if<Scale>(&first)) usual = &scale->mean;
    if (const auto* impute = std::get_if<Impute>(&first)) usual = &impute->statistics;
    if (usual == nullptr || input >= usual->size() || !std::isfinite((*usual)[input])) return std::nullopt;
    return RoundToDigits((*usual)[input], 3);
  }
  const auto* forest = std::get_if<Forest>(&model.predictor);
  if (forest == nullptr) return std::nullopt;
  std::vector<double> thresholds;
  for (const Node& node : forest->nodes) {
    const bool splits = node.feature == static_cast<int32_t>(input) && node.categories < 0;
    if (splits && std::isfinite(node.threshold)) thresholds.push_back(node.threshold);
  }
  if (thresholds.empty()) return std::nullopt;
  const auto middle = thresholds.begin() + static_cast<std::ptrdiff_t>(thresholds.size() / 2);
  std::nth_element(thresholds.begin(), middle, thresholds.end());
  return RoundToDigits(*middle, 3);
}

std::vector<std::string> ExampleValues(const Contract& contract, const Model& model, int variant) {
  std::vector<std::optional<double>> typical(contract.fields.size());
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    const ParsedNumber fallback = ParseNumber(contract.fields[i].fallback.value_or(""));
    if (fallback.error == NumberError::kNone) typical[i] = fallback.value;
  }
  const auto columns = InputColumns(contract, model.signature);
  assert(columns && "the contract is bound to the model");
  for (std::size_t i = 0; i < columns->size(); ++i) {
    const auto column = static_cast<std::size_t>((*columns)[i]);
    if (column < typical.size() && !typical[column]) typical[column] = TypicalInput(model, i);
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    const Field& field = contract.fields[i];
    switch (field.type) {
      case FieldType::kInt:
      case FieldType::kFloat: values.push_back(NumberExample(field, typical[i], variant)); break;
      case FieldType::kBool: values.push_back(variant % 2 == 0 ? "true" : "false"); break;
      case FieldType::kCategory:
        values.push_back(
            field.values.empty()
                ? TextExample("a")
                : TextExample(field.values[static_cast<std::size_t>(variant) % field.values.size()].text));
        break;
      case FieldType::kText: values.push_back(TextExample("some text")); break;
      case FieldType::kString:
        values.push_back(static_cast<int32_t>(i) == contract.key
                             ? TextExample("C-" + std::to_string(1001 + variant))
                             : TextExample("text"));
        break;
    }
  }
  return values;
}

std::string ExampleRow(const Contract& contract, const Model& model, int variant) {
  const std::vector<std::string> values = ExampleValues(contract, model, variant);
  std::string out = "{";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(out, contract.fields[i].name);
    out += ':';
    out += values[i];
  }
  return out + '}';
}

}  // namespace turnout
