#include "batch/score.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bytes/number.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "customer_id,age,income,tenure_months,monthly_charges,plan,note\n";
constexpr std::string_view kJobTime = "2026-11-22T10:00:00Z";

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

// The example's contract and model; loaded once.
struct Churn {
  Metrics metrics;
  std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();

  Churn() {
    const std::string path = "examples/churn/contract.yaml";
    auto contract = std::make_shared<Contract>(Must(ParseContract(Read(path), path)));
    auto file = Must(LoadModelFile("examples/churn/models/churn-v2.1.0.pkl"));
    snapshot->endpoint = "churn";
    const auto version = Must(MakeVersion("v2.1.0", std::move(file), *contract));
    snapshot->contract = contract;
    SetRoute(*snapshot, Route("v2.1.0"),
             {{version, MakeVersionSeries(metrics, "churn", *version, LatencyBounds({}))}});
  }
  static Churn& Get() {
    static Churn churn;
    return churn;
  }
};

// Row `i` of a made-up file; every 97th is bad, and some have a quoted cell with a line break.
std::string Row(int i) {
  std::string row = "C-" + std::to_string(i) + "," + std::to_string(i % 97 == 96 ? 17 : 18 + i % 80) + "," +
                    std::to_string(20'000 + i % 1000 * 37) + ".25," + std::to_string(i % 120) + "," +
                    std::to_string(20 + i % 90) + ".5,";
  row += i % 3 == 0 ? "basic" : i % 3 == 1 ? "standard" : "premium";
  row += i % 11 == 0 ? ",\"two\nlines, \"\"quoted\"\"\"\n" : ",plain\n";
  return row;
}

std::string File(int rows) {
  std::string text(kHeader);
  for (int i = 0; i < rows; ++i) text += Row(i);
  return text;
}

class ScoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "score_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.input = folder_ + "/in.csv";
    options_.output = folder_ + "/out.csv";
    options_.job_time = kJobTime;
    options_.threads = 2;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Input(std::string_view text) const { std::ofstream(options_.input, std::ios::binary) << text; }
  Result<ScoreSummary> Score() { return ScoreFile(*Churn::Get().snapshot, Churn::Get().metrics, options_); }
  std::string Output() const { return Read(options_.output); }
  std::string Rejects() const { return Read(options_.output + ".rejects.jsonl"); }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string folder_;
  ScoreOptions options_;
};

TEST_F(ScoreTest, AddsTheContractsColumns) {
  Input(std::string(kHeader) +
        "C-1,42,55000.5,18,79.5,premium,\"a, b\"\n"
        "C-2,17,1000,1,20,gold,x\n"
        "\n"
        "C-3,30,40000,5,60.25,basic,\n");
  const auto summary = Score();
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(summary->rows, 3u);
  EXPECT_EQ(summary->scored, 2u);
  EXPECT_EQ(summary->rejected, 1u);
  EXPECT_EQ(summary->model_version, "v2.1.0");
  EXPECT_EQ(summary->model_sha256.size(), 64u);
  EXPECT_EQ(summary->rejects, options_.output + ".rejects.jsonl");
  EXPECT_EQ(summary->bytes_written, Output().size());

  const auto lines = Lines(Output());
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0],
            "customer_id,age,income,tenure_months,monthly_charges,plan,note,"
            "churn_prediction,churn_probability,scored_at");
  // Scores of scikit-learn for this row: examples/churn/expected.csv.
  EXPECT_EQ(lines[1], "C-1,42,55000.5,18,79.5,premium,\"a, b\",1,0.5262933940868065,2026-11-22T10:00:00Z");
  EXPECT_TRUE(lines[2].starts_with("C-3,30,40000,5,60.25,basic,,")) << lines[2];
  EXPECT_EQ(Rejects(),
            R"({"row":2,"line":3,"key":"C-2","errors":[)"
            R"({"field":"age","msg":"Age must be between 18 and 120","type":"greater_than_equal"},)"
            R"({"field":"plan","msg":"Unknown plan: gold","type":"enum"}]})"
            "\n");
}

