// Serve: the online server from start to drained.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop_signal.h"
#include "control/controller.h"
#include "server/config.h"

namespace turnout {

struct ServeOptions {
  std::string config_or_model;  // CONFIG.yaml or a model file
  std::string listen;           // "0.0.0.0:8080": instead of the configuration's
  std::string registry = {};    // folder, for a model that is a reference
  // Called once requests are answered, on Serve's thread: where ("http://127.0.0.1:8080") and from what.
  std::function<void(const std::string& url, const Snapshots&)> ready;
};

// Listens, loads, answers until `stop`, then drains: what was received is answered, readiness is 503.
// Errors: a bad configuration or model, an address in use; or requests that had to be cut off after `drain`.
Status Serve(const ServeOptions& options, const StopSignal& stop);

}  // namespace turnout
