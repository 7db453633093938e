// For tests of commands: one run of a command as a function.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace turnout::testing {

struct Ended {
  int code = 0;
  std::string out, err;
};

template <class Command>
Ended Ran(Command command) {
  Ended ended;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  ended.code = command();
  std::fflush(stdout);
  ended.out = ::testing::internal::GetCapturedStdout();
  ended.err = ::testing::internal::GetCapturedStderr();
  return ended;
}

}  // namespace turnout::testing
