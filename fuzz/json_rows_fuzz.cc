// Request bodies: whatever they are, each row sent is read or refused, an object reads the same alone and in
// an array, and every reply is valid JSON. Seeds: tests/codec tests/protocol/rest.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bytes/json.h"
#include "codec/json_reply.h"
#include "codec/json_rows.h"
#include "codec/reject_line.h"
#include "codec/test_contract.h"

namespace turnout {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

struct Fuzzed {
  Contract contract = ChurnContract();
  Answerer by = ChurnAnswerer();
  Batch batch{contract.layout()};
  RowReader reader{contract, batch};
  JsonReply reply{contract};
  JsonTokenizer json, replies;
  Answers answers;

  void Reply() {
    answers.Clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      answers.rows.push_back({.by = &by, .probabilities = static_cast<uint32_t>(2 * row)});
      answers.probabilities.insert(answers.probabilities.end(), {0.75, 0.25});
    }
    std::string out;
    reply.AppendRows(out, batch, answers, reader.refusals());
    const auto tokens = replies.Document(out);
    Check(tokens.has_value());
    std::size_t elements = 0;
    for (std::size_t i = 1; i + 1 < tokens->size(); i = (*tokens)[i].skip + std::size_t{1}) ++elements;
    Check(elements == batch.rows() + reader.refusals().size());
    out.clear();
    reply.AppendDetail(out, batch, answers, reader.refusals(), true);
    Check(replies.Document(out).has_value());
    for (const Refusal& refusal : reader.refusals()) {
      out.clear();
      AppendRejectLine(out, contract, refusal, 1, 1);
      Check(replies.Document(out).has_value());
    }
  }
};

}  // namespace
}  // namespace turnout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turnout;
  static Fuzzed fuzzed;
  RowReader& reader = fuzzed.reader;
  const std::string body(reinterpret_cast<const char*>(data), size);

  reader.Clear();
  std::string alone;
  const bool is_row = ReadJsonRow(fuzzed.json, body, reader).has_value();
  if (is_row) {
    Check(fuzzed.batch.rows() + reader.refusals().size() == 1);
    alone = Show(reader);
    fuzzed.Reply();
  }
  reader.Clear();
  const std::string array = "[" + body + "]";
  if (ReadJsonRows(fuzzed.json, array, 1000, reader)) {
    fuzzed.Reply();
    if (is_row) Check(Show(reader) == alone);
  } else {
    Check(!is_row);
  }
  reader.Clear();
  if (ReadJsonRows(fuzzed.json, body, 1000, reader)) fuzzed.Reply();
  return 0;
}
