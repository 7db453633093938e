#include "bytes/yaml.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string Shown(const Yaml& node) {
  switch (node.kind) {
    case Yaml::Kind::kNull: return "null";
    case Yaml::Kind::kScalar: return node.quoted ? "'" + node.scalar + "'" : node.scalar;
    case Yaml::Kind::kList: {
      std::string out = "[";
      for (const Yaml& element : node.list) out += Shown(element) + " ";
      return out + "]";
    }
    case Yaml::Kind::kMap: break;
  }
  std::string out = "{";
  for (const auto& [key, value] : node.map) out += key + ": " + Shown(value) + " ";
  return out + "}";
}

std::string Parsed(std::string_view text) {
  const auto yaml = ParseYaml(text, "f.yaml");
  return yaml ? Shown(*yaml) : yaml.error().message;
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParseYamlTest, KeepsOrderLinesAndQuotes) {
  EXPECT_EQ(Parsed("b: 1\na: 'x'\nc: [p, \"q\", ~, {k: v}]\nd:\ne: |\n  two\n  lines\n"),
            "{b: 1 a: 'x' c: [p 'q' null {k: v } ] d: null e: 'two\nlines\n' }");
  EXPECT_EQ(Parsed(""), "null");
  EXPECT_EQ(Parsed("# only a comment\n"), "null");
  EXPECT_EQ(Parsed("x: &a [1, 2]\ny: *a\nz: *a\n"), "{x: [1 2 ] y: [1 2 ] z: [1 2 ] }");
  EXPECT_EQ(Parsed("x: !!str 5\n"), "{x: '5' }");
  const auto yaml = ParseYaml("a: 1\nb:\n  - x\n  - {y: z}\n", "f.yaml");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->Find("a")->line, 1);
  EXPECT_EQ(yaml->Find("b")->list[1].line, 4);
  EXPECT_EQ(yaml->Find("c"), nullptr);
  // What is not there is where its key is.
  EXPECT_EQ(ParseYaml("a: 1\nb:\n\n# nothing\nc: 2\n", "f.yaml")->Find("b")->line, 2);
}