// The oracle: every row by itself, through the JSON reply of the same answer.
TEST_F(ScoreTest, AgreesWithTheOnePathRowByRow) {
  Input(File(500));
  ASSERT_TRUE(Score().has_value());
  const auto lines = Lines(Output());
  const Snapshot& snapshot = *Churn::Get().snapshot;
  const auto layout = snapshot.contract->layout();
  Batch batch(layout);
  RowReader reader(*snapshot.contract, batch);
  Predictor predictor(Churn::Get().metrics.NewShard());
  Answers answers;
  std::size_t checked = 0;
  for (int i = 0; i < 500; ++i) {
    std::istringstream cells(Row(i));
    std::string cell;
    reader.Clear();
    reader.Begin(0, {});
    std::vector<std::string> texts;
    for (int column = 0; column < 6; ++column) {
      std::getline(cells, cell, ',');
      texts.push_back(cell);
    }
    for (std::size_t column = 0; column < 6; ++column) {
      const std::string name(snapshot.contract->fields[column].name);
      reader.Set(snapshot.contract->Find(name), name, {Cell::Kind::kText, texts[column]});
    }
    if (!reader.End()) continue;
    predictor.Predict(snapshot, batch, std::chrono::steady_clock::now(), answers);
    std::string expected = "," + std::to_string(answers.rows[0].class_index) + ",";
    AppendNumber(expected, answers.probabilities_of(answers.rows[0])[1]);
    expected += "," + std::string(kJobTime);
    const std::string begin = texts[0] + ",";
    const auto line = std::ranges::find_if(lines, [&](const auto& l) { return l.starts_with(begin); });
    ASSERT_NE(line, lines.end()) << begin;
    // A quoted cell may hold a line break: its row ends on the next line.
    const std::string& end = i % 11 == 0 ? *std::next(line) : *line;
    EXPECT_TRUE(end.ends_with(expected)) << end << " / " << expected;
    ++checked;
  }
  EXPECT_EQ(checked, 495u);
}

