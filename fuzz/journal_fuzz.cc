// Any bytes as a journal, with a snapshot or without: read, never trusted; what is read is as it was written.
// Seeds: tests/control.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bytes/json.h"
#include "control/audit.h"
#include "control/journal.h"
#include "control/state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace turnout;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size == 0 ? 0 : data[0] % (size + 1);
  for (const auto& found : {ReadJournal(bytes, {}), ReadJournal(bytes.substr(cut), bytes.substr(0, cut))}) {
    uint64_t last = found.snapshot_number;
    JsonTokenizer json;
    for (const JournalRecord& record : found.records) {
      if (record.number != ++last) std::abort();
      const auto tokens = json.Document(record.payload);
      if (!tokens) continue;
      const auto state = ReadState(JsonView(*tokens)["state"]);
      if (!state) continue;
      // A state that was taken is written and taken again as the same.
      const std::string text = StateJson(*state);
      JsonTokenizer again;
      const auto second = again.Document(text);
      if (!second) std::abort();
      const auto read = ReadState(JsonView(*second));
      if (!read || StateJson(*read) != text) std::abort();
    }
  }
  static_cast<void>(AuditVerify(bytes));
  return 0;
}
