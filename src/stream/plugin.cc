#include "stream/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace turnout {
namespace {

constexpr std::string_view kFile = "libturnout_kafka.so";

std::string ProgramFolder() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return ".";
  const std::string_view whole(path, static_cast<std::size_t>(size));
  return std::string(whole.substr(0, whole.rfind('/')));
}

}  // namespace

std::string KafkaPluginPath() {
  if (const char* set = std::getenv("TURNOUT_KAFKA_PLUGIN"); set != nullptr && *set != '\0') return set;
  const std::string folder = ProgramFolder();
  for (const std::string_view place : {"lib/", "../lib/", "../lib/turnout/", ""}) {
    std::string path = fmt::format("{}/{}{}", folder, place, kFile);
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return fmt::format("{}/../lib/{}", folder, kFile);
}

Result<std::unique_ptr<Broker>> OpenBroker(const std::string& plugin, const BrokerOptions& options,
                                           BrokerEvents& events) {
  const std::string path = plugin.empty() ? KafkaPluginPath() : plugin;
  if (access(path.c_str(), R_OK) != 0) {
    return Fail(
        Code::kNotFound,
        fmt::format("the Kafka plug-in {} is not there; build it (tools/librdkafka/build, then the target "
                    "turnout_kafka), or name it with TURNOUT_KAFKA_PLUGIN",
                    path));
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return Fail(Code::kUnsupported,
                fmt::format("the Kafka plug-in can't be loaded: {}; install what it needs (ldd {})",
                            reason == nullptr ? path : reason, path));
  }
  const auto open = reinterpret_cast<OpenBrokerFunction>(dlsym(library, kOpenBrokerSymbol));
  if (open == nullptr) {
    return Fail(Code::kUnsupported,
                fmt::format("{} is no broker plug-in of Turnout (it has no {})", path, kOpenBrokerSymbol));
  }
  Result<std::unique_ptr<Broker>> broker = Fail(Code::kInternal, "the plug-in gave no broker");
  open(kBrokerAbi, options, events, broker);
  return broker;
}

}  // namespace turnout
