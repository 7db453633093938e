// Result<T> and Status: what a call returns when it can fail because of something outside the program
// (a file, a request, a peer). A bug of our own asserts instead; no exception crosses a room.
//
// A message says what failed, where in the input, what was found and what to do:
//   "model.pkl, byte 4711: BINUNICODE of 4 GiB, but 12 bytes are left; the file looks truncated"
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace turnout {

enum class Code {
  kInvalidArgument,  // the caller's input is wrong: a field, a flag, a config
  kNotFound,         // what was named does not exist
  kUnavailable,      // a peer or a resource is not there now; trying again may help
  kCorrupt,          // bytes that are not a valid file of their format
  kUnsupported,      // valid, but nothing here can do it
  kDeadline,         // the time given was over
  kInternal,         // a bug or a broken machine
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return Fail(Code::kCorrupt, fmt::format("tree {}: ...", i));
inline std::unexpected<Error> Fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

// The same error with "where: " before its message; the first context is the innermost.
inline std::unexpected<Error> Within(std::string_view where, Error error) {
  error.message.insert(0, ": ").insert(0, where);
  return std::unexpected(std::move(error));
}

// "invalid argument", "not found", ...: for logs and JSON errors.
constexpr std::string_view Name(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid argument";
    case Code::kNotFound: return "not found";
    case Code::kUnavailable: return "unavailable";
    case Code::kCorrupt: return "corrupt";
    case Code::kUnsupported: return "unsupported";
    case Code::kDeadline: return "deadline exceeded";
    case Code::kInternal: return "internal";
  }
  return "?";
}

}  // namespace turnout

// g++ 12's std::expected has no and_then; these two return early instead.
#define TURNOUT_TRY(expression)                                 \
  do {                                                          \
    if (auto turnout_tried = (expression); !turnout_tried)      \
      return std::unexpected(std::move(turnout_tried).error()); \
  } while (false)

// TURNOUT_ASSIGN(auto model, LoadModel(path));
#define TURNOUT_ASSIGN(left, expression) TURNOUT_ASSIGN_(left, expression, __COUNTER__)
#define TURNOUT_ASSIGN_(left, expression, id) TURNOUT_ASSIGN__(left, expression, id)
#define TURNOUT_ASSIGN__(left, expression, id)                                              \
  auto turnout_result_##id = (expression);                                                  \
  if (!turnout_result_##id) return std::unexpected(std::move(turnout_result_##id).error()); \
  left = *std::move(turnout_result_##id)
