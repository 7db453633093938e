// The process as Prometheus' client libraries name it (process_cpu_seconds_total, ...), and what was built.
#pragma once

#include <string_view>

#include "monitor/metrics.h"

namespace turnout {

// Read from /proc at each scrape. Again on the same Metrics: no change.
void AddProcessMetrics(Metrics& metrics);

// turnout_build_info{version,compiler} 1
void AddBuildInfo(Metrics& metrics, std::string_view version);

}  // namespace turnout
