// Serve: the online server from start to drained.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/stop_signal.h"
#include "server/config.h"

namespace turnout {

struct ServeOptions {
  std::string config_or_model;          // CONFIG.yaml or a model file
  std::string listen;                   // "0.0.0.0:8080": instead of the configuration's
  std::function<void(int port)> ready;  // once requests are answered
};

// Listens, loads, answers until `stop`, then drains: what was received is answered, readiness is 503.
// Errors: a bad configuration or model, an address in use; or requests that had to be cut off after `drain`.
Status Serve(const ServeOptions& options, const StopSignal& stop);

}  // namespace turnout
