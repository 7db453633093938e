// A contract: the typed description of an endpoint's input fields and of its reply.
//
// It is parsed from YAML (DESIGN.md 5 shows one) or derived from a model's signature, bound to the
// signature of each version, and from then on never changes. Every mode (REST, batch, stream) reads rows
// through it with RowReader (row_reader.h) and shapes replies from its `reply` and `columns`.
//
// A row's fields become the columns of a Batch: one per field, in order, then one per derived field.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "contract/expression.h"
#include "data/batch.h"
#include "data/signature.h"

namespace turnout {

enum class FieldType : uint8_t { kString, kInt, kFloat, kBool, kCategory, kText };
std::string_view Name(FieldType type);  // "string", "int", ...

struct Field {
  std::string name;
  FieldType type = FieldType::kString;
  bool required = true;   // the name must be given (in CSV: the column must exist); false with a `default`
  bool nullable = false;  // a missing value (null, empty cell, NaN) passes to the model as missing
  bool show = false;      // messages may echo the value
  std::string message;    // replaces the text of a failed min, max or values; {value} only with `show`
  std::optional<double> min, max;       // inclusive; int and float
  std::optional<std::string> fallback;  // `default`: stands in for a missing value; checked when parsed

  // category
  enum class Values : uint8_t { kNone, kMap, kList, kModel };
  struct Category {
    std::string text;
    double code = 0;
  };
  Values values_from = Values::kNone;
  std::vector<Category> values;  // kMap: as given; kList: codes 0, 1, ...; kModel: filled by BindContract
  // The column holds the text (the model encodes it) rather than the code. kMap: false, kModel: true,
  // kList: what the model's input asks for, decided by BindContract.
  bool as_text = false;
  bool open = false;  // kModel: the model takes texts outside `values` too, so they pass

  ColumnType column() const {
    const bool text =
        type == FieldType::kString || type == FieldType::kText || (type == FieldType::kCategory && as_text);
    return text ? ColumnType::kText : ColumnType::kNumber;
  }
};

// A number computed from other fields; column `fields.size() + i` of the batch.
struct Derived {
  std::string name;
  Expression expression;  // over the batch's columns
};

// Where a name found in a row goes.
struct Slot {
  int32_t field = -1;  // -1: unknown name
  bool codes = false;  // the alias says that the cell holds a category's code, not its text
};

struct ReplyItem {
  enum class What : uint8_t {
    kKey,
    kField,
    kClass,
    kClassIs,
    kTopProbability,
    kProbabilityOf,
    kProbabilities,
    kValue,    // of a regression; several: an array
    kValueOf,  // one of several
    kVersion,
    kLatency,
    kJobTime
  };
  std::string name;
  What what = What::kClass;
  int32_t field = -1;     // kKey, kField
  Label label;            // kClassIs, kProbabilityOf
  int32_t index = 0;      // kValueOf: from 0
  int32_t decimals = -1;  // numbers: fixed decimals; -1: shortest form that reads back to the same bits
  double per_second = 1;  // kLatency: 1000 for ms
};

struct Contract {
  std::string name;
  int32_t key = -1;  // field that is echoed and routes; -1: none
  std::vector<Field> fields;
  std::vector<Derived> derived;
  bool reject_unknown = false;
  std::vector<int32_t> features;  // batch columns in the order in which the model was trained
  std::vector<ReplyItem> reply;
  std::vector<ReplyItem> columns;
  // Fields and aliases; looked up without making a string.
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view given) const { return std::hash<std::string_view>()(given); }
  };
  std::unordered_map<std::string, Slot, NameHash, std::equal_to<>> names;
  bool bound = false;  // to at least one model

  Slot Find(std::string_view given) const;
  std::vector<ColumnType> layout() const;
  std::string_view column_name(int32_t column) const;  // of a field or a derived field
};

// `source` names the file in messages: "contract.yaml:7: fields[2].min: ...". All errors of the file are
// reported at once, a line each. Without `features`: every field but the key and plain strings, then every
// derived field. Without `reply` or `columns` they stay empty until BindContract fills them.
Result<Contract> ParseContract(std::string_view yaml, std::string_view source);

// The contract of a bare model file: one field per input (nullable where the model accepts missing), every
// class and probability in the reply.
Contract DeriveContract(const Signature& signature, std::string_view name);

// The batch's column for each input of the model. Where the file has no names, the features, of which there
// are as many. Where it has, those in their order, or by name: a version may take fewer of the features, and
// others that the contract has as fields (with a `default`, for callers that do not send them yet). The error
// says what the model takes that the contract does not have.
Result<std::vector<int32_t>> InputColumns(const Contract& contract, const Signature& signature);

// Checks that the contract has what the model takes (InputColumns; text or number, missing values) and that
// reply items name classes that exist; every problem is a line
// of the error. Fills in what depends on the model: `values: model`, as_text of lists, labels, the default
// reply and columns.
//
// A contract is bound to each version of its endpoint in turn. What the first one decided holds for the
// others, except that categories of `values: model` add up: a caller may send what any version knows, and the
// version that does not refuses the row.
Status BindContract(Contract& contract, const Signature& signature);

}  // namespace turnout
