#include "protocol/rest/openapi_schema.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "bytes/json_builder.h"
#include "protocol/rest/example_row.h"

namespace turnout {
namespace {

constexpr double kLargestInt = 9007199254740991;  // 2^53 - 1, as contract/ takes it

// The largest magnitude that the model takes in this field; infinity: no limit but the double's own.
double ModelLimit(const Snapshot& snapshot, std::size_t field) {
  const Signature& signature = snapshot.stable->model.signature;
  double limit = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    const double largest = signature.inputs[i].largest;
    const bool ours = snapshot.stable->columns[i] == static_cast<int32_t>(field);
    if (ours && largest < std::numeric_limits<double>::max()) limit = std::min(limit, largest);
  }
  return limit;
}

// The other names of a field: plain, or for the code of a category.
std::vector<std::string> Aliases(const Contract& contract, std::size_t field, bool codes) {
  std::vector<std::string> names;
  for (const auto& [name, slot] : contract.names) {
    const bool other = name != contract.fields[field].name;
    if (other && slot.field == static_cast<int32_t>(field) && slot.codes == codes) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + "`";
  return out;
}

std::string Coercion(FieldType type) {
  switch (type) {
    case FieldType::kInt: return "A whole number. `41`, `41.0` and the text `\"41\"` are the same.";
    case FieldType::kFloat: return "A number, or its text (`\"79.5\"`).";
    case FieldType::kBool: return "`true` or `false`; also `1`, `0` and their text in any case.";
    case FieldType::kString: return "Text; a number is taken as its literal text.";
    case FieldType::kText: return "Free text; a number is taken as its literal text.";
    case FieldType::kCategory: return "One of the listed values, exactly as written.";
  }
  return {};
}

std::string Description(const Contract& contract, std::size_t i) {
  const Field& field = contract.fields[i];
  std::string text = Coercion(field.type);
  if (static_cast<int32_t>(i) == contract.key) text += " The row's key: returned with the answer.";
  if (field.nullable) text += " May be `null` (missing).";
  if (field.fallback) text += " When missing, `" + *field.fallback + "` stands in.";
  const std::vector<std::string> plain = Aliases(contract, i, false), codes = Aliases(contract, i, true);
  if (!plain.empty()) text += " Also accepted as " + Joined(plain) + ".";
  if (!codes.empty()) text += " Its code is accepted as " + Joined(codes) + ".";
  return text;
}

// A default as JSON in the field's own type.
std::string DefaultJson(const Field& field) {
  const std::string& text = *field.fallback;
  std::string out;
  const ParsedNumber number = ParseNumber(text);
  const bool numeric = field.type == FieldType::kInt || field.type == FieldType::kFloat;
  if (numeric && number.error == NumberError::kNone) {
    AppendJsonNumber(out, number.value);
  } else if (field.type == FieldType::kBool) {
    out = text == "true" || text == "1" ? "true" : "false";
  } else {
    AppendJsonString(out, text);
  }
  return out;
}

std::string_view SchemaType(FieldType type) {
  switch (type) {
    case FieldType::kInt: return "integer";
    case FieldType::kFloat: return "number";
    case FieldType::kBool: return "boolean";
    default: return "string";
  }
}

void AppendType(JsonBuilder& json, std::string_view type, bool or_null) {
  json.Key("type");
  if (or_null) {
    json.Array().Text(type).Text("null").End();
  } else {
    json.Text(type);
  }
}

void AppendRange(JsonBuilder& json, const Snapshot& snapshot, std::size_t i) {
  const Field& field = snapshot.contract->fields[i];
  double low = -ModelLimit(snapshot, i), high = ModelLimit(snapshot, i);
  if (field.type == FieldType::kInt) {
    low = std::max(low, -kLargestInt);
    high = std::min(high, kLargestInt);
  }
  if (field.min) low = std::max(low, *field.min);
  if (field.max) high = std::min(high, *field.max);
  if (std::isfinite(low)) json.Key("minimum").Number(low);
  if (std::isfinite(high)) json.Key("maximum").Number(high);
}

void AppendField(JsonBuilder& json, const Snapshot& snapshot, std::size_t i, const std::string& example) {
  const Contract& contract = *snapshot.contract;
  const Field& field = contract.fields[i];
  const bool or_null = field.nullable || field.fallback.has_value();
  json.Key(field.name).Object();
  AppendType(json, SchemaType(field.type), or_null);
  if (field.type == FieldType::kInt || field.type == FieldType::kFloat) AppendRange(json, snapshot, i);
  if (field.type == FieldType::kCategory && !field.values.empty()) {
    json.Key("enum").Array();
    for (const Field::Category& value : field.values) json.Text(value.text);
    if (or_null) json.Raw("null");
    json.End();
  }
  if (field.fallback) json.Key("default").Raw(DefaultJson(field));
  json.Key("description").Text(Description(contract, i));
  json.Key("examples").Array().Raw(example).End();
  json.Key("x-turnout-type").Text(Name(field.type));
  json.End();
}

std::string_view LabelType(const Label& label) {
  switch (label.index()) {
    case 0: return "integer";
    case 1: return "number";
    case 2: return "boolean";
    default: return "string";
  }
}

void AppendClass(JsonBuilder& json, const Answerer& answerer) {
  if (!answerer.classes.empty()) json.Key("type").Text(LabelType(answerer.classes.front()));
  json.Key("enum").Array();
  for (const std::string& label : answerer.class_json) json.Raw(label);
  json.End();
}

void AppendProbability(JsonBuilder& json, std::string_view description) {
  AppendType(json, "number", true);
  json.Key("minimum").Number(0).Key("maximum").Number(1).Key("description").Text(description);
}

void AppendItem(JsonBuilder& json, const Snapshot& snapshot, const ReplyItem& item) {
  const Contract& contract = *snapshot.contract;
  const Answerer& answerer = snapshot.stable->answerer;
  using What = ReplyItem::What;
  json.Key(item.name).Object();
  switch (item.what) {
    case What::kKey:
    case What::kField: {
      const Field& field = contract.fields[static_cast<std::size_t>(item.field)];
      AppendType(json, SchemaType(field.type), field.nullable);
      json.Key("description").Text("`" + field.name + "` of the row.");
      break;
    }
    case What::kClass:
      AppendClass(json, answerer);
      json.Key("description").Text("The predicted class.");
      break;
    case What::kClassIs:
      AppendType(json, "boolean", false);
      json.Key("description").Text("Whether the predicted class is " + LabelText(item.label) + ".");
      break;
    case What::kTopProbability: AppendProbability(json, "The probability of the predicted class."); break;
    case What::kProbabilityOf:
      AppendProbability(json, "The probability of class " + LabelText(item.label) + ".");
      break;
    case What::kProbabilities:
      AppendType(json, "object", !snapshot.stable->model.signature.probabilities);
      json.Key("description").Text("The probability of each class.");
      json.Key("additionalProperties").Raw(R"({"type":["number","null"],"minimum":0,"maximum":1})");
      break;
    case What::kValue:
      if (answerer.values > 1) {
        AppendType(json, "array", false);
        json.Key("items").Raw(R"({"type":["number","null"]})");
        json.Key("minItems").Number(answerer.values).Key("maxItems").Number(answerer.values);
        json.Key("description").Text("The predicted values.");
        break;
      }
      AppendType(json, "number", true);
      json.Key("description").Text("The predicted value.");
      break;
    case What::kValueOf:
      AppendType(json, "number", true);
      json.Key("description").Text("Predicted value " + std::to_string(item.index) + ".");
      break;
    case What::kVersion:
      AppendType(json, "string", false);
      json.Key("description").Text("The version of the model that answered.");
      break;
    case What::kLatency:
      AppendType(json, "number", false);
      json.Key("minimum").Number(0).Key("description");
      json.Text(item.per_second == 1000 ? "Milliseconds from receiving the request to this answer."
                                        : "The time from receiving the request to this answer.");
      break;
    case What::kJobTime:
      AppendType(json, "string", false);
      json.Key("format").Text("date-time");
      break;
  }
  json.End();
}

std::string ItemExample(const Snapshot& snapshot, const ReplyItem& item,
                        const std::vector<std::string>& row) {
  const Answerer& answerer = snapshot.stable->answerer;
  const std::size_t classes = answerer.classes.size();
  using What = ReplyItem::What;
  switch (item.what) {
    case What::kKey:
    case What::kField: return row[static_cast<std::size_t>(item.field)];
    case What::kClass: return classes > 0 ? answerer.class_json.front() : "null";
    case What::kClassIs: return classes > 0 && item.label == answerer.classes.front() ? "true" : "false";
    case What::kTopProbability: return "0.875";
    case What::kProbabilityOf:
      return classes > 0 && item.label == answerer.classes.front() ? "0.875" : "0.125";
    case What::kProbabilities: {
      JsonBuilder json;
      json.Object();
      for (std::size_t i = 0; i < classes; ++i) {
        const double rest = classes > 1 ? 0.125 / static_cast<double>(classes - 1) : 0;
        json.Key(answerer.class_text[i]).Number(i == 0 ? 0.875 : rest);
      }
      return json.End().Take();
    }
    case What::kValue: {
      std::string values = "12.5";
      for (uint32_t k = 1; k < answerer.values; ++k) values += ",12.5";
      return answerer.values > 1 ? "[" + values + "]" : values;
    }
    case What::kValueOf: return "12.5";
    case What::kVersion: {
      std::string text;
      AppendJsonString(text, answerer.version);
      return text;
    }
    case What::kLatency: return "0.04";
    case What::kJobTime: return "\"2026-11-22T10:00:00Z\"";
  }
  return "null";
}

}  // namespace

std::string RowSchema(const Snapshot& snapshot) {
  const Contract& contract = *snapshot.contract;
  const std::vector<std::string> example = ExampleValues(contract, snapshot.stable->model);
  JsonBuilder json;
  json.Object().Key("title").Text("A row of " + snapshot.endpoint);
  json.Key("type").Text("object");
  json.Key("properties").Object();
  for (std::size_t i = 0; i < contract.fields.size(); ++i) AppendField(json, snapshot, i, example[i]);
  json.End();
  const auto must = [](const Field& field) { return field.required; };
  if (std::any_of(contract.fields.begin(), contract.fields.end(), must)) {
    json.Key("required").Array();
    for (const Field& field : contract.fields) {
      if (must(field)) json.Text(field.name);
    }
    json.End();
  }
  json.Key("additionalProperties").Bool(!contract.reject_unknown);
  if (!contract.derived.empty()) {
    json.Key("x-turnout-derived").Object();
    for (const Derived& derived : contract.derived) json.Key(derived.name).Text(derived.expression.text());
    json.End();
  }
  json.Key("examples").Array().Raw(ExampleRow(contract, snapshot.stable->model)).End();
  return json.End().Take();
}

std::string ReplySchema(const Snapshot& snapshot) {
  JsonBuilder json;
  json.Object().Key("title").Text("An answer of " + snapshot.endpoint);
  json.Key("type").Text("object").Key("properties").Object();
  for (const ReplyItem& item : snapshot.contract->reply) AppendItem(json, snapshot, item);
  json.Key("prediction_id").Object().Key("type").Text("string");
  json.Key("description").Text("Names this answer; with `ids=true`.").End();
  json.End();
  if (!snapshot.contract->reply.empty()) {
    json.Key("required").Array();
    for (const ReplyItem& item : snapshot.contract->reply) json.Text(item.name);
    json.End();
  }
  return json.End().Take();
}

std::string RefusedRowSchema(const Snapshot& snapshot) {
  const Contract& contract = *snapshot.contract;
  JsonBuilder json;
  json.Object().Key("title").Text("A refused row of " + snapshot.endpoint);
  json.Key("type").Text("object").Key("properties").Object();
  for (const ReplyItem& item : contract.reply) {
    if (item.what != ReplyItem::What::kKey) continue;
    json.Key(item.name)
        .Object()
        .Key("description")
        .Text("The row's key; null if it could not be read.")
        .End();
  }
  json.Key("error").Object().Key("type").Text("array").Key("items").Object();
  json.Key("$ref").Text("#/components/schemas/ValidationError").End().End();
  json.End();
  json.Key("required").Array().Text("error").End();
  return json.End().Take();
}

std::string ReplyExample(const Snapshot& snapshot) {
  const std::vector<std::string> row = ExampleValues(*snapshot.contract, snapshot.stable->model);
  JsonBuilder json;
  json.Object();
  for (const ReplyItem& item : snapshot.contract->reply) {
    json.Key(item.name).Raw(ItemExample(snapshot, item, row));
  }
  return json.End().Take();
}

}  // namespace turnout
