#include "codec/json_rows.h"

#include <fmt/format.h>

#include <cstdint>

namespace turnout {
namespace {

std::string_view Describe(JsonToken::Kind kind) {
  switch (kind) {
    case JsonToken::Kind::kObject: return "an object";
    case JsonToken::Kind::kArray: return "an array";
    case JsonToken::Kind::kString: return "a string";
    case JsonToken::Kind::kNumber: return "a number";
    case JsonToken::Kind::kTrue:
    case JsonToken::Kind::kFalse: return "a boolean";
    default: return "null";
  }
}

Cell ToCell(const JsonToken& token) {
  switch (token.kind) {
    case JsonToken::Kind::kString: return {Cell::Kind::kText, token.text};
    case JsonToken::Kind::kNumber: return {Cell::Kind::kNumber, token.text};
    case JsonToken::Kind::kTrue: return {Cell::Kind::kTrue, {}};
    case JsonToken::Kind::kFalse: return {Cell::Kind::kFalse, {}};
    case JsonToken::Kind::kNull: return {};
    default: return {Cell::Kind::kNested, {}};
  }
}

char FirstByte(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : text[at];
}

}  // namespace

bool ReadJsonObject(std::span<const JsonToken> tokens, std::size_t position, std::string_view source,
                    RowReader& reader) {
  if (tokens.empty() || tokens[0].kind != JsonToken::Kind::kObject) {
    reader.Refuse(position, "dict_type", "Input should be an object");
    return false;
  }
  const Contract& contract = reader.contract();
  const auto& fields = contract.fields;
  reader.Begin(position, source);
  // Callers nearly always send the fields in the contract's order: comparing with the field after the last
  // one found costs a fraction of a look-up by hash.
  std::size_t next = 0;
  for (std::size_t i = 1; i + 1 < tokens.size();) {
    const std::string_view name = tokens[i].text;
    Slot slot;
    if (next < fields.size() && fields[next].name == name) {
      slot.field = static_cast<int32_t>(next);
    } else {
      slot = contract.Find(name);
    }
    if (slot.field >= 0) next = static_cast<std::size_t>(slot.field) + 1;
    const JsonToken& value = tokens[i + 1];
    reader.Set(slot, name, ToCell(value));
    const bool nested = value.kind == JsonToken::Kind::kObject || value.kind == JsonToken::Kind::kArray;
    i = nested ? value.skip + std::size_t{1} : i + 2;
  }
  return reader.End();
}

Status ReadJsonRow(JsonTokenizer& json, std::string_view body, RowReader& reader) {
  TURNOUT_ASSIGN(const auto tokens, json.Document(body));
  if (tokens[0].kind != JsonToken::Kind::kObject) {
    return Fail(Code::kInvalidArgument,
                fmt::format("Input should be an object, found {}", Describe(tokens[0].kind)));
  }
  ReadJsonObject(tokens, 0, body, reader);
  return {};
}

Status ReadJsonRows(JsonTokenizer& json, std::string_view body, std::size_t limit, RowReader& reader) {
  if (const char first = FirstByte(body); first != '[' && first != '\0') {
    TURNOUT_ASSIGN(const auto tokens, json.Document(body));
    return Fail(Code::kInvalidArgument,
                fmt::format("Input should be an array of objects, found {}", Describe(tokens[0].kind)));
  }
  std::size_t position = 0;
  return json.Elements(body, [&](std::span<const JsonToken> tokens, std::string_view bytes) -> Status {
    if (position == limit) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("more than {} rows in one request; send them in several", limit));
    }
    ReadJsonObject(tokens, position++, bytes, reader);
    return {};
  });
}

}  // namespace turnout
