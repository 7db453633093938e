// The operations of an Expression, shared by its parser and its evaluator.
#pragma once

#include <cstddef>
#include <cstdint>

namespace turnout {

enum class Op : uint8_t {
  kConstant,
  kColumn,  // push
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPow,  // of two
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kAnd,
  kOr,
  kNegate,
  kNot,
  kAbs,
  kCeil,
  kExp,
  kExpm1,
  kFloor,
  kLog,
  kLog10,
  kLog1p,
  kLog2,
  kRound,
  kSqrt,  // of one
  kIsMissing,
  kClip,
  kIf,  // of three
  kMin,
  kMax,
  kCoalesce,  // of `arguments`
  kTextIsMissing,
  kLookup,
  kYear,
  kMonth,
  kDay,
  kWeekday,
  kHour,
  kMinute,
  kDays,  // of a text column; push
};

inline constexpr std::size_t kExpressionText = 4096;
inline constexpr std::size_t kExpressionOperations = 256;
inline constexpr int kExpressionDepth = 32;

}  // namespace turnout
