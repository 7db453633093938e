#include "storage/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace turnout {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "file_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  static void Write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string folder_;
};

TEST_F(FileTest, ReadsWholeFiles) {
  Write(Path("a"), "hello");
  EXPECT_EQ(ReadFile(Path("a"), 5).value(), "hello");
  Write(Path("empty"), "");
  EXPECT_EQ(ReadFile(Path("empty"), 0).value(), "");
  EXPECT_EQ(ReadFile(Path("empty"), 1000).value(), "");
}

TEST_F(FileTest, ReadsWhatHasNoSize) {
  // Files of /proc say that they are empty.
  EXPECT_NE(ReadFile("/proc/self/status", 1 << 20).value().find("Name:"), std::string::npos);
  EXPECT_FALSE(ReadFile("/dev/zero", 100'000).has_value());
}

TEST_F(FileTest, ReadErrorsNameThePathAndTheReason) {
  const auto absent = ReadFile(Path("absent"), 10);
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_EQ(absent.error().message, Path("absent") + ": cannot open: No such file or directory");

  const auto folder = ReadFile(folder_, 10);
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().message, folder_ + ": cannot read: Is a directory");

  Write(Path("large"), "123456");
  const auto large = ReadFile(Path("large"), 5);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Code::kInvalidArgument);
  EXPECT_EQ(large.error().message, Path("large") + ": larger than the limit of 5 bytes");
}

TEST_F(FileTest, MapsAndForgets) {
  const std::string text(100'000, 'x');
  Write(Path("a"), text);
  auto mapped = MappedFile::Open(Path("a"));
  ASSERT_TRUE(mapped.has_value());
  mapped->Forget(50'000);
  mapped->Forget(10);
  MappedFile moved = std::move(*mapped);
  moved.Forget(1'000'000);
  EXPECT_EQ(std::string(moved.bytes().begin(), moved.bytes().end()), text);  // forgotten bytes are read again

  Write(Path("empty"), "");
  EXPECT_TRUE(MappedFile::Open(Path("empty"))->bytes().empty());
  EXPECT_EQ(MappedFile::Open(Path("absent")).error().code, Code::kNotFound);
  EXPECT_FALSE(MappedFile::Open("/dev/null").has_value());
  EXPECT_FALSE(MappedFile::Open(folder_).has_value());
}

TEST_F(FileTest, NothingIsVisibleBeforeCommit) {
  Write(Path("out"), "old");
  auto file = AtomicFile::Create(Path("out"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->Append("new ").has_value());
  ASSERT_TRUE(file->Append("text").has_value());
  EXPECT_EQ(file->written(), 8u);
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "old");
  ASSERT_TRUE(file->Commit().has_value());
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "new text");
  EXPECT_EQ(Names(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, CommitsWithoutWaitingForTheDisk) {
  auto file = AtomicFile::Create(Path("out"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->Append("text").has_value());
  ASSERT_TRUE(file->Commit(false).has_value());
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "text");
  EXPECT_EQ(Names(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, DroppedWithoutCommitLeavesNothing) {
  {
    auto file = AtomicFile::Create(Path("out"));
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->Append("half").has_value());
    AtomicFile moved = std::move(*file);
    EXPECT_EQ(Names().size(), 1u);
  }
  EXPECT_TRUE(Names().empty());
}

TEST_F(FileTest, KeepsPermissionsAndLinks) {
  Write(Path("real"), "old");
  ASSERT_EQ(chmod(Path("real").c_str(), 0640), 0);
  fs::create_symlink("real", Path("link"));
  auto file = AtomicFile::Create(Path("link"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->Append("new").has_value());
  ASSERT_TRUE(file->Commit().has_value());
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(ReadFile(Path("real"), 100).value(), "new");
  struct stat about{};
  ASSERT_EQ(stat(Path("real").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0640u);
}

TEST_F(FileTest, WritesIntoDevicesDirectly) {
  auto null = AtomicFile::Create("/dev/null");
  ASSERT_TRUE(null.has_value());
  EXPECT_TRUE(null->Append("text").has_value());
  EXPECT_TRUE(null->Commit().has_value());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(FileTest, AFullDiskIsNamed) {
  auto full = AtomicFile::Create("/dev/full");
  ASSERT_TRUE(full.has_value());
  const auto written = full->Append("text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Code::kUnavailable);
  EXPECT_EQ(written.error().message, "/dev/full: cannot write: No space left on device");
}

TEST_F(FileTest, AFileThatMayNotGrowLeavesTheOldOne) {
  Write(Path("out"), "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  {
    auto file = AtomicFile::Create(Path("out"));
    if (file) {
      const auto written = file->Append(std::string(100'000, 'x'));
      if (!written) message = written.error().message;
    }
  }
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(message, Path("out") + ": cannot write: File too large");
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "old");
  EXPECT_EQ(Names(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, RemovesWhatAKilledWriterLeft) {
  const pid_t child = fork();
  if (child == 0) {
    auto file = AtomicFile::Create(Path("out"));
    if (file && file->Append("half")) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(Names(), std::vector<std::string>{"out.part-" + std::to_string(child)});
  Write(Path("out.part-of-something"), "not ours");

  auto file = AtomicFile::Create(Path("out"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->Commit().has_value());
  EXPECT_EQ(Names(), (std::vector<std::string>{"out", "out.part-of-something"}));
}

TEST_F(FileTest, ALivingWriterIsLeftAlone) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[1]);
    auto file = AtomicFile::Create(Path("out"));
    char byte = 0;
    if (!file || !file->Append("child") || write(ready[1], &byte, 1) != 1) _exit(1);
    static_cast<void>(read(pipe_ends[0], &byte, 1));  // until the parent has looked
    _exit(file->Commit() ? 0 : 1);
  }
  close(pipe_ends[0]);
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  {
    auto file = AtomicFile::Create(Path("out"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(Names().size(), 2u);
  }
  EXPECT_EQ(Names().size(), 1u);
  close(pipe_ends[1]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "child");
}

TEST_F(FileTest, TwoWritersOfOneProcessAreRefused) {
  auto first = AtomicFile::Create(Path("out"));
  ASSERT_TRUE(first.has_value());
  const auto second = AtomicFile::Create(Path("out"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_NE(second.error().message.find("another writer is at it"), std::string::npos);
  ASSERT_TRUE(first->Append("first").has_value());
  ASSERT_TRUE(first->Commit().has_value());
  EXPECT_EQ(ReadFile(Path("out"), 100).value(), "first");
}

TEST_F(FileTest, CreateErrorsNameThePath) {
  EXPECT_EQ(AtomicFile::Create(Path("no/such")).error().code, Code::kNotFound);
  EXPECT_EQ(AtomicFile::Create(folder_).error().message, folder_ + ": cannot write: Is a directory");
}

TEST_F(FileTest, MakesFoldersThatAreMissing) {
  EXPECT_TRUE(MakeFolder(Path("a/b//c/")));
  EXPECT_TRUE(fs::is_directory(Path("a/b/c")));
  EXPECT_TRUE(MakeFolder(Path("a/b/c"))) << "again";
  EXPECT_TRUE(SyncFolder(Path("a/b")));
  Write(Path("file"), "x");
  EXPECT_EQ(MakeFolder(Path("file")).error().message,
            Path("file") + ": cannot make the folder: Not a directory");
  EXPECT_FALSE(MakeFolder(Path("file/below")));
  EXPECT_FALSE(MakeFolder(""));
  EXPECT_FALSE(MakeFolder(Path(std::string(300, 'x'))));
}

}  // namespace
}  // namespace turnout
