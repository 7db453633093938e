// `turnout registry` as functions: what it prints, how it ends.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/commands.h"
#include "cli/test_ended.h"
#include "server/test_folder.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;
using testing::Ended;
using testing::Ran;
using testing::TestFolder;

const std::string kChurn = "examples/churn/";
const std::string kModel = kChurn + "models/churn-v2.1.0.pkl";
const std::string kDigest = "sha256:8c9230c8ff75";

class RegistryCommand : public ::testing::Test {
 protected:
  RegistryArguments Arguments(const std::string& reference) const {
    RegistryArguments arguments;
    arguments.registry = folder_.Path("registry");
    arguments.reference = reference;
    return arguments;
  }
  RegistryArguments Push(const std::string& reference) const {
    RegistryArguments arguments = Arguments(reference);
    arguments.model = kModel;
    arguments.contract = kChurn + "contract.yaml";
    arguments.rows = kChurn + "rows.csv";
    arguments.expected = kChurn + "expected.csv";
    return arguments;
  }
  // Of a command that ends well.
  static std::string Out(int (*command)(const RegistryArguments&), const RegistryArguments& arguments) {
    const Ended ended = Ran([&] { return command(arguments); });
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    return ended.out;
  }
  TestFolder folder_;
};

TEST_F(RegistryCommand, PushListShow) {
  RegistryArguments push = Push("churn:v2.1.0");
  push.metadata = {"team=retention", "note=a=b"};
  push.tags = {"stable", "blue"};
  EXPECT_EQ(Out(RunRegistryPush, push), "churn:v2.1.0 pushed (" + kDigest +
                                            ", 138601 bytes; 10 golden rows hold)\nchurn@stable is v2.1.0\n"
                                            "churn@blue is v2.1.0\n");
  EXPECT_EQ(Out(RunRegistryPush, push),
            "churn:v2.1.0 is there already, with the same bytes (" + kDigest +
                ", 138601 bytes; 10 golden rows hold)\nchurn@stable is v2.1.0\nchurn@blue is v2.1.0\n");
  push.json = true;
  EXPECT_TRUE(Out(RunRegistryPush, push)
                  .starts_with(R"({"ok":true,"reference":"churn:v2.1.0","existed":true,"sha256":"8c92)"));

  const std::string list = Out(RunRegistryList, Arguments(""));
  EXPECT_TRUE(
      list.starts_with("VERSION       PUSHED                MODEL                BYTES   LIBRARY             "
                       "ESTIMATOR                   ALIASES\nchurn:v2.1.0  2"))
      << list;
  EXPECT_TRUE(list.ends_with("Z  " + kDigest +
                             "  138601  scikit-learn 1.9.1  GradientBoostingClassifier  @blue @stable\n"))
      << list;
  EXPECT_EQ(Out(RunRegistryList, Arguments("fraud")),
            "VERSION  PUSHED  MODEL  BYTES  LIBRARY  ESTIMATOR  ALIASES\n");

  for (const char* reference : {"churn", "churn@blue", "churn:v2.1.0", "sha256:8c9230c8ff75"}) {
    const std::string shown = Out(RunRegistryShow, Arguments(reference));
    EXPECT_TRUE(shown.starts_with("version      churn:v2.1.0\naliases      @blue @stable\npushed       2"))
        << shown;
    for (const std::string& line :
         {std::string("library      scikit-learn 1.9.1\n"), std::string("profile      none\n"),
          folder_.Path("registry/files/8c9230c8ff75"),
          std::string(" (138601 bytes, pushed as churn-v2.1.0.pkl)\n"), std::string(" bytes, tolerance 0)\n"),
          std::string("metadata     note=a=b\n             team=retention\n")}) {
      EXPECT_NE(shown.find(line), std::string::npos) << line << "in\n" << shown;
    }
  }
  RegistryArguments show = Arguments("churn");
  show.json = true;
  const std::string json = Out(RunRegistryShow, show);
  EXPECT_TRUE(json.starts_with(
      R"({"reference":"churn:v2.1.0","name":"churn","version":"v2.1.0","aliases":["blue","stable"],)"))
      << json;
  RegistryArguments all = Arguments("");
  all.json = true;
  EXPECT_EQ(Out(RunRegistryList, all), "[" + json.substr(0, json.size() - 1) + "]\n");
  show.part = "contract";
  std::ifstream contract(kChurn + "contract.yaml", std::ios::binary);
  EXPECT_EQ(Out(RunRegistryShow, show), std::string(std::istreambuf_iterator<char>(contract), {}));
  show.part = "profile";
  const Ended none = Ran([&] { return RunRegistryShow(show); });
  EXPECT_EQ(none.code, 4);
  EXPECT_EQ(none.err, "turnout: churn:v2.1.0 was pushed without profile\n");
}

TEST_F(RegistryCommand, AProfileOfTrainingRows) {
  RegistryArguments push = Push("churn:v1");
  push.train = kChurn + "customers.csv";
  Out(RunRegistryPush, push);
  RegistryArguments show = Arguments("churn:v1");
  show.part = "profile";
  const std::string profile = Out(RunRegistryShow, show);
  EXPECT_TRUE(profile.starts_with(R"({"profile":1,"source":{"file":"customers.csv",)")) << profile;
  EXPECT_NE(profile.find(R"("rows":995,"refused":{"rows":5,"first":"row 101 (line 102): age: Age must be)"),
            std::string::npos)
      << profile;
}

TEST_F(RegistryCommand, PushesThatAreRefused) {
  const auto refused = [&](const RegistryArguments& arguments) {
    const Ended ended = Ran([&] { return RunRegistryPush(arguments); });
    EXPECT_EQ(ended.out, "");
    return std::to_string(ended.code) + " " + ended.err;
  };
  EXPECT_EQ(refused(Push("churn")),
            "3 turnout: 'churn' names no new version; write NAME:VERSION, such as churn:v2.1.0\n");
  EXPECT_TRUE(refused(Push("../churn:v1"))
                  .starts_with("3 turnout: '../churn:v1' names no version: '../churn' is not "));
  RegistryArguments push = Push("churn:v1");
  push.metadata = {"team"};
  EXPECT_EQ(refused(push), "3 turnout: 'team' is not KEY=VALUE, such as team=risk\n");
  push.metadata = {"team=a", "team=b"};
  EXPECT_EQ(refused(push), "3 turnout: metadata 'team' is given twice\n");
  push = Push("churn:v1");
  push.tags = {"a b"};
  EXPECT_TRUE(refused(push).starts_with("3 turnout: 'a b' is not the name of an alias"));
  push = Push("churn:v1");
  push.model = "absent.pkl";
  EXPECT_EQ(refused(push), "4 turnout: absent.pkl: cannot open: No such file or directory\n");
  push = Push("churn:v1");
  push.expected = folder_.Write("expected.csv", "predict\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n");
  EXPECT_TRUE(refused(push).starts_with("3 turnout: " + kModel + ": ")) << refused(push);
  EXPECT_NE(refused(push).find(" of 10 golden rows do not have the recorded answers ("), std::string::npos);
  EXPECT_NE(refused(push).find("\n  row "), std::string::npos);
  Out(RunRegistryPush, Push("churn:v1"));
  push = Push("churn:v1");
  push.rows = push.expected = "";
  EXPECT_NE(refused(push).find(" with another rows, another expected; a version never changes, "),
            std::string::npos);
}

TEST_F(RegistryCommand, WithoutGoldenRowsItSaysWhatIsMissing) {
  RegistryArguments push = Push("churn:v1");
  push.rows = push.expected = "";
  EXPECT_EQ(Out(RunRegistryPush, push),
            "churn:v1 pushed (" + kDigest +
                ", 138601 bytes; no golden rows: --rows and --expected prove its answers)\n");
}

TEST_F(RegistryCommand, Tag) {
  Out(RunRegistryPush, Push("churn:v1"));
  Out(RunRegistryPush, Push("churn:v2"));
  RegistryArguments tag = Arguments("churn:v1");
  tag.alias = "stable";
  EXPECT_EQ(Out(RunRegistryTag, tag), "churn@stable is v1\n");
  EXPECT_EQ(Out(RunRegistryTag, tag), "churn@stable is v1\n");
  tag.reference = "churn:v2";
  EXPECT_EQ(Out(RunRegistryTag, tag), "churn@stable is v2 (it was v1)\n");
  tag.reference = "churn@stable";
  tag.alias = "rollback";
  tag.json = true;
  EXPECT_EQ(Out(RunRegistryTag, tag),
            "{\"ok\":true,\"alias\":\"churn@rollback\",\"version\":\"v2\",\"before\":null}\n");
  tag.json = false;
  tag.remove = true;
  EXPECT_EQ(Out(RunRegistryTag, tag), "churn@rollback removed (it was v2)\n");
  Ended ended = Ran([&] { return RunRegistryTag(tag); });
  EXPECT_EQ(ended.code, 4);
  EXPECT_EQ(ended.err, "turnout: churn:v2 is not @rollback; it is @stable\n");
  tag.reference = "churn:v9";
  ended = Ran([&] { return RunRegistryTag(tag); });
  EXPECT_EQ(ended.code, 4);
  EXPECT_EQ(ended.err,
            "turnout: " + folder_.Path("registry") + ": churn has no version 'v9'; it has v1, v2\n");
}

TEST_F(RegistryCommand, Remove) {
  RegistryArguments push = Push("churn:v1");
  push.tags = {"stable"};
  Out(RunRegistryPush, push);
  RegistryArguments remove = Arguments("churn:v1");
  Ended ended = Ran([&] { return RunRegistryRemove(remove); });
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err,
            "turnout: churn:v1 is @stable; tag another version first, or --force removes the alias too\n");
  remove.force = true;
  EXPECT_EQ(Out(RunRegistryRemove, remove),
            "churn:v1 removed, and the alias @stable; 4 files that no other version has\n");
  EXPECT_EQ(Ran([&] { return RunRegistryRemove(remove); }).code, 4);
}

