// The process as Prometheus' client libraries name it (process_cpu_seconds_total, ...), and what was built.
#pragma once

#include <string_view>

#include "monitor/metrics.h"

namespace turnout {

// Once per Metrics. Read from /proc at each scrape.
void AddProcessMetrics(Metrics& metrics);

// turnout_build_info{version,compiler} 1
void AddBuildInfo(Metrics& metrics, std::string_view version);

}  // namespace turnout
