// Expression: a number computed from the columns of a row, for derived fields.
//
//   tenure_months / 12
//   log1p(income) - 2 * max(age, 18)
//   clip(monthly_charges / income, 0, 1)
//   year(signup_date), month(...), day(...), weekday(...) (Monday = 0), hour(...), minute(...),
//   days(...) (since 1970-01-01): parts of an ISO 8601 text, as written (no time zone is applied)
//   lookup(plan_name, basic: 0, 'premium plus': 2, else: 1): a text to a number; without `else`: missing
//   if(age < 30 and not is_missing(income), 1, 0): comparisons, and, or, not give 1 or 0
//   `name with spaces` * 2
//
// Functions: abs ceil clip coalesce days day exp expm1 floor hour if is_missing log log10 log1p log2 lookup
// max min minute month pow round (half to even) sqrt weekday year.
//
// A missing operand gives missing, except coalesce(x, y, ...), which gives the first that is not,
// is_missing(x), and the branch of an `if` that is not chosen. What a real number can't be (1/0, log(-1),
// exp(1000)) is missing too, and so are the parts of a text that is no date. Evaluation is in double, left
// to right, without fused operations, so it gives the same bits in every mode.
//
// Limits: 4 KiB of text, 256 operations, depth 32. Immutable once parsed; Evaluate from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "data/batch.h"

namespace turnout {

class Expression {
 public:
  // Resolves a name to a column of the batch; -1: unknown (an error that names it). Errors name the
  // character, from 1: "character 9: unknown name 'incme'".
  struct Named {
    int32_t column = -1;
    ColumnType type = ColumnType::kNumber;
  };
  static Result<Expression> Parse(std::string_view text, FunctionRef<Named(std::string_view)> resolve);

  // The value for one row of the batch.
  double Evaluate(const Batch& batch, std::size_t row) const;

  const std::string& text() const { return text_; }

 private:
  struct Operation {
    uint8_t code = 0;
    int32_t column = -1;    // operand column
    int32_t arguments = 0;  // how many it takes from the stack; of a lookup: the index of its table
    double constant = 0;
  };
  struct Lookup {
    std::vector<std::pair<std::string, double>> entries;  // sorted
    double otherwise = kMissingNumber;
  };
  friend class ExpressionParser;

  std::string text_;
  std::vector<Operation> operations_;  // postfix
  std::vector<Lookup> lookups_;
};

}  // namespace turnout
