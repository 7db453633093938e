// CSV files: whatever they are, every record is a row or refused, the result does not depend on where the
// file is cut, and the scored file holds the same rows again. The first byte says how many bytes are read at
// a time, the second whether a good header is put before the rest. Seeds: examples/churn tests/codec.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bytes/json.h"
#include "codec/csv_header.h"
#include "codec/csv_reply.h"
#include "codec/csv_rows.h"
#include "codec/csv_splitter.h"
#include "codec/reject_line.h"
#include "codec/test_contract.h"

namespace turnout {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

struct Read {
  std::string rows;     // without their positions
  std::string refused;  // with rows and lines
  std::string output;   // the scored file
};

Read ReadFile(const Contract& contract, const std::string& file, std::size_t step) {
  static const Answerer by = ChurnAnswerer();
  Read read;
  const auto header = ReadCsvHeader(file, true, contract);
  if (!header) return read;
  const auto reply = CsvReply::Make(contract, *header);
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  CsvRows rows(*header, contract);
  CsvSplitter splitter(*header);
  Answers answers;
  answers.job_time = "2026-11-22T10:00:00Z";
  if (reply) reply->AppendHeader(read.output);
  for (std::size_t from = header->bytes, to = from;;) {
    to = std::min(to + step, file.size());
    const std::string buffer = file.substr(from, to - from);
    const auto chunk = splitter.Next(buffer, to == file.size());
    Check(chunk.has_value());
    rows.Read(*chunk, reader);
    Check(batch.rows() + reader.refusals().size() == chunk->rows);
    answers.Clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string shown = Show(batch, row);
      read.rows += shown.substr(shown.find(':')) + "\n";
      answers.rows.push_back({.by = &by, .probabilities = 0});
      answers.probabilities = {0.75, 0.25};
      if (reply) reply->AppendRow(read.output, batch, row, answers);
    }
    for (const Refusal& refusal : reader.refusals()) {
      std::string line;
      AppendRejectLine(line, contract, refusal, refusal.position + 1, rows.LineOf(refusal.position));
      Check(JsonTokenizer().Document(line).has_value());
      read.refused += line;
    }
    reader.Clear();
    from += chunk->text.size();
    if (to == file.size()) return read;
  }
}

}  // namespace
}  // namespace turnout

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turnout;
  static const Contract contract = ChurnContract();
  if (size < 2) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  std::string file;
  if (data[1] % 8 != 0) file = "customer_id,age,income,tenure_months,monthly_charges,plan,note,x\n";
  file.append(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Read whole = ReadFile(contract, file, file.size() + 1);
  const Read cut = ReadFile(contract, file, step);
  Check(whole.rows == cut.rows && whole.refused == cut.refused && whole.output == cut.output);
  if (!whole.output.empty()) {
    Contract again = contract;
    again.columns.clear();
    const Read scored = ReadFile(again, whole.output, step);
    Check(scored.rows == whole.rows && scored.refused.empty());
  }
  return 0;
}
