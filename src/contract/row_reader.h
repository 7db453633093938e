// RowReader: cells into a Batch, under a contract. The one place where values are coerced and checked, so
// that JSON, CSV and Kafka agree.
//
// Coercion, the same for every mode (CSV is text, so text converts; README.md has the whole table):
//   missing   JSON null and an empty CSV cell; in int, float, bool and codes also a text of spaces, in int,
//             float and codes NaN ("nan" in any case)
//   string    text as it is; a JSON number is taken as its literal text; true/false are refused
//   text      as string
//   int       41, "41", 41.0, "4.1e1" are 41; refused: 41.5, true, "41 years", |x| >= 2^53 ("int_type")
//   float     JSON or text number, exact to the nearest double; refused: overflow ("1e999"), infinity,
//             hexadecimal, booleans, surrounding blanks that are not spaces ("float_type")
//   bool      true, false, "true", "false" (any case), numbers equal to 1 or 0
//   category  the text, exactly; under an alias with `codes`, a number equal to one of the codes
// Surrounding spaces of text are dropped for int, float, bool and codes only.
//
// Error types and standard messages:
//   missing        Field required
//   int_type       Input should be a valid integer
//   float_type     Input should be a valid number
//   bool_type      Input should be a valid boolean
//   string_type    Input should be a valid string
//   greater_than_equal / less_than_equal    Input should be greater than or equal to 18 / less than ...
//   enum           Input should be 'basic', 'standard' or 'premium'   (at most 10 are listed)
//   extra_forbidden  Extra inputs are not permitted     (unknown_fields: reject)
//   duplicate      Field given twice
// A field's own `message` replaces the text of its checks (the two limits and enum). A value is echoed
// (": got 17") only where the field has `show: true`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "contract/contract.h"
#include "data/batch.h"

namespace turnout {

class Converter;

// One undecoded value.
struct Cell {
  enum class Kind : uint8_t { kMissing, kText, kNumber, kTrue, kFalse, kNested };
  Kind kind = Kind::kMissing;
  std::string_view text;  // kText: decoded text; kNumber: the literal; valid until the batch is cleared
};

struct FieldError {
  std::string field;      // the name as the caller gave it; the field's own name if it was not given
  std::string_view type;  // "missing", "int_type", ...: static storage
  std::string message;
};

// A row that was refused, with every one of its bad fields in the order of the contract.
struct Refusal {
  std::size_t position = 0;  // in what the caller sent, 0-based
  std::string key;           // the key's value where it was readable
  bool key_is_number = false;
  std::vector<FieldError> errors;
};

// Use: Begin, Set for each cell that the row has, End. One per thread; the contract and the batch must
// outlive it. A good row stays in the batch; a bad one is taken back and becomes a Refusal.
class RowReader {
 public:
  RowReader(const Contract& contract, Batch& batch);
  ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  void Begin(std::size_t position, std::string_view source);
  // `name` is used in messages; `slot` comes from Contract::Find (once per column in CSV).
  void Set(Slot slot, std::string_view name, const Cell& cell);
  bool End();

  // A row that could not even be split into cells ("ragged row: 5 cells, 7 expected").
  void Refuse(std::size_t position, std::string_view type, std::string message);

  const Contract& contract() const { return contract_; }
  Batch& batch() { return batch_; }
  const std::vector<Refusal>& refusals() const { return refusals_; }
  void Clear();  // the refusals and the batch

 private:
  // A field's `default`, converted.
  struct Default {
    bool present = false;
    double number = 0;
    std::string_view text;
  };
  bool SetMissing(std::size_t field);  // false: the field does not allow it
  void Fail(std::size_t field, std::string_view name, std::string_view type, bool codes, const Cell& cell);

  const Contract& contract_;
  Batch& batch_;
  std::vector<Converter> converters_;  // per field
  std::vector<Default> defaults_;      // per field
  std::vector<Refusal> refusals_;
  std::vector<uint8_t> seen_;       // per field, of the row being read
  std::vector<FieldError> errors_;  // of the row being read
  std::vector<std::size_t> order_;  // the field index of each of errors_
  std::size_t position_ = 0;
};

}  // namespace turnout
