// The answers of each mode to the rows of a table, as comparable texts. For modes.cc and its tests.
//
// Numbers are written in the shortest form that reads back to the same bits, so equal text is equal bits.
// A refused row is the text of its errors: field, type and message of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "contract/contract.h"
#include "monitor/metrics.h"
#include "predict/predict.h"
#include "registry/expected.h"

namespace turnout {

class JsonTokenizer;

// One text per row: "class=1 p0=0.25 p1=0.75", or `refused age: less_than_equal "Age must be ..."`.
using ModeAnswers = std::vector<std::string>;
bool IsRefused(const std::string& answer);

// Makes `contract` answer what can be compared, whatever its own reply is: the class or value and every
// probability, under the same names in replies and in columns.
void AskEverything(Contract& contract, const Signature& signature);

// The snapshot's contract was reshaped by AskEverything before it was bound.
struct ModeRun {
  TextTable table;
  std::string rows;  // the file that the table was read from
  std::shared_ptr<const Snapshot> snapshot;
  Metrics& metrics;
};

// A server on `port` of this machine whose only endpoint answers from such a contract.
Result<ModeAnswers> RestAnswers(const ModeRun& run, int port);
Result<ModeAnswers> RestBatchAnswers(const ModeRun& run, int port);
// Scores the file into a temporary folder.
Result<ModeAnswers> FileAnswers(const ModeRun& run);
// Makes three topics ("turnout-verify-<time>-<pid>-in", "-out", "-dead"), which stay behind, and runs a
// stream job over them. Gives up when nothing has moved for 30 s.
Result<ModeAnswers> KafkaAnswers(const ModeRun& run, const std::string& brokers);

// Of a row of the table, as the JSON that a caller would send: numbers as they stand, everything else as
// text.
std::string JsonRow(const ModeRun& run, std::size_t row);

inline constexpr std::size_t kModeBatchRows = 500;  // of one batch request

// The text of an answer or a refusal in JSON, of whichever mode: a reply, an element of a batch's reply, a
// reject line, a message of the output or of the dead letters.
Result<std::string> ReadModeAnswer(JsonTokenizer& json, std::string_view document);

}  // namespace turnout
