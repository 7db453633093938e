// Routes: what the endpoints serve now, and the one place where that changes.
//
// A change is checked, numbered and published as a whole; a version keeps being loaded for as long as its
// endpoint names it, whatever its share, so that going back is publishing another table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "predict/predict.h"

namespace turnout {

class Routes {
 public:
  using Publish = std::function<Status(std::vector<std::shared_ptr<const Snapshot>>)>;

  // `publish` gets every table, and is called with no two at once.
  explicit Routes(Publish publish) : publish_(std::move(publish)) {}

  Status Start(std::vector<std::shared_ptr<const Snapshot>> snapshots);
  // nullptr: no such endpoint, or nothing is loaded yet.
  std::shared_ptr<const Snapshot> Find(std::string_view endpoint) const;

  // The endpoint's next route; versions that `shares` does not name get none. Refuses, and changes nothing:
  // no such endpoint (kNotFound), an unknown version or shares that do not sum to all (kInvalidArgument),
  // another generation than `if_generation` (kUnavailable: somebody was faster). Any thread.
  Result<std::shared_ptr<const Snapshot>> SetShares(std::string_view endpoint,
                                                    const std::vector<TrafficShare>& shares,
                                                    std::optional<uint64_t> if_generation);

 private:
  const Publish publish_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Snapshot>> snapshots_;  // guarded by mutex_
};

}  // namespace turnout
