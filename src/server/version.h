// The program's version; the same as in CMakeLists.txt.
#pragma once

namespace turnout {

inline constexpr const char kProgramVersion[] = TURNOUT_VERSION;

}  // namespace turnout
