// A comparison as one HTML page that needs nothing else: numbers, and plots drawn as SVG.
#pragma once

#include <string>

#include "record/compare.h"

namespace turnout {

// `by`: the field of the segments; empty: there are none.
std::string ComparePage(const Comparer& comparer, const std::string& by);

}  // namespace turnout
