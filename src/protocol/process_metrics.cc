#include "protocol/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <string>

namespace turnout {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double CpuSeconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return kUnknown;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Files of /proc are read in one go: they are made when opened.
std::string ReadProc(const char* path) {
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::string text(8192, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = read(descriptor, text.data() + size, text.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (size == text.size()) text.resize(2 * size);
  }
  close(descriptor);
  text.resize(size);
  return text;
}

// /proc/self/statm: total and resident pages.
double MemoryBytes(int word) {
  const std::string text = ReadProc("/proc/self/statm");
  long pages[2] = {};
  if (std::sscanf(text.c_str(), "%ld %ld", &pages[0], &pages[1]) != 2) return kUnknown;
  return static_cast<double>(pages[word]) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Seconds since 1970: the boot time and field 22 of /proc/self/stat, which counts ticks since then.
double StartTime() {
  const std::string stat = ReadProc("/proc/self/stat");
  const std::size_t after_name = stat.rfind(')');  // the name may hold blanks and parentheses
  if (after_name == std::string::npos) return kUnknown;
  unsigned long long ticks = 0;
  if (std::sscanf(stat.c_str() + after_name + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &ticks) != 1) {
    return kUnknown;
  }
  const std::string system = ReadProc("/proc/stat");
  const std::size_t boot = system.find("\nbtime ");
  unsigned long long booted = 0;
  if (boot == std::string::npos || std::sscanf(system.c_str() + boot, "\nbtime %llu", &booted) != 1) {
    return kUnknown;
  }
  return static_cast<double>(booted) + static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double OpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return kUnknown;
  int count = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

double MostFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUnknown;
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

}  // namespace

void AddProcessMetrics(Metrics& metrics) {
  metrics.CounterFrom("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", {},
                      CpuSeconds);
  metrics.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {},
                [] { return MemoryBytes(1); });
  metrics.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {},
                [] { return MemoryBytes(0); });
  metrics.Gauge("process_start_time_seconds", "Start time of the process since the epoch, in seconds.", {},
                [start = StartTime()] { return start; });
  metrics.Gauge("process_open_fds", "Number of open file descriptors.", {}, OpenFiles);
  metrics.Gauge("process_max_fds", "Maximum number of open file descriptors.", {}, MostFiles);
}

void AddBuildInfo(Metrics& metrics, std::string_view version) {
  metrics.Gauge("turnout_build_info", "The program's version and compiler.",
                {{"version", std::string(version)}, {"compiler", "g++ " __VERSION__}}, [] { return 1.0; });
}

}  // namespace turnout
