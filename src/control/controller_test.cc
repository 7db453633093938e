#include "control/controller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "control/test_control.h"

namespace turnout {
namespace {

using testing::ControlFolder;
using testing::World;

// A controller with its world; `Again` is what a restart of the process makes of the folder.
struct Bench {
  explicit Bench(std::vector<std::string> others = {"v2"}) : configured(std::move(others)) {
    for (const char* name : {"v1", "v2", "v3"})
      world->files[std::string(name) + ".pkl"] = std::string(64, name[1]);
    world->files["large.pkl"] = std::string(64, 'f');
    Begin();
  }

  void Begin() {
    controller = std::make_unique<Controller>(
        world->metrics,
        Controller::Options{.folder = folder.path(), .loops = 2, .shadow = {.priority = Priority::kNormal}},
        world->outside());
    started = controller->Start({world->Churn(configured)});
  }
  // kill -9: nothing is told to anybody, counters are lost.
  void Again(bool orderly = false) {
    if (orderly) controller->End();
    controller.reset();
    auto next = std::make_unique<World>();
    next->files = world->files;
    world = std::move(next);
    Begin();
    ASSERT_TRUE(started) << started.error().message;
  }

  std::string Do(std::string verb, std::string version = {}, std::string model = {},
                 std::string strategy = {}, Who who = {}) {
    const auto done = controller->Do({std::move(verb), "churn", std::move(who), std::move(version),
                                      std::move(model), std::move(strategy)});
    return done ? "done" : done.error().message;
  }
  std::string At(std::string_view path) const {
    const std::string status = controller->StatusOf("churn").value();
    JsonTokenizer json;
    const auto tokens = json.Document(status).value();
    JsonView view(tokens);
    while (!path.empty()) {
      const std::string_view name = path.substr(0, path.find('/'));
      view = view[name];
      path.remove_prefix(std::min(name.size() + 1, path.size()));
    }
    return std::string(view.Text());
  }
  std::string phase() const { return At("rollout/phase"); }

  // Ticks with traffic until the rollout is in `phase`.
  void Until(std::string_view wanted, int keys = 40, int most = 200) {
    for (int i = 0; i < most && phase() != wanted; ++i) {
      while (controller->LoadNext()) {
      }
      if (keys > 0) world->Ask(keys);
      controller->Tick(1);
    }
    EXPECT_EQ(phase(), wanted) << At("rollout/why");
  }
  void CheckAudit() const {
    const auto report = AuditVerify(folder.Read("audit.jsonl"));
    EXPECT_TRUE(report) << report.error().message;
  }

  std::vector<std::string> configured;
  ControlFolder folder;
  std::unique_ptr<World> world = std::make_unique<World>();
  std::unique_ptr<Controller> controller;
  Status started;
};

TEST(Controller, ACanaryFromApplyToSucceeded) {
  Bench bench;
  ASSERT_TRUE(bench.started) << bench.started.error().message;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  EXPECT_EQ(bench.At("shares/v2"), "10");
  EXPECT_EQ(bench.At("stable"), "v1");
  const auto counts = bench.world->Ask(2000);
  EXPECT_NEAR(counts.at("v2"), 200, 60);
  bench.Until("Watching");
  EXPECT_EQ(bench.At("stable"), "v2");
  EXPECT_EQ(bench.world->Ask(50).at("v2"), 50);
  EXPECT_EQ(bench.world->now.front()->stable->name, "v2");
  bench.Until("Succeeded");
  EXPECT_EQ(bench.At("previous/version"), "v1");
  bench.CheckAudit();
}

TEST(Controller, AVersionFromAFileIsLoadedCheckedAndPinned) {
  Bench bench(std::vector<std::string>{});
  EXPECT_EQ(bench.Do("apply", "v3", "none.pkl"), "done");
  bench.Until("Failed");
  EXPECT_EQ(bench.At("rollout/why"), "none.pkl: cannot open");
  EXPECT_EQ(bench.Do("apply", "v4", "v3.pkl"), "done");
  EXPECT_EQ(bench.phase(), "Pending");
  bench.Until("Baking");
  EXPECT_EQ(bench.At("versions/v4/sha256"), std::string(64, '3'));
  bench.Until("Succeeded");
  // A restart loads it again, by its digest; the configuration still names v1 alone.
  bench.Again();
  EXPECT_EQ(bench.At("stable"), "v4");
  EXPECT_EQ(bench.world->Ask(20).at("v4"), 20);
  // A file that changed in place is refused.
  bench.world->files["v3.pkl"] = std::string(64, 'x');
  bench.controller.reset();
  bench.Begin();
  EXPECT_EQ(bench.started.error().message,
            "endpoint 'churn': v3.pkl: the file has changed since version v4 was made of it (sha256 "
            "333333333333, now "
            "xxxxxxxxxxxx): a changed model is a new version");
  bench.world->files["v3.pkl"] = std::string(64, '3');
  bench.world->files["v1.pkl"] = std::string(64, 'x');
  bench.controller.reset();
  bench.Begin();
  EXPECT_EQ(bench.started.error().message,
            "endpoint 'churn': version v1: v1.pkl is not the file that it was (sha256 111111111111, now "
            "xxxxxxxxxxxx): a "
            "changed model is a new version, give it another name");
}

TEST(Controller, HarmRollsBackAndSaysWhy) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "large", "large.pkl"), "done");
  bench.Until("RolledBack", 200);
  EXPECT_TRUE(bench.At("rollout/why").starts_with("gate invalid_outputs: ")) << bench.At("rollout/why");
  EXPECT_EQ(bench.At("stable"), "v1");
  EXPECT_EQ(bench.world->Ask(50).at("v1"), 50);
  EXPECT_EQ(bench.At("versions/large/model"), "large.pkl");  // `retry` needs it
  EXPECT_EQ(bench.At("shares/large"), "");                   // and it is not loaded any more
  bench.CheckAudit();
}