TEST_F(RegistryCommand, Verify) {
  Out(RunRegistryPush, Push("churn:v1"));
  Out(RunRegistryPush, Push("churn:v2"));
  EXPECT_EQ(Out(RunRegistryVerify, Arguments("")), "churn:v1: good\nchurn:v2: good\n2 versions: all good\n");
  RegistryArguments verify = Arguments("");
  verify.json = true;
  EXPECT_EQ(Out(RunRegistryVerify, verify),
            "{\"ok\":true,\"versions\":2,\"good\":2,\"problems\":[],\"removed\":[]}\n");

  folder_.Write("registry/files/" + std::string(64, 'a'), "left");
  verify.json = false;
  Ended ended = Ran([&] { return RunRegistryVerify(verify); });
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "turnout: removed files/" + std::string(64, 'a') +
                           ", which an interrupted push or removal left\n");

  std::string model;
  for (const auto& entry : fs::directory_iterator(folder_.Path("registry/files"))) {
    if (entry.path().filename().string().starts_with("8c9230c8ff75")) model = entry.path().string();
  }
  fs::resize_file(model, 1000);
  ended = Ran([&] { return RunRegistryVerify(verify); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out, "churn:v1: damaged\nchurn:v2: damaged\n2 versions: 2 problems\n");
  EXPECT_TRUE(ended.err.starts_with("churn:v1: model: " + model + ": damaged: 1000 bytes, 138601 recorded; "))
      << ended.err;

  // The same bytes again heal it.
  ended = Ran([&] { return RunRegistryPush(Push("churn:v1")); });
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "turnout: restored the model of churn:v1, which was damaged or missing\n");
  Out(RunRegistryVerify, verify);

  folder_.Write("registry/registry.db", "no database");
  ended = Ran([&] { return RunRegistryVerify(verify); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_TRUE(ended.err.starts_with(folder_.Path("registry/registry.db") + ": damaged: ")) << ended.err;
  EXPECT_EQ(Ran([&] { return RunRegistryList(verify); }).code, 3);
}

TEST_F(RegistryCommand, NoRegistryThere) {
  for (const auto command :
       {RunRegistryList, RunRegistryShow, RunRegistryTag, RunRegistryRemove, RunRegistryVerify}) {
    const Ended ended = Ran([&] { return command(Arguments("churn")); });
    EXPECT_EQ(ended.code, 4);
    EXPECT_TRUE(ended.err.starts_with("turnout: " + folder_.Path("registry") + ": no registry there "))
        << ended.err;
  }
}

TEST_F(RegistryCommand, OtherCommandsTakeReferences) {
  RegistryArguments push = Push("churn:v1");
  push.tags = {"stable"};
  Out(RunRegistryPush, push);
  const std::string registry = folder_.Path("registry");
  Ended ended = Ran([&] { return RunInspect({.model = "registry:churn", .registry = registry}); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with("file         registry:churn:v1 (138601 bytes, SHA-256 8c92"))
      << ended.out;

  VerifyArguments verify;
  verify.model = "registry:churn@stable";
  verify.registry = registry;
  verify.rows = kChurn + "rows.csv";
  verify.expected = kChurn + "expected.csv";
  EXPECT_EQ(Ran([&] { return RunVerify(verify); }).code, 0);
  verify.model = "registry:churn@blue";
  EXPECT_EQ(Ran([&] { return RunVerify(verify); }).code, 4);
  verify.model = "registry:churn:../v1";
  EXPECT_EQ(Ran([&] { return RunVerify(verify); }).code, 3);

  ScoreArguments score;
  score.model = "registry:churn@stable";
  score.registry = registry;
  score.input = kChurn + "customers.csv";
  score.output = folder_.Path("out.csv");
  ended = Ran([&] { return RunScore(score); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with(R"({"status":"ok","endpoint":"churn","model_version":"v1")"))
      << ended.out;

  ExplainArguments explain;
  explain.target = "registry:" + kDigest;
  explain.registry = registry;
  explain.row =
      R"({"customer_id":"C-1042","age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":"premium"})";
  ended = Ran([&] { return RunExplain(explain); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out.find("0.5262933940868065"), std::string::npos) << "by the contract that it brought";

  const std::string config =
      folder_.Write("server.yaml", "endpoints:\n  churn: {versions: {v1: {model: \"registry:churn\"}}}\n");
  ended = Ran([&] { return RunCheck({.config = config}); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with(
      "endpoint churn: 6 fields, version v1 (sklearn.ensemble._gb.GradientBoostingClassifier), "
      "engine portable, registry:churn:v1 (" +
      kDigest + ")\n"))
      << ended.out;
}

}  // namespace
}  // namespace turnout
