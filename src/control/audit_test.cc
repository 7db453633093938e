#include "control/audit.h"

#include <gtest/gtest.h>

#include "control/test_control.h"

namespace turnout {
namespace {

using testing::ControlFolder;

std::string Written(const ControlFolder& folder) {
  auto log = AuditLog::Open(folder.Path("audit.jsonl"));
  EXPECT_TRUE(log) << log.error().message;
  EXPECT_TRUE(log->Append(R"("verb":"apply","reason":"first")", 1));
  EXPECT_TRUE(log->Append(
      R"("verb":"decide","gates":[{"kind":"errors","limit":0.1,"min_requests":5,"verdict":"FAIL"}],"evidence":{"requests":10,"rows":10,"errors":2})",
      2));
  EXPECT_TRUE(log->Append(R"("verb":"pause","result":"refused: no")", 2));
  return folder.Read("audit.jsonl");
}

TEST(Audit, AChainOfLines) {
  const ControlFolder folder;
  const std::string text = Written(folder);
  const auto report = AuditVerify(text);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->lines, 3u);
  EXPECT_EQ(report->verdicts, 1u);
  EXPECT_TRUE(text.find(report->last_hash) != text.npos);
  // It goes on after a restart, with a line that was being written cut off.
  folder.Write("audit.jsonl", text + R"({"seq":4,"ts":"20)");
  auto log = AuditLog::Open(folder.Path("audit.jsonl"));
  ASSERT_TRUE(log);
  EXPECT_EQ(log->cut_bytes(), 17u);
  EXPECT_EQ(log->last_journal(), 2u);
  ASSERT_TRUE(log->Append(R"("verb":"resume")", 3));
  EXPECT_EQ(AuditVerify(folder.Read("audit.jsonl"))->lines, 4u);
}

TEST(Audit, AnyChangedByteBreaksIt) {
  const ControlFolder folder;
  const std::string text = Written(folder);
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(AuditVerify(changed)) << at;
  }
}

TEST(Audit, WhatIsWrongIsNamed) {
  const ControlFolder folder;
  const std::string text = Written(folder);
  const std::size_t second = text.find('\n') + 1, third = text.find('\n', second) + 1;
  const auto why = [](const std::string& changed) { return AuditVerify(changed).error().message; };
  EXPECT_EQ(why(text.substr(second)), "line 1: its prev_hash is not the hash of the line before");
  EXPECT_EQ(why(text.substr(0, second) + text.substr(third)),
            "line 2: its prev_hash is not the hash of the line before");
  std::string changed = text;
  changed.replace(changed.find("first"), 5, "First");
  EXPECT_EQ(why(changed), "line 1: its hash is not that of its text");
  EXPECT_EQ(why("{}\n"), "line 1: it does not end with its hash");
  EXPECT_EQ(AuditVerify(text.substr(0, text.size() - 1))->torn_bytes, text.size() - third - 1);
  EXPECT_EQ(AuditVerify("")->lines, 0u);

  // A verdict that the recorded evidence does not give, in a chain that is whole.
  auto log = AuditLog::Open(folder.Path("audit.jsonl"));
  ASSERT_TRUE(log->Append(
      R"("gates":[{"kind":"errors","limit":0.1,"min_requests":5,"verdict":"PASS"}],"evidence":{"requests":10,"rows":10,"errors":2})",
      3));
  EXPECT_EQ(why(folder.Read("audit.jsonl")),
            "line 4: gate errors is said to be PASS, but what was recorded makes it FAIL");
}

}  // namespace
}  // namespace turnout
