// Expression: a number computed from the columns of a row, for derived fields.
//
//   tenure_months / 12
//   log1p(income) - 2 * max(age, 18)
//   clip(monthly_charges / income, 0, 1)
//   year(signup_date), month(...), day(...), weekday(...) (Monday = 0), hour(...): parts of an ISO 8601 text
//   lookup(plan_name, basic: 0, premium: 2, else: 1): a text to a number
//   if(age < 30, 1, 0); comparisons give 1 or 0
//
// A missing operand gives missing, except coalesce(x, y, ...), which gives the first that is not, and
// is_missing(x). What a real number can't be (0/0, log(-1)) is missing too. Evaluation is in double, left to
// right, without fused operations, so it gives the same bits in every mode.
//
// Limits: 4 KiB of text, 256 operations, depth 32. Immutable once parsed; Evaluate from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "data/batch.h"

namespace turnout {

class Expression {
 public:
  // Resolves a name to a column of the batch; -1: unknown (an error that names it).
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
    int32_t column = -1;     // operand column, or index of a lookup table
    int32_t arguments = 0;
    double constant = 0;
  };
  struct Lookup {
    std::vector<std::pair<std::string, double>> entries;
    double otherwise = 0;    // missing when there is no `else`
  };
  std::string text_;
  std::vector<Operation> operations_;  // postfix
  std::vector<Lookup> lookups_;
};

}  // namespace turnout
