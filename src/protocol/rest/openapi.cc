#include "protocol/rest/openapi.h"

#include "bytes/json_builder.h"
#include "protocol/rest/example_row.h"
#include "protocol/rest/openapi_schema.h"

namespace turnout {
namespace {

constexpr std::string_view kAbout =
    "Predictions from tabular models. A row is checked against the contract of its endpoint, and every bad "
    "field is reported at once. The answer names the version of the model that gave it.";

// FastAPI's names and shape, so that clients made for it read ours.
constexpr std::string_view kErrorSchemas =
    R"("ValidationError":{"title":"ValidationError","type":"object",)"
    R"("description":"One bad field. `loc` is where: `body`, the position in a batch, the field.",)"
    R"("properties":{"loc":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]}},)"
    R"("msg":{"type":"string"},"type":{"type":"string"}},"required":["loc","msg","type"]},)"
    R"("HTTPValidationError":{"title":"HTTPValidationError","type":"object","properties":{"detail":)"
    R"({"type":"array","items":{"$ref":"#/components/schemas/ValidationError"}}},"required":["detail"]},)"
    R"("Problem":{"title":"Problem","type":"object","properties":{"detail":{"type":"string"}},)"
    R"("required":["detail"]},)"
    R"("HttpProblem":{"title":"HttpProblem","type":"object","description":"Refused before it was routed.",)"
    R"("properties":{"error":{"type":"string"}},"required":["error"]})";

constexpr std::string_view kParameters =
    R"("ids":{"name":"ids","in":"query","required":false,)"
    R"("description":"Put the prediction id of each answer into the body too.",)"
    R"("schema":{"type":"boolean","default":false}},)"
    R"("strict":{"name":"strict","in":"query","required":false,)"
    R"("description":"Refuse the whole batch with 422 if one row is bad.",)"
    R"("schema":{"type":"boolean","default":false}})";

constexpr std::string_view kHeaders =
    R"("X-Turnout-Version":{"description":"The version that answered; a batch: all of them, by commas.",)"
    R"("schema":{"type":"string"}},)"
    R"("X-Turnout-Generation":{"description":"The generation of the route by which the version was chosen.",)"
    R"("schema":{"type":"integer"}},)"
    R"("X-Prediction-Id":{"description":"Names the answer. Element i of a batch is this, '-' and i.",)"
    R"("schema":{"type":"string"}})";

constexpr std::string_view kHeaderReferences =
    R"("headers":{"X-Turnout-Version":{"$ref":"#/components/headers/X-Turnout-Version"},)"
    R"("X-Turnout-Generation":{"$ref":"#/components/headers/X-Turnout-Generation"},)"
    R"("X-Prediction-Id":{"$ref":"#/components/headers/X-Prediction-Id"}})";

void AppendReference(JsonBuilder& json, const std::string& schema) {
  json.Object().Key("$ref").Text("#/components/schemas/" + schema).End();
}

void AppendFailure(JsonBuilder& json, std::string_view status, std::string_view description,
                   const std::string& schema) {
  json.Key(status).Object().Key("description").Text(description);
  json.Key("content").Object().Key("application/json").Object().Key("schema");
  AppendReference(json, schema);
  json.End().End().End();
}

// The replies of a predict operation, with `schema` written by the caller's 200.
void AppendFailures(JsonBuilder& json) {
  AppendFailure(json, "422", "The body is not JSON, or a field is bad: every one is listed.",
                "HTTPValidationError");
  AppendFailure(json, "413", "The body is too large.", "HttpProblem");
  AppendFailure(json, "415", "The content type is not JSON.", "Problem");
  AppendFailure(json, "503", "Still loading.", "Problem");
}

void AppendPredict(JsonBuilder& json, const Snapshot& snapshot, const std::string& path,
                   const std::string& id) {
  const std::string& name = snapshot.endpoint;
  json.Key(path).Object().Key("post").Object();
  json.Key("operationId").Text(id).Key("summary").Text("Score one row with " + name);
  json.Key("tags").Array().Text(name).End();
  json.Key("parameters").Array().Raw(R"({"$ref":"#/components/parameters/ids"})").End();
  json.Key("requestBody").Object().Key("required").Bool(true);
  json.Key("content").Object().Key("application/json").Object().Key("schema");
  AppendReference(json, name + ".Row");
  json.Key("example").Raw(ExampleRow(*snapshot.contract, snapshot.stable->model));
  json.End().End().End();
  json.Key("responses").Object();
  json.Key("200").Object().Key("description").Text("The answer.").Raw(kHeaderReferences);
  json.Key("content").Object().Key("application/json").Object().Key("schema");
  AppendReference(json, name + ".Reply");
  json.Key("example").Raw(ReplyExample(snapshot));
  json.End().End().End();
  AppendFailures(json);
  json.End().End().End();
}

void AppendBatch(JsonBuilder& json, const Snapshot& snapshot, const std::string& path, const std::string& id,
                 std::size_t max_rows) {
  const std::string& name = snapshot.endpoint;
  const Contract& contract = *snapshot.contract;
  json.Key(path).Object().Key("post").Object();
  json.Key("operationId").Text(id).Key("summary").Text("Score many rows with " + name);
  json.Key("description")
      .Text(
          "An array in, an array out: same length, same order. A bad row's element is its "
          "key and its errors.");
  json.Key("tags").Array().Text(name).End();
  json.Key("parameters").Array().Raw(R"({"$ref":"#/components/parameters/ids"})");
  json.Raw(R"({"$ref":"#/components/parameters/strict"})").End();
  json.Key("requestBody").Object().Key("required").Bool(true);
  json.Key("content").Object().Key("application/json").Object();
  json.Key("schema").Object().Key("type").Text("array").Key("items");
  AppendReference(json, name + ".Row");
  json.Key("maxItems").Number(static_cast<double>(max_rows)).End();
  json.Key("example").Array();
  for (int variant = 0; variant < 3; ++variant) {
    json.Raw(ExampleRow(contract, snapshot.stable->model, variant));
  }
  json.End().End().End().End();
  json.Key("responses").Object();
  json.Key("200").Object().Key("description").Text("An element for each row.").Raw(kHeaderReferences);
  json.Key("content").Object().Key("application/json").Object();
  json.Key("schema").Object().Key("type").Text("array").Key("items").Object().Key("anyOf").Array();
  AppendReference(json, name + ".Reply");
  AppendReference(json, name + ".RefusedRow");
  json.End().End().End().End().End().End();
  AppendFailures(json);
  json.End().End().End();
}

void AppendGet(JsonBuilder& json, std::string_view path, std::string_view id, std::string_view summary,
               std::string_view type, std::string_view failure) {
  json.Key(path).Object().Key("get").Object().Key("operationId").Text(id).Key("summary").Text(summary);
  json.Key("tags").Array().Text("server").End();
  json.Key("responses").Object().Key("200").Object().Key("description").Text("OK").Key("content").Object();
  json.Key(type).Object().Key("schema").Object();
  json.Key("type").Text(type == "application/json" ? "object" : "string");
  json.End().End().End().End();
  if (!failure.empty()) {
    json.Key("503").Object().Key("description").Text(failure).Key("content").Object();
    json.Key(type).Object().Key("schema").Object().Key("type").Text("object").End().End().End().End();
  }
  json.End().End().End();
}

void AppendExtension(JsonBuilder& json, std::span<const std::shared_ptr<const Snapshot>> endpoints,
                     std::size_t max_rows) {
  json.Key("x-turnout").Object().Key("max_rows").Number(static_cast<double>(max_rows));
  json.Key("endpoints").Array();
  for (const auto& snapshot : endpoints) {
    const Origin& origin = snapshot->stable->model.origin;
    const std::string path = endpoints.size() == 1 ? "" : "/endpoints/" + snapshot->endpoint;
    json.Object().Key("name").Text(snapshot->endpoint).Key("version").Text(snapshot->stable->name);
    json.Key("predict").Text(path + "/predict").Key("batch").Text(path + "/predict/batch");
    json.Key("key");
    if (snapshot->contract->key >= 0) {
      json.Text(snapshot->contract->fields[static_cast<std::size_t>(snapshot->contract->key)].name);
    } else {
      json.Raw("null");
    }
    json.Key("model")
        .Object()
        .Key("library")
        .Text(origin.library)
        .Key("library_version")
        .Text(origin.version);
    json.Key("estimator").Text(origin.estimator).Key("sha256").Text(snapshot->stable->sha256).End();
    json.End();
  }
  json.End().End();
}

}  // namespace

std::string OpenApiDocument(std::span<const std::shared_ptr<const Snapshot>> endpoints,
                            std::string_view program_version, std::size_t max_rows) {
  JsonBuilder json;
  json.Object().Key("openapi").Text("3.1.0");
  json.Key("info").Object().Key("title").Text("Turnout").Key("version").Text(program_version);
  json.Key("description").Text(kAbout).End();
  json.Key("servers").Array().Raw(R"({"url":"/"})").End();
  json.Key("tags").Array();
  for (const auto& snapshot : endpoints) json.Object().Key("name").Text(snapshot->endpoint).End();
  json.Object().Key("name").Text("server").End().End();

  json.Key("paths").Object();
  if (endpoints.size() == 1) {
    AppendPredict(json, *endpoints.front(), "/predict", "predict");
    AppendBatch(json, *endpoints.front(), "/predict/batch", "predict_batch", max_rows);
  }
  for (const auto& snapshot : endpoints) {
    const std::string& name = snapshot->endpoint;
    AppendPredict(json, *snapshot, "/endpoints/" + name + "/predict", "predict_" + name);
    AppendBatch(json, *snapshot, "/endpoints/" + name + "/predict/batch", "predict_batch_" + name, max_rows);
  }
  AppendGet(json, "/endpoints", "endpoints", "What is served, by which versions", "application/json", "");
  AppendGet(json, "/health", "health", "Whether it serves, and the stable version", "application/json",
            "Loading or draining.");
  AppendGet(json, "/health/live", "live", "Whether the process is alive", "application/json", "");
  AppendGet(json, "/health/ready", "ready", "Whether to send traffic", "application/json",
            "Loading or draining.");
  AppendGet(json, "/metrics", "metrics", "Prometheus metrics", "text/plain", "");
  json.End();

  json.Key("components").Object().Key("schemas").Object();
  for (const auto& snapshot : endpoints) {
    json.Key(snapshot->endpoint + ".Row").Raw(RowSchema(*snapshot));
    json.Key(snapshot->endpoint + ".Reply").Raw(ReplySchema(*snapshot));
    json.Key(snapshot->endpoint + ".RefusedRow").Raw(RefusedRowSchema(*snapshot));
  }
  json.Raw(kErrorSchemas).End();
  json.Key("parameters").Object().Raw(kParameters).End();
  json.Key("headers").Object().Raw(kHeaders).End();
  json.End();
  AppendExtension(json, endpoints, max_rows);
  return json.End().Take();
}

}  // namespace turnout