TEST(ParseYamlTest, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : {
           Case{"a: 1\nb: 2\na: 3\n", "f.yaml:3: 'a' is given twice"},
           Case{"a: [1, 2\n", "f.yaml:2: end of sequence flow not found"},
           Case{"a: 1\n b: 2\n", "f.yaml:2: illegal map value"},
           Case{"a: *nowhere\n", "f.yaml:1: the referenced anchor is not defined"},
           Case{"a: 1\n---\nb: 2\n", "f.yaml:2: a second document; a file holds one"},
           Case{"a: !!python/object:os.system x\n",
                "f.yaml:1: tags (tag:yaml.org,2002:python/object:os.system) are not supported"},
           Case{"a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3: merge keys (<<) are not supported"},
           Case{"a: &x [*x]\n", "f.yaml:1: an alias inside the node that it stands for"},
           Case{"? [a, b]\n: 1\n", "f.yaml:1: a key must be a plain text"},
           Case{Repeated("[", 65) + Repeated("]", 65), "f.yaml:1: more than 64 levels of lists and maps"},
           Case{Repeated("[", 100'000), "f.yaml:1: more than 64 levels of lists and maps"},
           Case{std::string((1 << 20) + 1, ' '), "f.yaml: 1048577 bytes; at most 1048576 are read"},
           Case{"- a\n" + Repeated("-\n", 100'000),
                "f.yaml:100001: more than 100000 nodes, aliases expanded"},
       }) {
    EXPECT_EQ(Parsed(text), message) << text.substr(0, 60);
  }
  EXPECT_EQ(Parsed(Repeated("[", 64) + Repeated("]", 64)).size(), 64u + 64 + 63);
}

// Nine levels of nine aliases each: 9^9 nodes from a few hundred bytes.
TEST(ParseYamlTest, BoundsTheExpansionOfAliases) {
  std::string text = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char level = 'b'; level < 'k'; ++level) {
    text += std::string(1, level) + ": &" + level + " [" +
            Repeated(std::string("*") + static_cast<char>(level - 1) + ",", 9) + "]\n";
  }
  EXPECT_EQ(Parsed(text), "f.yaml:5: more than 100000 nodes, aliases expanded");
  // Depth counts what aliases bring.
  std::string deep = "a: &a0 [x]\n";
  for (int i = 1; i < 70; ++i)
    deep += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_EQ(Parsed(deep), "f.yaml:64: more than 64 levels of lists and maps");
}

TEST(YamlReaderTest, ReadsTypedValuesAndCollectsEveryProblem) {
  const auto yaml = ParseYaml(
      "name: churn\nport: 8080\nratio: 0.25\ndebug: true\nempty:\nlisten:\n  htttp: 1\n  http: [1]\n"
      "big: 1e400\nhalf: 1.5\nyes: yes\nquoted: '5'\nfar: 99999\nnear: -1\n",
      "s.yaml");
  ASSERT_TRUE(yaml);
  YamlReader reader("s.yaml");
  EXPECT_EQ(reader.Text(*yaml, "name", ""), "churn");
  EXPECT_EQ(reader.Text(*yaml, "absent", "x"), "x");
  EXPECT_EQ(reader.Text(*yaml, "empty", "x"), "x");
  EXPECT_EQ(reader.Integer(*yaml, "port", 0, 1, 65535), 8080);
  EXPECT_EQ(reader.Number(*yaml, "ratio", 0, 0, 1), 0.25);
  EXPECT_TRUE(reader.Boolean(*yaml, "debug", false));
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.status());

  EXPECT_EQ(reader.Number(*yaml, "near", 7, 0, 1), 7);
  EXPECT_EQ(reader.Integer(*yaml, "far", 7, 1, 65535), 7);
  EXPECT_EQ(reader.Integer(*yaml, "half", 7, 1, 65535), 7);
  EXPECT_EQ(reader.Integer(*yaml, "big", 7, 1, 65535), 7);
  EXPECT_EQ(reader.Number(*yaml, "quoted", 7, 1, 65535), 7);
  EXPECT_FALSE(reader.Boolean(*yaml, "yes", false));
  {
    const YamlReader::Scope scope(reader, "listen");
    EXPECT_EQ(reader.Text(*yaml->Find("listen"), "http", "x"), "x");
    reader.Known(*yaml->Find("listen"), {"http", "grpc", "admin"}, "setting");
  }
  reader.Known(*yaml,
               {"name", "port", "ratio", "debug", "empty", "listen", "big", "half", "yes", "quoted", "far"},
               "setting");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.status().error().message,
            "s.yaml:7: listen.htttp: unknown setting; did you mean 'http'?\n"
            "s.yaml:8: listen.http: must be a text, but is a list\n"
            "s.yaml:9: big: must be a whole number, but is '1e400'\n"
            "s.yaml:10: half: must be a whole number, but is '1.5'\n"
            "s.yaml:11: yes: must be true or false, but is 'yes'\n"
            "s.yaml:12: quoted: must be a number, but is '5'\n"
            "s.yaml:13: far: must be from 1 to 65535, but is 99999\n"
            "s.yaml:14: near: must be from 0 to 1, but is -1\n"
            "s.yaml:14: near: unknown setting (known: name, port, ratio, debug, empty, listen, big, half, "
            "yes, quoted, far)");
}

TEST(NearestTest, FindsTyposAndNothingElse) {
  EXPECT_EQ(Nearest("agee", {"age", "income"}), "age");
  EXPECT_EQ(Nearest("icnome", {"age", "income"}), "income");
  EXPECT_EQ(Nearest("monthly_charge", {"age", "monthly_charges"}), "monthly_charges");
  EXPECT_EQ(Nearest("zzz", {"age", "income"}), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'a'), {"age"}), "");
}

TEST(UnitsTest, DurationsSharesAndSizes) {
  EXPECT_EQ(ParseDuration("500ms"), 0.5);
  EXPECT_EQ(ParseDuration("2s"), 2.0);
  EXPECT_EQ(ParseDuration("1m30s"), 90.0);
  EXPECT_EQ(ParseDuration("24h"), 86400.0);
  EXPECT_EQ(ParseDuration("1.5s"), 1.5);
  EXPECT_EQ(ParseDuration("250us"), 0.00025);
  for (const char* text : {"", "5", "s", "5 s", "-5s", "5x", "1e3s", "5s3"})
    EXPECT_FALSE(ParseDuration(text)) << text;
  EXPECT_EQ(ParseShare("99.5%"), 0.995);
  EXPECT_EQ(ParseShare("0.25"), 0.25);
  EXPECT_EQ(ParseShare("0%"), 0.0);
  for (const char* text : {"", "%", "101%", "1.5", "-1%", "x"}) EXPECT_FALSE(ParseShare(text)) << text;
  EXPECT_EQ(ParseSize("4096"), 4096u);
  EXPECT_EQ(ParseSize("64MiB"), 64u << 20);
  EXPECT_EQ(ParseSize("10MB"), 10'000'000u);
  EXPECT_EQ(ParseSize("1.5GiB"), 3u << 29);
  for (const char* text : {"", "MB", "10MBs", "0.3B", "-1", "1MB2", "99999999999TB"})
    EXPECT_FALSE(ParseSize(text)) << text;
}

}  // namespace
}  // namespace turnout