// Every transition is in the journal before it is published: killed at any record, the next start is where
// the journal is, allowed, and serves only what was checked.
TEST(Controller, KilledAfterEveryRecord) {
  std::vector<std::string> journals, audits;
  {
    Bench bench;
    const auto keep = [&] {
      journals.push_back(bench.folder.Read("journal"));
      audits.push_back(bench.folder.Read("audit.jsonl"));
    };
    keep();
    EXPECT_EQ(bench.Do("apply", "v3", "v3.pkl"), "done");
    for (int i = 0; i < 80 && bench.phase() != "Succeeded"; ++i) {
      keep();
      bench.controller->LoadNext();
      bench.world->Ask(60);
      bench.controller->Tick(1);
    }
    EXPECT_EQ(bench.phase(), "Succeeded");
    keep();
    EXPECT_EQ(bench.Do("rollback"), "done");
    keep();
    for (int i = 0; i < 3; ++i) bench.controller->Tick(1);
    keep();
  }
  ASSERT_GT(journals.size(), 10u);
  for (std::size_t i = 0; i < journals.size(); ++i) {
    for (const bool audit_late : {false, true}) {
      Bench bench;
      bench.controller.reset();
      bench.folder.Write("journal", journals[i]);
      // The process may have died between the journal and the audit log.
      bench.folder.Write("audit.jsonl", audits[audit_late && i > 0 ? i - 1 : i]);
      bench.Begin();
      ASSERT_TRUE(bench.started) << bench.started.error().message;
      bench.CheckAudit();
      const JournalContents found = ReadJournal(journals[i], {});
      JsonTokenizer json;
      const auto tokens = json.Document(found.records.back().payload).value();
      const EndpointState last = ReadState(JsonView(tokens)["state"]).value();
      EXPECT_EQ(bench.At("stable"), last.stable);
      for (const TrafficShare& share : last.route.shares()) {
        EXPECT_EQ(bench.At("shares/" + share.version), PpmText(share.ppm)) << i;
      }
      // It comes to its end all the same.
      if (last.rollout && !IsEnd(last.rollout->phase)) {
        bench.Until("Succeeded", 60, 300);
      }
    }
  }
}

TEST(Controller, AnUncleanRestartBakesAgainAndKeepsTheEvidence) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  for (int i = 0; i < 5; ++i) {
    bench.world->Ask(100);
    bench.controller->Tick(1);
  }
  const std::string requests = bench.At("rollout/candidate/requests");
  EXPECT_GT(std::stoi(requests), 10);
  EXPECT_EQ(bench.At("rollout/seconds"), "5");
  bench.Again();
  EXPECT_EQ(bench.phase(), "Baking");
  EXPECT_EQ(bench.At("rollout/seconds"), "0");
  EXPECT_EQ(bench.At("rollout/candidate/requests"), requests);
  EXPECT_EQ(bench.At("shares/v2"), "10");
  bench.Again(true);
  bench.Until("Succeeded");
  bench.CheckAudit();
}

