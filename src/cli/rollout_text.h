// A rollout as people read it, from the admin interface's JSON.
#pragma once

#include <string>
#include <string_view>

#include "bytes/json_view.h"

namespace turnout {

// Of GET .../rollout: some lines. `evidence`: with every gate's sentence and the counts of both versions.
std::string StatusText(const JsonView& status, bool evidence);
std::string HistoryText(const JsonView& history);
std::string PlanText(const JsonView& plan);
// "Baking 2/4 10 %": for a line of a log.
std::string StatusLine(const JsonView& status);
// A picture of the status that takes `columns`, with colors of a terminal; each line ends it with "\n".
std::string WatchText(const JsonView& status, int columns);

}  // namespace turnout
