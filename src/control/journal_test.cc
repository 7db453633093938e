#include "control/journal.h"

#include <gtest/gtest.h>

#include "control/test_control.h"

namespace turnout {
namespace {

using testing::ControlFolder;

Journal Opened(const ControlFolder& folder, JournalContents& found) {
  auto journal = Journal::Open(folder.path(), found);
  EXPECT_TRUE(journal) << journal.error().message;
  return *std::move(journal);
}

std::vector<std::string> Payloads(const JournalContents& found) {
  std::vector<std::string> payloads;
  for (const JournalRecord& record : found.records) payloads.push_back(record.payload);
  return payloads;
}

TEST(Journal, GoesOnWhereItWas) {
  const ControlFolder folder;
  JournalContents found;
  {
    Journal journal = Opened(folder, found);
    EXPECT_EQ(found.last(), 0u);
    EXPECT_EQ(journal.Append("one").value(), 1u);
    EXPECT_EQ(journal.Append("").value(), 2u);
    EXPECT_EQ(journal.Append("three").value(), 3u);
  }
  {
    Journal journal = Opened(folder, found);
    EXPECT_EQ(Payloads(found), (std::vector<std::string>{"one", "", "three"}));
    EXPECT_TRUE(journal.Snapshot("all of it"));
    EXPECT_EQ(journal.records_since_snapshot(), 0u);
    EXPECT_EQ(journal.Append("four").value(), 4u);
  }
  Journal journal = Opened(folder, found);
  EXPECT_EQ(found.snapshot, "all of it");
  EXPECT_EQ(found.snapshot_number, 3u);
  EXPECT_EQ(Payloads(found), (std::vector<std::string>{"four"}));
  EXPECT_EQ(found.damage, "");
  // One server a folder.
  JournalContents other;
  EXPECT_EQ(Journal::Open(folder.path(), other).error().message,
            folder.path() + ": another server works in this folder; give each its own `state`");
}

// The process can die between the snapshot and the new journal: the old one's records are in the snapshot.
TEST(Journal, RecordsThatTheSnapshotCoversArePassedOver) {
  const std::string journal = std::string(kJournalMagic) + JournalRecordBytes(1, "a") +
                              JournalRecordBytes(2, "b") + JournalRecordBytes(3, "c");
  const JournalContents found =
      ReadJournal(journal, std::string(kJournalMagic) + JournalRecordBytes(2, "a and b"));
  EXPECT_EQ(found.damage, "");
  EXPECT_EQ(Payloads(found), (std::vector<std::string>{"c"}));
  EXPECT_EQ(found.last(), 3u);
  // A journal that begins later than the snapshot ends has lost something.
  const JournalContents gap = ReadJournal(std::string(kJournalMagic) + JournalRecordBytes(4, "d"),
                                          std::string(kJournalMagic) + JournalRecordBytes(2, "a and b"));
  EXPECT_EQ(gap.damage, "the journal begins with record 4, the snapshot ends with 2");
  EXPECT_TRUE(gap.records.empty());
}

const std::vector<std::string> kPayloads = {"the first", "the second record", "3"};

std::string Whole() {
  std::string bytes(kJournalMagic);
  uint64_t number = 0;
  for (const std::string& payload : kPayloads) bytes += JournalRecordBytes(++number, payload);
  return bytes;
}

// Cut anywhere: what is complete is read, the rest is counted, and writing goes on behind what is complete.
TEST(Journal, CutAtEveryByte) {
  const std::string whole = Whole();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const JournalContents found = ReadJournal(std::string_view(whole).substr(0, size), {});
    ASSERT_EQ(found.damage, "") << size;
    const auto payloads = Payloads(found);
    ASSERT_TRUE(std::equal(payloads.begin(), payloads.end(), kPayloads.begin())) << size;
    ASSERT_EQ(found.valid_bytes + found.torn_bytes, size);
    if (size % 7 != 0) continue;  // each is some syncs of the disk
    const ControlFolder folder;
    folder.Write("journal", std::string_view(whole).substr(0, size));
    JournalContents first, second;
    {
      Journal journal = Opened(folder, first);
      ASSERT_EQ(journal.Append("after").value(), payloads.size() + 1);
    }
    Opened(folder, second);
    ASSERT_EQ(second.torn_bytes, 0u);
    ASSERT_EQ(Payloads(second).back(), "after");
    ASSERT_EQ(Payloads(second).size(), payloads.size() + 1);
  }
}

// Changed anywhere: never a record that was not written. In the middle it is damage and is said so; in the
// last record it can't be told from one that was being written (the audit log can, controller_test.cc).
TEST(Journal, ChangedAtEveryByte) {
  const std::string whole = Whole();
  const std::size_t last = whole.size() - JournalRecordBytes(3, kPayloads[2]).size();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const JournalContents found = ReadJournal(bytes, {});
      const auto payloads = Payloads(found);
      ASSERT_LT(payloads.size(), kPayloads.size()) << at;
      ASSERT_TRUE(std::equal(payloads.begin(), payloads.end(), kPayloads.begin())) << at;
      ASSERT_EQ(found.damage.empty(), at >= last) << at << " bit " << bit << ": " << found.damage;
      ASSERT_EQ(found.torn_bytes > 0, at >= last) << at;
    }
  }
}

TEST(Journal, DamageIsLeftAlone) {
  const ControlFolder folder;
  std::string bytes = Whole();
  bytes[30] = 'X';
  folder.Write("journal", bytes);
  JournalContents found;
  Journal journal = Opened(folder, found);
  EXPECT_EQ(found.damage, "the journal's bytes from 8 on are no record 1, but one of a later number follows");
  EXPECT_EQ(journal.Append("more").error().message, folder.path() + ": " + found.damage);
  EXPECT_FALSE(journal.Snapshot("all"));
  EXPECT_EQ(folder.Read("journal"), bytes);
  EXPECT_EQ(ReadJournal(Whole(), "something else").damage, "the snapshot's record is not valid");
  EXPECT_EQ(ReadJournal("%PDF-1.7 and more", {}).damage, "the journal does not begin as one");
}

TEST(Journal, ARecordThatCannotBeWrittenLeavesTheJournalAsItWas) {
  const ControlFolder folder;
  JournalContents found;
  {
    Journal journal = Opened(folder, found);
    ASSERT_TRUE(journal.Append("one"));
    EXPECT_FALSE(journal.Append(std::string(kLargestRecord + 1, 'x')));
    {
      // Room for a part of the record: what was written of it is cut off again.
      const testing::FullDisk full(folder.Read("journal").size() + 20);
      EXPECT_EQ(journal.Append("one that finds no room").error().message,
                folder.Path("journal") + ": cannot write: File too large");
    }
    ASSERT_TRUE(journal.Append("two"));
  }
  Opened(folder, found);
  EXPECT_EQ(Payloads(found), (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace turnout