TEST(Controller, ACandidateThatKillsTheProcessIsNotStartedAFourthTime) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  for (int death = 1; death <= 2; ++death) {
    bench.Again();
    EXPECT_EQ(bench.phase(), "Baking");
  }
  bench.Again();
  EXPECT_EQ(bench.phase(), "RolledBack");
  EXPECT_EQ(bench.At("rollout/why"),
            "aborted: crash_loop: the process died 3 times within 10 minutes with it");
  EXPECT_EQ(bench.At("shares/v2"), "0");
  EXPECT_EQ(bench.At("shares/v1"), "100");
  bench.CheckAudit();
}

TEST(Controller, AStartThatIsRefusedIsNoDeath) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  const std::string file = bench.world->files["v1.pkl"];
  for (int i = 0; i < 4; ++i) {
    bench.controller->End();
    bench.controller.reset();
    bench.world->files["v1.pkl"] = std::string(64, 'x');
    bench.Begin();
    EXPECT_FALSE(bench.started);
    bench.world->files["v1.pkl"] = file;
  }
  bench.controller.reset();
  bench.Begin();
  ASSERT_TRUE(bench.started) << bench.started.error().message;
  EXPECT_EQ(bench.phase(), "Baking");
}

TEST(Controller, RollbackIsOnePublicationOfWhatIsLoaded) {
  Bench bench(std::vector<std::string>{});
  EXPECT_EQ(bench.Do("rollback"),
            "endpoint churn has no previous version that is still loaded; `apply` brings one back");
  EXPECT_EQ(bench.Do("apply", "v2", "v2.pkl", R"({"kind":"bluegreen","post_promote_watch":0})"), "done");
  bench.Until("Succeeded", 0);
  const int before = bench.world->publications;
  bench.world->files.clear();  // nothing can be read any more, and nothing has to be
  EXPECT_EQ(bench.Do("rollback", {}, {}, {}, {.reason = "smells"}), "done");
  EXPECT_EQ(bench.world->publications, before + 1);
  EXPECT_EQ(bench.world->Ask(10).at("v1"), 10);
  EXPECT_EQ(bench.At("rollout/why"), "promoted in full: rolled back: smells");
  bench.Until("Succeeded", 0);
  EXPECT_EQ(bench.Do("rollback"), "done");  // and forth
  EXPECT_EQ(bench.world->Ask(10).at("v2"), 10);
  bench.Until("Succeeded", 0);
  // When the window is over it is unloaded.
  for (int i = 0; i < 101; ++i) bench.controller->Tick(1);
  EXPECT_EQ(bench.At("previous/version"), "");
  EXPECT_EQ(bench.At("shares/v1"), "0");  // the configuration's own stays
  bench.CheckAudit();
}

TEST(Controller, ANewerApplySupersedes) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  bench.world->settled = false;
  EXPECT_EQ(bench.Do("apply", "v3", "v3.pkl"), "done");
  EXPECT_EQ(bench.phase(), "Aborting");
  EXPECT_EQ(bench.At("shares/v2"), "0");
  EXPECT_EQ(bench.At("next/uid"), "churn-2");
  bench.world->settled = true;
  bench.controller->Tick(1);
  EXPECT_EQ(bench.At("rollout/uid"), "churn-2");
  EXPECT_EQ(bench.phase(), "Pending");
  bench.Until("Baking");
  EXPECT_EQ(bench.At("rollout/candidate/invalid"), "0");
  const std::string history = bench.controller->HistoryOf("churn").value();
  EXPECT_NE(history.find(R"("phase":"Superseded","why":"superseded: by churn-2")"), history.npos) << history;
  bench.Until("Succeeded");
}

