#include "rollout/strategy.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(Steps, BothWays) {
  for (const char* text : {"10% for 24h then 100%", "1% for 10m after 1000 then 25.5% after 3 then 100%",
                           "5% for 2m then 25% for 2m then 50% for 2m then 100%", "100%"}) {
    EXPECT_EQ(StepsText(ParseSteps(text).value()), text);
  }
  EXPECT_EQ(ParseSteps("fast").value(), ParseSteps("5% for 2m then 25% for 2m then 50% for 2m").value());
  EXPECT_EQ(ParseSteps("10% for 24h then 100%").value(), (std::vector<RolloutStep>{{100'000, 86'400, 0}}));
  EXPECT_EQ(ParseSteps("5 for 1m30s after 10").value(), (std::vector<RolloutStep>{{50'000, 90, 10}}));
}

TEST(Steps, Refusals) {
  const auto why = [](std::string_view text) { return ParseSteps(text).error().message; };
  EXPECT_EQ(why("10% for ever"), "step '10% for ever': 'ever' is not a duration; write 30s, 10m or 24h");
  EXPECT_EQ(why("10% after -1"), "step '10% after -1': '-1' is not a number of requests");
  EXPECT_EQ(why("10% after"), "step '10% after': '' is not a number of requests");
  EXPECT_EQ(why("10% until noon"),
            "step '10% until noon': 'until' where `for` and a duration, `after` and a number of requests, or "
            "`then` and the next step are expected");
  EXPECT_EQ(
      why("soon"),
      "'soon' is not a share: percent such as 80 or 12.5 expected, or parts per million such as 125000ppm");
  EXPECT_EQ(why("10% for 1h then 100% for 1h"),
            "the last 100 % is the promotion: what watches over it is `post_promote_watch`");
  std::string many = "1%";
  for (int i = 0; i < 100; ++i) many += " then 1%";
  EXPECT_EQ(why(many), "more than 100 steps");
  EXPECT_FALSE(ParseSteps("10% for 1e400s"));
  EXPECT_FALSE(ParseSteps("10% for 99999999h"));
}

TEST(Strategy, Refusals) {
  const auto why = [](StrategyKind kind, std::string_view steps) {
    Strategy strategy;
    strategy.kind = kind;
    if (!steps.empty()) strategy.steps = ParseSteps(steps).value();
    const Status status = Check(strategy);
    return status ? "" : status.error().message;
  };
  EXPECT_EQ(why(StrategyKind::kBlueGreen, ""), "");
  EXPECT_EQ(why(StrategyKind::kCanary, "fast"), "");
  EXPECT_EQ(why(StrategyKind::kCanary, ""),
            "a canary needs steps, such as `10% for 24h then 100%` or `fast`");
  EXPECT_EQ(why(StrategyKind::kCanary, "10% for 1h then 10% for 1h"),
            "the steps' shares must grow and end below 100 %, but 10 % follows 10 %");
  EXPECT_EQ(why(StrategyKind::kCanary, "10% then 100%"),
            "the step of 10 % asks for nothing: give it `for` a time or `after` a number of requests");
  Strategy gated;
  gated.gates = {{GateKind::kErrors, 1.5, 0}};
  EXPECT_EQ(Check(gated).error().message, "gate errors: a limit of 1.5 is no share of the rows");
  gated.gates = {{GateKind::kP99, 0, 0}};
  EXPECT_EQ(Check(gated).error().message, "gate p99: a limit of 0 s is not within 0 s to 1 h");
}

TEST(Strategy, Names) {
  for (const StrategyKind kind : {StrategyKind::kRecreate, StrategyKind::kRolling, StrategyKind::kBlueGreen,
                                  StrategyKind::kCanary, StrategyKind::kShadow}) {
    EXPECT_EQ(ParseStrategyKind(Name(kind)).value(), kind);
  }
  EXPECT_EQ(ParseStrategyKind("big-bang").error().message,
            "'big-bang' is not a strategy; there are recreate, rolling, bluegreen, canary, shadow");
}

}  // namespace
}  // namespace turnout