TEST_F(ScoreTest, BytesDoNotDependOnThreadsOrChunks) {
  Input(File(5'000));
  options_.threads = 1;
  options_.chunk_bytes = 64 << 20;
  ASSERT_TRUE(Score().has_value());
  const std::string output = Output(), rejects = Rejects();
  EXPECT_EQ(Lines(rejects).size(), 51u);
  for (const std::size_t threads : {1, 2, 7}) {
    for (const std::size_t chunk : {1, 100, 4'096, 100'000}) {
      options_.threads = threads;
      options_.chunk_bytes = chunk;
      const auto summary = Score();
      ASSERT_TRUE(summary.has_value()) << summary.error().message;
      EXPECT_EQ(summary->rows, 5'000u);
      EXPECT_TRUE(Output() == output) << threads << " threads, chunks of " << chunk;
      EXPECT_TRUE(Rejects() == rejects) << threads << " threads, chunks of " << chunk;
    }
  }
}

TEST_F(ScoreTest, ReadsPipes) {
  Input(File(3'000));
  ASSERT_TRUE(Score().has_value());
  const std::string expected = Output(), text = Read(options_.input);
  options_.input = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(options_.input.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(options_.input, std::ios::binary) << text; });
  const auto summary = Score();
  writer.join();
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_TRUE(Output() == expected);
  EXPECT_EQ(summary->bytes_read, text.size());
}

TEST_F(ScoreTest, AStopEndsAWaitForAPipe) {
  options_.input = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(options_.input.c_str(), 0600), 0);
  const int writer = open(options_.input.c_str(), O_RDWR);  // never writes, never closes
  ASSERT_GE(writer, 0);
  std::atomic<bool> stop = false;
  options_.stop = &stop;
  std::thread stopper([&] { stop = true; });
  const auto summary = Score();
  stopper.join();
  close(writer);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(Names(), std::vector<std::string>{"pipe"});
}

TEST_F(ScoreTest, AStopLeavesNothing) {
  Input(File(20'000));
  std::atomic<bool> stop = false;
  options_.stop = &stop;
  options_.chunk_bytes = 4'096;
  options_.progress_seconds = 0;
  options_.progress = [&](const ScoreProgress& progress) { stop = progress.rows > 1'000; };
  const auto summary = Score();
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code, Code::kUnavailable);
  EXPECT_TRUE(summary.error().message.starts_with("stopped after ")) << summary.error().message;
  EXPECT_EQ(Names(), std::vector<std::string>{"in.csv"});
}

TEST_F(ScoreTest, ReportsProgress) {
  Input(File(20'000));
  options_.chunk_bytes = 10'000;
  options_.progress_seconds = 0;
  std::vector<ScoreProgress> reports;
  options_.progress = [&](const ScoreProgress& progress) { reports.push_back(progress); };
  ASSERT_TRUE(Score().has_value());
  ASSERT_GT(reports.size(), 10u);
  for (std::size_t i = 1; i < reports.size(); ++i) {
    EXPECT_GE(reports[i].rows, reports[i - 1].rows);
    EXPECT_GE(reports[i].bytes, reports[i - 1].bytes);
  }
  EXPECT_EQ(reports.back().rows, 20'000u);
  EXPECT_EQ(reports.back().bytes, fs::file_size(options_.input));
  EXPECT_EQ(reports.back().bytes_total, fs::file_size(options_.input));
}

TEST_F(ScoreTest, AHeaderAloneIsAnEmptyResult) {
  Input(kHeader);
  const auto summary = Score();
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(summary->rows, 0u);
  EXPECT_EQ(Lines(Output()).size(), 1u);
}

TEST_F(ScoreTest, RaggedRowsAreRejectedWithTheirLine) {
  Input(std::string(kHeader) + Row(0) + "C-9,30,1\n" + Row(1));
  const auto summary = Score();
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(summary->rejected, 1u);
  EXPECT_TRUE(Rejects().starts_with(R"({"row":2,"line":4,)")) << Rejects();
  EXPECT_NE(Rejects().find("ragged_row"), std::string::npos) << Rejects();
}

TEST_F(ScoreTest, AMissingColumnIsAnErrorOfTheFile) {
  Input("customer_id,age,income,tenure_months,plan\nC-1,42,1,1,basic\n");
  std::ofstream(options_.output) << "old";
  const auto summary = Score();
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code, Code::kInvalidArgument);
  EXPECT_TRUE(summary.error().message.starts_with(options_.input + ": ")) << summary.error().message;
  EXPECT_NE(summary.error().message.find("monthly_charges"), std::string::npos) << summary.error().message;
  EXPECT_EQ(Output(), "old");
}

TEST_F(ScoreTest, FilesThatAreNotThereAreNamed) {
  EXPECT_EQ(Score().error().message, options_.input + ": cannot open: No such file or directory");
  EXPECT_EQ(Score().error().code, Code::kNotFound);
  Input(File(10));
  options_.output = folder_ + "/no/out.csv";
  EXPECT_EQ(Score().error().code, Code::kNotFound);
  options_.output = folder_ + "/out.csv";
  options_.input = folder_;
  EXPECT_EQ(Score().error().message, folder_ + ": is a directory; give one CSV file");
}

TEST_F(ScoreTest, AJobThatRejectsEverythingFails) {
  Input(std::string(kHeader) + "C-1,17,1,1,1,basic,\nC-2,18,1,1,1,gold,\n");
  std::ofstream(options_.output) << "old";
  const auto summary = Score();
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code, Code::kInvalidArgument);
  EXPECT_EQ(
      summary.error().message,
      "2 of 2 rows were rejected, so nothing was written; the first: line 2: age: Age must be between 18 "
      "and 120; line 3: plan: Unknown plan: gold");
  EXPECT_EQ(Output(), "old");
  EXPECT_EQ(Names(), (std::vector<std::string>{"in.csv", "out.csv"}));
}

TEST_F(ScoreTest, RejectsCanBeLimited) {
  Input(File(1'000));  // 10 bad
  options_.max_rejects = 9;
  ASSERT_FALSE(Score().has_value());
  EXPECT_EQ(Names(), std::vector<std::string>{"in.csv"});
  options_.max_rejects = 10;
  ASSERT_TRUE(Score().has_value());
  options_.max_rejects.reset();
  options_.max_reject_share = 0.0099;
  ASSERT_FALSE(Score().has_value());
  options_.max_reject_share = 0.01;
  ASSERT_TRUE(Score().has_value());
}

TEST_F(ScoreTest, OldRejectsDoNotStayBesideNewResults) {
  Input(File(100));
  ASSERT_TRUE(Score().has_value());
  EXPECT_EQ(Names().size(), 3u);
  Input(File(50));  // none bad
  const auto summary = Score();
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->rejects, "");
  EXPECT_EQ(Names(), (std::vector<std::string>{"in.csv", "out.csv"}));
}

TEST_F(ScoreTest, AFullDiskIsNamed) {
  Input(File(100));
  options_.output = "/dev/full";
  EXPECT_FALSE(Score().has_value());  // no place for rejects
  options_.rejects = folder_ + "/rejects.jsonl";
  const auto summary = Score();
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().message, "/dev/full: cannot write: No space left on device");
  EXPECT_EQ(Names(), std::vector<std::string>{"in.csv"});
}

TEST_F(ScoreTest, TheSummaryIsOneLineOfJson) {
  ScoreSummary summary;
  summary.endpoint = "churn";
  summary.model_version = "v2.1.0";
  summary.model_sha256 = "ab";
  summary.input = "in \"1\".csv";
  summary.output = "out.csv";
  summary.job_time = kJobTime;
  summary.rows = summary.scored = 10;
  summary.seconds = 0.25;
  summary.rows_per_second = 40;
  EXPECT_EQ(ToJson(summary),
            R"({"status":"ok","endpoint":"churn","model_version":"v2.1.0","model_sha256":"ab",)"
            R"("input":"in \"1\".csv","output":"out.csv","rejects":null,"job_time":"2026-11-22T10:00:00Z",)"
            R"("rows":10,"scored":10,"rejected":0,"bytes_read":0,"bytes_written":0,"seconds":0.250,)"
            R"("rows_per_second":40})");
}

}  // namespace
}  // namespace turnout