TEST(Controller, RollingMovesLoopByLoop) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2", "", R"({"kind":"rolling","steps":[],"post_promote_watch":0})"), "done");
  std::vector<std::size_t> moved;
  for (int i = 0; i < 20 && bench.phase() != "Succeeded"; ++i) {
    while (bench.controller->LoadNext()) {
    }
    bench.controller->Tick(1);
    if (moved.empty() || moved.back() != bench.world->moved) moved.push_back(bench.world->moved);
    // The two tables differ by their generation wherever they differ by what they serve.
    const Snapshot& now = *bench.world->now[0];
    const Snapshot& ahead = *bench.world->ahead[0];
    EXPECT_EQ(now.route.generation() != ahead.route.generation(), bench.world->moved > 0);
  }
  EXPECT_EQ(moved, (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(bench.At("stable"), "v2");
}

TEST(Controller, AnAbortedRollingChangeTakesANewGeneration) {
  Bench bench;
  bench.Do("apply", "v2", "", R"({"kind":"rolling","steps":[{"bake":60}]})");
  bench.Until("Baking", 0);
  const uint64_t shown = bench.world->ahead[0]->route.generation();
  EXPECT_EQ(bench.Do("abort"), "done");
  EXPECT_GT(bench.world->now[0]->route.generation(), shown);
  EXPECT_EQ(bench.world->moved, 0u);
}

TEST(Controller, RecreateIsDownInBetween) {
  Bench bench;
  bench.Do("apply", "v2", "", R"({"kind":"recreate","post_promote_watch":0})");
  bench.world->settled = false;
  bench.controller->LoadNext();
  bench.controller->Tick(1);
  EXPECT_EQ(bench.phase(), "Shifting");
  EXPECT_TRUE(bench.world->now[0]->down);
  bench.controller->Tick(1);
  bench.world->settled = true;
  bench.controller->Tick(1);
  EXPECT_FALSE(bench.world->now[0]->down);
  EXPECT_EQ(bench.world->Ask(5).at("v2"), 5);
  bench.Until("Succeeded", 0);
  EXPECT_EQ(bench.At("rollout/down_seconds"), "3");
}

TEST(Controller, AShadowScoresCopiesAndRecommends) {
  Bench bench;
  bench.Do("apply", "v2", "", R"({"kind":"shadow","steps":[{"bake":3,"min_requests":20}]})");
  bench.controller->LoadNext();
  bench.controller->Tick(1);
  ASSERT_EQ(bench.world->now[0]->shadows.size(), 1u);
  const std::shared_ptr<Shadow> shadow = bench.world->now[0]->shadows[0];
  Predictor predictor(bench.world->metrics.NewShard());
  for (int i = 0; i < 100 && bench.phase() != "Paused"; ++i) {
    // What a loop does with a request.
    const Snapshot& snapshot = *bench.world->now[0];
    Batch batch(snapshot.contract->layout());
    batch.AppendRow(0, {});
    batch.column(0).texts.back() = "K-1";
    batch.column(1).numbers.back() = batch.column(2).numbers.back() = 1e3;
    Answers answers;
    predictor.Predict(snapshot, batch, std::chrono::steady_clock::now(), answers);
    Mirror(snapshot, batch, answers, "p", false);
    while (shadow->counts().queued > 0) std::this_thread::yield();
    bench.controller->Tick(1);
  }
  EXPECT_EQ(bench.At("rollout/why"),
            "the shadow passed its gates, the last; it may be promoted (`promote --full`) or aborted");
  EXPECT_EQ(bench.At("shares/v2"), "0");
  EXPECT_EQ(bench.Do("promote_full"), "done");
  EXPECT_TRUE(bench.world->now[0]->shadows.empty());
  EXPECT_EQ(bench.world->Ask(5).at("v2"), 5);
}

TEST(Controller, TheDirectSplitIsKeptToo) {
  Bench bench;
  const auto set = [&](std::vector<TrafficShare> shares, Who who = {}) {
    const auto done = bench.controller->SetShares("churn", std::move(shares), who);
    return done ? "generation " + std::to_string((*done)->route.generation()) : done.error().message;
  };
  EXPECT_EQ(set({{"v1", 800'000}, {"v2", 200'000}}), "generation 2");
  const auto before = bench.world->Ask(200);
  EXPECT_EQ(set({{"v9", kWhole}}), "endpoint churn has no version 'v9'; it has v1=80 v2=20");
  EXPECT_EQ(set({{"v1", kWhole}}, {.if_revision = 1}),
            "the route is at generation 2, not 1: look at it again");
  EXPECT_EQ(bench.Do("apply", "v2"),
            "the route is split (v1=80 v2=20): `turnout route set churn v1=100` first");
  bench.Again();
  EXPECT_EQ(bench.world->Ask(200), before);  // the same keys, although the configuration says v1=100
  EXPECT_EQ(set({{"v1", kWhole}}, {.if_revision = 2}), "generation 3");
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  EXPECT_EQ(set({{"v1", kWhole}}), "rollout churn-1 owns the route: `turnout rollout abort churn` first");
  bench.CheckAudit();
}

TEST(Controller, VerbsAreCheckedAndDoneOnce) {
  Bench bench;
  const auto revision = [&] { return bench.controller->RevisionOf("churn"); };
  EXPECT_EQ(bench.Do("pause"), "endpoint churn has no rollout in work; `apply` starts one");
  EXPECT_EQ(bench.Do("apply", "v9"),
            "endpoint churn has no version 'v9'; it has v1=100 v2=0; `--model` names the file of a new one");
  EXPECT_EQ(bench.Do("apply", "v2", "other.pkl"),
            "version v2 is v2.pkl: another file is another version, give it another name");
  EXPECT_EQ(bench.Do("apply", "v1"), "version v1 is the stable one already");
  EXPECT_EQ(bench.Do("apply", "a\nb"),
            "a version's name has 1 to 100 bytes, none of them a control character");
  EXPECT_EQ(bench.Do("apply", "v2", "", R"({"steps":"10% soon"})"),
            "step '10% soon': 'soon' where `for` and a duration, `after` and a number of requests, or `then` "
            "and the "
            "next step are expected");
  EXPECT_EQ(bench.Do("apply", "v2", "", R"({"kindd":"canary"})"), "strategy.kindd: there is no such thing");
  EXPECT_EQ(bench.Do("dance"), "endpoint churn has no rollout in work; `apply` starts one");

  Who first{.key = "k-1", .if_revision = revision()};
  EXPECT_EQ(bench.Do("apply", "v2", "", "", first), "done");
  const uint64_t after = revision();
  EXPECT_EQ(bench.Do("apply", "v2", "", "", first), "done");  // again: the answer got lost
  EXPECT_EQ(revision(), after);
  EXPECT_EQ(bench.At("rollout/uid"), "churn-1");
  EXPECT_EQ(bench.Do("abort", "", "", "", {.key = "k-1"}),
            "the idempotency key 'k-1' was used for another verb (apply v2  )");
  bench.Until("Baking");
  EXPECT_EQ(bench.Do("pause", "", "", "", {.if_revision = after}),
            "endpoint churn is at revision " + std::to_string(revision()) + ", not " + std::to_string(after) +
                ": look at it again");
  EXPECT_EQ(bench.Do("freeze", "", "", "", {.reason = "holidays"}), "done");
  EXPECT_EQ(bench.Do("promote"), "endpoint churn is frozen (holidays): only abort and unfreeze are left");
  for (int i = 0; i < 60; ++i) {
    bench.world->Ask(20);
    bench.controller->Tick(1);
  }
  EXPECT_EQ(bench.phase(), "Baking");
  EXPECT_EQ(bench.Do("abort"), "done");
  bench.Until("RolledBack");
  EXPECT_EQ(bench.Do("unfreeze"), "done");
  EXPECT_EQ(bench.Do("retry"), "done");
  EXPECT_EQ(bench.At("rollout/uid"), "churn-2");
  const std::string audit = bench.folder.Read("audit.jsonl");
  EXPECT_NE(audit.find(R"("result":"refused: version v1 is the stable one already")"), audit.npos);
  bench.CheckAudit();
}

// Nothing that cannot be kept becomes visible; only the way back is open.
TEST(Controller, OnAFullDiskVerbsAreRefusedAndAnAbortGoesBack) {
  Bench bench;
  EXPECT_EQ(bench.Do("apply", "v2"), "done");
  bench.Until("Baking");
  const int before = bench.world->publications;
  {
    const testing::FullDisk full(bench.folder.Read("journal").size() + 10);
    EXPECT_EQ(bench.Do("promote"), bench.folder.Path("journal") + ": cannot write: File too large");
    EXPECT_EQ(bench.Do("freeze"), bench.folder.Path("journal") + ": cannot write: File too large");
    for (int i = 0; i < 30; ++i) {
      bench.world->Ask(60);
      bench.controller->Tick(1);
    }
    EXPECT_EQ(bench.phase(), "Baking");
    EXPECT_EQ(bench.world->publications, before);
    EXPECT_EQ(bench.Do("abort"), "done");
    EXPECT_EQ(bench.At("shares/v2"), "0");
    EXPECT_EQ(bench.world->Ask(30).at("v1"), 30);
  }
  bench.Until("RolledBack", 0);
  bench.Again();
  EXPECT_EQ(bench.phase(), "RolledBack");
  bench.CheckAudit();
}

// The controller's own threads at work, and admins that race: of two verbs at one revision exactly one is
// done.
TEST(Controller, OfVerbsThatRaceOneWins) {
  Bench bench;
  bench.controller->Run();
  constexpr int kAdmins = 4, kRounds = 50;
  std::atomic<int> done = 0, refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t revision = bench.controller->RevisionOf("churn");
    std::vector<std::jthread> admins;
    for (int admin = 0; admin < kAdmins; ++admin) {
      admins.emplace_back([&] {
        const auto reply = bench.controller->Do({.verb = round % 2 == 0 ? "freeze" : "unfreeze",
                                                 .endpoint = "churn",
                                                 .who = {.reason = "race", .if_revision = revision}});
        ++(reply ? done : refused);
        EXPECT_NE(bench.controller->Find("churn"), nullptr);
      });
    }
    admins.clear();
    ASSERT_EQ(done, round + 1);
  }
  EXPECT_EQ(refused, kRounds * (kAdmins - 1));
  // Loading, ticking and verbs at the same time; it comes to its end by itself.
  ASSERT_EQ(bench.Do("apply", "v3", "v3.pkl", R"({"kind":"bluegreen","post_promote_watch":0})"), "done");
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (bench.phase() != "Succeeded" && std::chrono::steady_clock::now() < patience)
    std::this_thread::yield();
  EXPECT_EQ(bench.phase(), "Succeeded");
  bench.controller->End();
  bench.CheckAudit();
}

