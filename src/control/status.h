// An endpoint's state as the admin interface and the commands show it.
#pragma once

#include <string>

#include "control/state.h"

namespace turnout {

// {"endpoint":"churn","revision":7,"generation":3,"stable":"v1","shares":{"v1":90,"v2":10},...}
std::string StatusJson(const EndpointState& state, std::string_view refusal);
std::string HistoryJson(const EndpointState& state);
// What a rollout that is about to begin would do: its steps with their times, its gates.
std::string PlanJson(const EndpointState& state, const Rollout& rollout, bool superseding);
// "v1=90 v2=10"
std::string SharesText(const Route& route);
// One line of a strategy: "canary 10% for 24h then 100%".
std::string StrategyText(const Strategy& strategy);

}  // namespace turnout
