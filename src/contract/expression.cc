#include "contract/expression.h"

#include <algorithm>
#include <cmath>

#include "contract/date.h"
#include "contract/operation.h"

namespace turnout {
namespace {

double Real(double x) { return std::isfinite(x) ? x : kMissingNumber; }
double Truth(bool holds) { return holds ? 1 : 0; }

double OfTwo(Op op, double a, double b) {
  if (IsMissing(a) || IsMissing(b)) return kMissingNumber;
  switch (op) {
    case Op::kAdd: return Real(a + b);
    case Op::kSubtract: return Real(a - b);
    case Op::kMultiply: return Real(a * b);
    case Op::kDivide: return Real(a / b);
    case Op::kPow: return Real(std::pow(a, b));
    case Op::kLess: return Truth(a < b);
    case Op::kLessEqual: return Truth(a <= b);
    case Op::kGreater: return Truth(a > b);
    case Op::kGreaterEqual: return Truth(a >= b);
    case Op::kEqual: return Truth(a == b);
    case Op::kNotEqual: return Truth(a != b);
    case Op::kAnd: return Truth(a != 0 && b != 0);
    case Op::kOr: return Truth(a != 0 || b != 0);
    default: return kMissingNumber;
  }
}

double OfOne(Op op, double a) {
  if (op == Op::kIsMissing) return Truth(IsMissing(a));
  if (IsMissing(a)) return a;
  switch (op) {
    case Op::kNegate: return -a;
    case Op::kNot: return Truth(a == 0);
    case Op::kAbs: return std::fabs(a);
    case Op::kCeil: return std::ceil(a);
    case Op::kExp: return Real(std::exp(a));
    case Op::kExpm1: return Real(std::expm1(a));
    case Op::kFloor: return std::floor(a);
    case Op::kLog: return Real(std::log(a));
    case Op::kLog10: return Real(std::log10(a));
    case Op::kLog1p: return Real(std::log1p(a));
    case Op::kLog2: return Real(std::log2(a));
    case Op::kRound: return std::nearbyint(a);
    case Op::kSqrt: return Real(std::sqrt(a));
    default: return kMissingNumber;
  }
}

double OfDate(Op op, std::string_view text) {
  const auto date = ParseDate(text);
  if (!date) return kMissingNumber;
  switch (op) {
    case Op::kYear: return date->year;
    case Op::kMonth: return date->month;
    case Op::kDay: return date->day;
    case Op::kWeekday: return date->weekday;
    case Op::kHour: return date->hour;
    case Op::kMinute: return date->minute;
    case Op::kDays: return date->days;
    default: return kMissingNumber;
  }
}

// min, max, coalesce.
double OfMany(Op op, const double* values, int32_t count) {
  double chosen = values[0];
  for (int32_t i = 1; i < count; ++i) {
    const double x = values[i];
    if (op == Op::kCoalesce) {
      if (IsMissing(chosen)) chosen = x;
    } else if (IsMissing(x) || (op == Op::kMin ? x < chosen : x > chosen)) {
      chosen = x;  // a missing one stays: no number is below or above it
    }
  }
  return chosen;
}

double Clip(double x, double low, double high) {
  if (IsMissing(x) || IsMissing(low) || IsMissing(high)) return kMissingNumber;
  return x < low ? low : x > high ? high : x;
}

}  // namespace

// The parser made sure that no operation takes more than there is and that one value is left.
double Expression::Evaluate(const Batch& batch, std::size_t row) const {
  if (operations_.empty()) return kMissingNumber;
  // Not initialized: the analyzer can't know what the parser made sure of.
  // NOLINTBEGIN(clang-analyzer-core.*)
  double stack[kExpressionOperations];
  double* top = stack;  // behind the last value
  for (const Operation& operation : operations_) {
    const auto op = static_cast<Op>(operation.code);
    if (op == Op::kConstant) {
      *top++ = operation.constant;
    } else if (op == Op::kColumn) {
      *top++ = batch.column(static_cast<std::size_t>(operation.column)).numbers[row];
    } else if (op < Op::kNegate) {
      --top;
      top[-1] = OfTwo(op, top[-1], top[0]);
    } else if (op < Op::kClip) {
      top[-1] = OfOne(op, top[-1]);
    } else if (op == Op::kClip) {
      top -= 2;
      top[-1] = Clip(top[-1], top[0], top[1]);
    } else if (op == Op::kIf) {
      top -= 2;
      top[-1] = IsMissing(top[-1]) ? kMissingNumber : top[-1] != 0 ? top[0] : top[1];
    } else if (op < Op::kTextIsMissing) {
      top -= operation.arguments - 1;
      top[-1] = OfMany(op, top - 1, operation.arguments);
    } else {
      const std::string_view text = batch.column(static_cast<std::size_t>(operation.column)).texts[row];
      if (op == Op::kTextIsMissing) {
        *top++ = Truth(IsMissing(text));
      } else if (IsMissing(text)) {
        *top++ = kMissingNumber;
      } else if (op == Op::kLookup) {
        const Lookup& table = lookups_[static_cast<std::size_t>(operation.arguments)];
        const auto found =
            std::lower_bound(table.entries.begin(), table.entries.end(), text,
                             [](const auto& entry, std::string_view key) { return entry.first < key; });
        *top++ = found != table.entries.end() && found->first == text ? found->second : table.otherwise;
      } else {
        *top++ = OfDate(op, text);
      }
    }
  }
  return stack[0];
  // NOLINTEND(clang-analyzer-core.*)
}

}  // namespace turnout