TEST(Controller, ADamagedJournalServesTheStableVersionAndTakesNoVerb) {
  Bench bench;
  bench.Do("apply", "v2");
  bench.Until("Baking");
  bench.controller.reset();
  std::string journal = bench.folder.Read("journal");
  journal[journal.size() / 2] = static_cast<char>(journal[journal.size() / 2] ^ 0x40);
  bench.folder.Write("journal", journal);
  bench.Begin();
  ASSERT_TRUE(bench.started) << bench.started.error().message;
  EXPECT_EQ(bench.world->Ask(50).at("v1"), 50);
  const std::string why = bench.Do("apply", "v2");
  EXPECT_NE(why.find("are no record"), why.npos) << why;
  EXPECT_FALSE(bench.controller->SetShares("churn", {{"v2", kWhole}}, {}));
  EXPECT_EQ(bench.folder.Read("journal"), journal);
}

// The last record's bytes went bad: by itself it looks like one that was being written, but the audit knows
// it.
TEST(Controller, ADurableRecordThatIsGoneIsNoticed) {
  Bench bench;
  bench.controller->SetShares("churn", {{"v1", 500'000}, {"v2", 500'000}}, {}).value();
  bench.controller.reset();
  std::string journal = bench.folder.Read("journal");
  journal.back() = '?';
  bench.folder.Write("journal", journal);
  bench.Begin();
  ASSERT_TRUE(bench.started);
  EXPECT_EQ(bench.world->Ask(50).at("v1"), 50);
  const auto refused = bench.controller->SetShares("churn", {{"v2", kWhole}}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            bench.folder.path() + ": the audit log knows of record 2, the journal ends with 1");
}

