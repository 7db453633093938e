#include "codec/reject_line.h"

#include <algorithm>
#include <cstddef>

#include "bytes/json_writer.h"
#include "bytes/number.h"
#include "codec/field_json.h"
#include "codec/text_check.h"

namespace turnout {
namespace {

// `,"key":"C-3","errors":[...]`
void AppendKeyAndErrors(std::string& out, const Contract& contract, const Refusal& refusal) {
  if (contract.key >= 0) {
    out += R"(,"key":)";
    AppendRefusedKey(out, refusal);
  }
  out += R"(,"errors":[)";
  for (std::size_t i = 0; i < refusal.errors.size(); ++i) {
    const FieldError& error = refusal.errors[i];
    out += i == 0 ? R"({"field":)" : R"(,{"field":)";
    if (error.field.empty()) {
      out += "null";
    } else {
      AppendJsonString(out, error.field);
    }
    out += R"(,"msg":)";
    AppendJsonString(out, error.message);
    out += R"(,"type":)";
    AppendJsonString(out, error.type);
    out += '}';
  }
  out += ']';
}

void AppendBase64(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    const std::size_t digits = std::min<std::size_t>(bytes.size() - at, 3) + 1;
    for (std::size_t i = 0; i < 4; ++i) out += i < digits ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
}

}  // namespace

void AppendRejectLine(std::string& out, const Contract& contract, const Refusal& refusal, uint64_t row,
                      uint64_t line) {
  out += R"({"row":)";
  AppendInteger(out, static_cast<int64_t>(row));
  out += R"(,"line":)";
  AppendInteger(out, static_cast<int64_t>(line));
  AppendKeyAndErrors(out, contract, refusal);
  out += "}\n";
}

void AppendDeadLetter(std::string& out, const Contract& contract, const Refusal& refusal,
                      const MessageOrigin& origin, std::string_view value) {
  out += R"({"topic":)";
  AppendJsonString(out, origin.topic);
  out += R"(,"partition":)";
  AppendInteger(out, origin.partition);
  out += R"(,"offset":)";
  AppendInteger(out, origin.offset);
  AppendKeyAndErrors(out, contract, refusal);
  if (IsUtf8(value)) {
    out += R"(,"value":)";
    AppendJsonString(out, value);
  } else {
    out += R"(,"value_base64":")";
    AppendBase64(out, value);
    out += '"';
  }
  out += '}';
}

void AppendDeadLetter(std::string& out, const Contract& contract, std::string_view type,
                      std::string_view message, const MessageOrigin& origin, std::string_view value) {
  Refusal refusal;
  refusal.errors.push_back({.field = {}, .type = type, .message = std::string(message)});
  AppendDeadLetter(out, contract, refusal, origin, value);
}

}  // namespace turnout
