#include <cstdio>

#include "cli/commands.h"

namespace turnout {

int Report(const Error& error) {
  std::fprintf(stderr, "turnout: %s\n", error.message.c_str());
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kCorrupt:
    case Code::kUnsupported: return 3;
    case Code::kNotFound:
    case Code::kUnavailable: return 4;
    case Code::kDeadline: return 5;
    case Code::kInternal: return kBugExit;
  }
  return kBugExit;
}

}  // namespace turnout