TEST(Controller, ASnapshotTakesThePlaceOfAThousandRecords) {
  Bench bench;
  for (int i = 0; i < 1100; ++i) {
    const uint32_t share = static_cast<uint32_t>(i % 100) * 10'000;
    ASSERT_TRUE(bench.controller->SetShares("churn", {{"v1", kWhole - share}, {"v2", share}}, {}));
  }
  EXPECT_LT(bench.folder.Read("journal").size(), 400'000u);
  EXPECT_GT(bench.folder.Read("snapshot").size(), 300u);
  const std::string generation = bench.At("generation");
  bench.Again();
  EXPECT_EQ(bench.At("generation"), generation);
  EXPECT_EQ(bench.At("shares/v2"), "99");
  bench.CheckAudit();
}

TEST(Controller, WithoutAFolderOnlySharesAreSet) {
  World world;
  world.files = {{"v1.pkl", "1"}, {"v2.pkl", "2"}};
  Controller controller(world.metrics, {}, world.outside());
  ASSERT_TRUE(controller.Start({world.Churn({"v2"})}));
  EXPECT_TRUE(controller.SetShares("churn", {{"v2", kWhole}}, {}));
  EXPECT_EQ(controller.Do({.verb = "apply", .endpoint = "churn", .version = "v1"}).error().message,
            "rollouts need `state` in the configuration: a folder for their journal");
  EXPECT_EQ(controller.StatusOf("risk").error().message, "there is no endpoint 'risk'");
}

}  // namespace
}  // namespace turnout
