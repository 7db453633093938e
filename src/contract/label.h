// Labels by the text that a contract gives them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/signature.h"

namespace turnout {

// The index of the class that `text` names: as LabelText writes it; a number also by its value (1 and 1.0
// are the same label), a bool also as 1, 0, True or False. -1: none.
int32_t FindClass(const std::vector<Label>& classes, std::string_view text);

}  // namespace turnout
