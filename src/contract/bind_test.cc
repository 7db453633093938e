#include <gtest/gtest.h>

#include "contract/answers.h"
#include "contract/contract.h"
#include "contract/label.h"
#include "contract/row_reader.h"

namespace turnout {
namespace {

using What = ReplyItem::What;

Contract Parsed(std::string_view yaml) {
  auto contract = ParseContract(yaml, "test.yaml");
  EXPECT_TRUE(contract) << contract.error().message;
  return contract ? *std::move(contract) : Contract{};
}

Input Number(std::string name, bool accepts_missing = false) {
  Input input;
  input.name = std::move(name);
  input.accepts_missing = accepts_missing;
  return input;
}

Input Text(std::string name, std::vector<std::string> categories, bool closed) {
  Input input;
  input.name = std::move(name);
  input.type = ColumnType::kText;
  input.categories = std::move(categories);
  input.closed = closed;
  return input;
}

Signature Classifier(std::vector<Input> inputs, std::vector<Label> classes = {int64_t{0}, int64_t{1}}) {
  return {.task = Task::kClassification,
          .inputs = std::move(inputs),
          .named = true,
          .classes = std::move(classes),
          .probabilities = true};
}

std::string Bound(Contract contract, const Signature& signature) {
  const Status status = BindContract(contract, signature);
  EXPECT_EQ(contract.bound, status.has_value());
  return status ? "" : status.error().message;
}

constexpr std::string_view kAb =
    "name: c\nfields:\n  - {name: a, type: float, aliases: [alpha]}\n  - {name: b, type: int}\n";

TEST(BindContractTest, ComparesFeaturesWithTheModelsInputs) {
  const Contract ab = Parsed(kAb);
  EXPECT_EQ(Bound(ab, Classifier({Number("a"), Number("b")})), "");
  EXPECT_EQ(Bound(ab, Classifier({Number("alpha"), Number("b")})), "") << "the file may use an alias";
  EXPECT_EQ(Bound(ab, Classifier({Number("b"), Number("a")})),
            "contract c: feature 0 is 'a', but the model was trained with 'b' there\n  features: a, b\n  "
            "model:    b, a");
  EXPECT_EQ(Bound(ab, Classifier({Number("a"), Number("b"), Number("z")})),
            "contract c: 2 features, but the model takes 3 inputs\n  features: a, b\n  model:    a, b, z\n"
            "  absent:   z");
  Signature unnamed = Classifier({Number("x0"), Number("x1")});
  unnamed.named = false;
  EXPECT_EQ(Bound(ab, unnamed), "");
}

// A version may take fewer of the contract's features, or others that the contract has besides.
TEST(BindContractTest, InputsAreFoundByName) {
  const Contract contract = Parsed(
      "name: c\nfields:\n  - {name: id, type: string}\n  - {name: a, type: float, aliases: [alpha]}\n"
      "  - {name: b, type: float}\n  - {name: z, type: float, default: 5}\nderived: {r: a / b}\nfeatures: "
      "[a, b]\n");
  const auto columns = [&](const std::vector<std::string>& names, bool named = true) -> std::string {
    Signature signature = Classifier({});
    for (const std::string& name : names) signature.inputs.push_back(Number(name));
    signature.named = named;
    const auto found = InputColumns(contract, signature);
    if (!found) return found.error().message;
    std::string text;
    for (const int32_t column : *found) text += std::to_string(column) + " ";
    return text;
  };
  EXPECT_EQ(columns({"a", "b"}), "1 2 ");
  EXPECT_EQ(columns({"x0", "x1"}, false), "1 2 ");
  EXPECT_EQ(columns({"b"}), "2 ");
  EXPECT_EQ(columns({"z", "a", "b"}), "3 1 2 ");
  EXPECT_EQ(columns({"z", "alpha"}), "3 1 ");
  EXPECT_EQ(columns({"r"}), "4 ");
  EXPECT_EQ(columns({"b", "a"}),
            "contract c: feature 0 is 'a', but the model was trained with 'b' there\n  features: a, b\n"
            "  model:    b, a")
      << "the same features in another order";
  EXPECT_EQ(columns({"a", "y"}),
            "contract c: feature 1 is 'b', but the model was trained with 'y' there\n  features: a, b\n"
            "  model:    a, y\n  absent:   y");
  EXPECT_EQ(columns({"b", "y", "x"}),
            "contract c: 2 features, but the model takes 3 inputs\n  features: a, b\n  model:    b, y, x\n"
            "  absent:   y, x");
  EXPECT_EQ(columns({"z"}, false),
            "contract c: 2 features, but the model takes 1 inputs\n  features: a, b\n  model:    z");
  EXPECT_EQ(Bound(contract, Classifier({Number("z"), Number("b")})), "");
  EXPECT_EQ(Bound(contract, Classifier({Text("z", {"v"}, true)})).substr(0, 70),
            "contract c: 'z' is a number (float), but the model takes a text there");
}

TEST(BindContractTest, ComparesTypesAndMissingValues) {
  const auto one = [](std::string_view settings) {
    return Parsed("name: c\nfields:\n  - {name: p, " + std::string(settings) + "}\nfeatures: [p]\n");
  };
  const Signature number = Classifier({Number("p")});
  const Signature text = Classifier({Text("p", {"a", "b"}, true)});
  EXPECT_EQ(Bound(one("type: string"), number),
            "contract c: 'p' is a text (string), but the model takes a number there");
  EXPECT_EQ(Bound(one("type: float"), text),
            "contract c: 'p' is a number (float), but the model takes a text there");
  EXPECT_EQ(Bound(one("type: category, values: {a: 0}"), text),
            "contract c: 'p' is a number (category), but the model takes a text there; give `values` as a "
            "list, or as the word `model`");
  EXPECT_EQ(Bound(one("type: category, values: model"), number),
            "contract c: 'p' is a text (category), but the model takes a number there; give `values` as a "
            "map of texts to codes");
  EXPECT_EQ(Bound(one("type: category, values: [a, c]"), text),
            "contract c: 'p' lists the value 'c', which the model was not fitted on (a, b)");
  EXPECT_EQ(Bound(one("type: category, values: [a, c]"), Classifier({Text("p", {"a", "b"}, false)})), "");
  EXPECT_EQ(
      Bound(one("type: category, values: model"), Classifier({Text("p", {}, false)})),
      "contract c: 'p' has `values: model`, but the model file keeps no values for this input; list them");
  EXPECT_EQ(Bound(one("type: category, values: model, default: z"), text),
            "contract c: 'p' has the default 'z', which the model was not fitted on");
  EXPECT_EQ(Bound(one("type: category, values: model, default: a"), text), "");
  EXPECT_EQ(Bound(one("type: float, nullable: true"), number),
            "contract c: 'p' is nullable, but the model takes no missing value there; give it a `default`");
  EXPECT_EQ(Bound(one("type: float, nullable: true"), Classifier({Number("p", true)})), "");
  EXPECT_EQ(Bound(one("type: float, nullable: true, default: 0"), number), "");
  EXPECT_EQ(Bound(Parsed("name: c\nfields:\n  - {name: p, type: float}\nderived: {q: p}\nfeatures: [q]\n"),
                  Classifier({Text("q", {"a"}, true)})),
            "contract c: 'q' is computed, a number; the model takes a text there");
  EXPECT_EQ(Bound(Parsed("name: c\nfields:\n  - {name: p, type: float}\n  - {name: q, type: category, "
                         "values: model}\nfeatures: [p]\n"),
                  number),
            "contract c: 'q' has `values: model`, but is no feature; list the values");
}

TEST(BindContractTest, ChecksTheReplyAgainstTheModel) {
  const auto with = [](std::string_view reply) {
    return Parsed("name: c\nfields:\n  - {name: p, type: float}\nreply: {" + std::string(reply) + "}\n");
  };
  Signature classes = Classifier({Number("p")}, {std::string("no"), std::string("yes")});
  const Signature regression = {.inputs = {Number("p")}, .classes = {}};
  EXPECT_EQ(Bound(with("a: class, b: {class_is: yes}, c: {probability_of: no}"), classes), "");
  EXPECT_EQ(Bound(with("a: {class_is: maybe}, b: value"), classes),
            "contract c: reply.a: the model has no class 'maybe'; it has no, yes\n"
            "contract c: reply.b: `value` is a regression's; the model predicts classes: use `class`");
  EXPECT_EQ(Bound(with("a: class, b: top_probability"), regression),
            "contract c: reply.a: `class`, but the model is a regression: use `value`\n"
            "contract c: reply.b: the model is a regression: it has no classes");
  classes.probabilities = false;
  EXPECT_EQ(Bound(with("a: class, b: {class_is: yes}"), classes), "");
  EXPECT_EQ(Bound(with("a: probabilities, b: {probability_of: yes}"), classes),
            "contract c: reply.a: the model gives no probabilities\ncontract c: reply.b: the model gives no "
            "probabilities");
}

TEST(FindClassTest, MatchesBySpellingThenByValue) {
  const std::vector<Label> ints = {int64_t{0}, int64_t{1}};
  const std::vector<Label> doubles = {0.0, 1.0, 2.5};
  const std::vector<Label> bools = {false, true};
  const std::vector<Label> texts = {std::string("0"), std::string("1"), std::string("1.0")};
  const std::vector<Label> large = {int64_t{9007199254740992}, int64_t{9007199254740993}};
  struct Case {
    const std::vector<Label>& classes;
    const char* text;
    int32_t index;
  };
  for (const auto& [classes, text, index] :
       {Case{ints, "1", 1}, Case{ints, "1.0", 1}, Case{ints, "2", -1}, Case{ints, "true", -1},
        Case{doubles, "1", 1}, Case{doubles, "1.0", 1}, Case{doubles, "2.50", 2}, Case{bools, "true", 1},
        Case{bools, "False", 0}, Case{bools, "1", 1}, Case{bools, "yes", -1}, Case{texts, "1", 1},
        Case{texts, "1.0", 2}, Case{texts, "01", -1}, Case{large, "9007199254740993", 1}}) {
    EXPECT_EQ(FindClass(classes, text), index) << text;
  }
}

TEST(BindContractTest, FillsInWhatDependsOnTheModel) {
  Contract contract = Parsed(
      "name: c\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: p, type: category, values: "
      "model}\n"
      "  - {name: q, type: category, values: [u, v]}\n  - {name: r, type: category, values: [u, "
      "v]}\ncolumns: {won: {class_is: 1}}\n");
  ASSERT_TRUE(BindContract(
      contract,
      Classifier({Text("p", {"a", "b"}, true), Text("q", {"v", "u"}, true), Number("r")}, {0.0, 1.0})));
  EXPECT_EQ(contract.fields[1].values.size(), 2u);
  EXPECT_FALSE(contract.fields[1].open);
  EXPECT_TRUE(contract.fields[2].as_text);
  EXPECT_FALSE(contract.fields[3].as_text);
  EXPECT_EQ(contract.columns[0].label, Label(1.0)) << "the label has the type of the model's";
  ASSERT_EQ(contract.reply.size(), 6u) << "the default reply";
  EXPECT_EQ(contract.reply[0].name, "id");

  // A second version: other categories add up, what the first decided stays.
  ASSERT_TRUE(BindContract(
      contract, Classifier({Text("p", {"b", "c"}, true), Text("q", {"v", "u"}, true), Number("r")})));
  ASSERT_EQ(contract.fields[1].values.size(), 3u);
  EXPECT_EQ(contract.fields[1].values[2].text, "c");
  const Status other = BindContract(contract, Classifier({Text("p", {"d"}, true), Text("q", {"v", "u"}, true),
                                                          Text("r", {"u", "v"}, true)}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            "contract c: 'r' is a number (category), but the model takes a text there; give `values` as a "
            "list, or as the word `model`");
  EXPECT_EQ(contract.fields[1].values.size(), 3u) << "a version that does not fit leaves no trace";

  // An encoder that takes unknown texts.
  ASSERT_TRUE(
      BindContract(contract, Classifier({Text("p", {"b"}, false), Text("q", {"v"}, false), Number("r")})));
  EXPECT_TRUE(contract.fields[1].open);
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  reader.Begin(0, {});
  reader.Set({0, false}, "id", {Cell::Kind::kText, "1"});
  reader.Set({1, false}, "p", {Cell::Kind::kText, "never seen"});
  reader.Set({2, false}, "q", {Cell::Kind::kText, "u"});
  reader.Set({3, false}, "r", {Cell::Kind::kText, "v"});
  ASSERT_TRUE(reader.End());
  EXPECT_EQ(batch.column(1).texts[0], "never seen");
  EXPECT_EQ(batch.column(2).texts[0], "u");
  EXPECT_EQ(batch.column(3).numbers[0], 1);
}

TEST(DeriveContractTest, HasAFieldPerInputAndAnswersEverything) {
  Signature signature = Classifier(
      {Number("age", true), Text("plan", {"a", "b"}, true), Text("body", {}, false), Number("age")},
      {std::string("no"), std::string("yes")});
  Contract contract = DeriveContract(signature, "m");
  EXPECT_EQ(contract.fields[0].type, FieldType::kFloat);
  EXPECT_TRUE(contract.fields[0].nullable);
  EXPECT_EQ(contract.fields[1].type, FieldType::kCategory);
  EXPECT_EQ(contract.fields[1].values.size(), 2u);
  EXPECT_EQ(contract.fields[2].type, FieldType::kText);
  EXPECT_EQ(contract.fields[3].name, "age#3");
  EXPECT_FALSE(contract.fields[3].nullable);
  EXPECT_EQ(contract.Find("plan").field, 1);
  EXPECT_TRUE(BindContract(contract, signature));
  std::string names;
  for (const ReplyItem& item : contract.reply) names += item.name + " ";
  EXPECT_EQ(names, "prediction probabilities confidence model_version latency_ms ");
  names.clear();
  for (const ReplyItem& item : contract.columns) names += item.name + " ";
  EXPECT_EQ(names, "prediction probability_no probability_yes scored_at ");

  const Signature regression = {.inputs = {Number("x0")}, .classes = {}};
  const Contract plain = DeriveContract(regression, "r");
  EXPECT_EQ(plain.reply[0].what, What::kValue);
  EXPECT_EQ(plain.columns.size(), 2u);
}

TEST(DeriveContractTest, SeveralValues) {
  const Signature two = {.inputs = {Number("x0")}, .classes = {}, .values = 2};
  const Contract derived = DeriveContract(two, "r");
  EXPECT_EQ(derived.reply[0].what, What::kValue);
  ASSERT_EQ(derived.columns.size(), 3u);
  EXPECT_EQ(derived.columns[1].name, "prediction_1");
  EXPECT_EQ(derived.columns[1].index, 1);

  Contract contract = Parsed(
      "name: c\nfields:\n  - {name: x0, type: float}\nreply: {a: value, b: {value_of: 2}}\n"
      "columns: {x: value, y: {value_of: 1}}\n");
  EXPECT_EQ(BindContract(contract, two).error().message,
            "contract c: reply.b: value 2 of a model that gives 2\n"
            "contract c: columns.x: a column holds one value, the model gives 2; name each: {value_of: 0}");
}

TEST(MakeAnswererTest, ResolvesLabelsForItsVersion) {
  Contract contract = Parsed(
      "name: c\nfields:\n  - {name: p, type: float}\nreply: {a: class, b: {class_is: 1}}\ncolumns: {x: "
      "{probability_of: 0}, y: class}\n");
  const Signature ints = Classifier({Number("p")});
  const Signature swapped = Classifier({Number("p")}, {true, false});
  ASSERT_TRUE(BindContract(contract, ints));
  ASSERT_TRUE(BindContract(contract, swapped));
  const Answerer first = MakeAnswerer(contract, ints, "v1");
  EXPECT_EQ(first.version, "v1");
  EXPECT_EQ(first.class_json, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(first.reply_class, (std::vector<int32_t>{-1, 1}));
  EXPECT_EQ(first.column_class, (std::vector<int32_t>{0, -1}));
  const Answerer second = MakeAnswerer(contract, swapped, "v2");
  EXPECT_EQ(second.class_json, (std::vector<std::string>{"true", "false"}));
  EXPECT_EQ(second.class_text, (std::vector<std::string>{"true", "false"}));
  EXPECT_EQ(second.reply_class, (std::vector<int32_t>{-1, 0}));
  const Answerer texts = MakeAnswerer(contract, Classifier({Number("p")}, {std::string("a\"b"), 0.5}), "v3");
  EXPECT_EQ(texts.class_json, (std::vector<std::string>{R"("a\"b")", "0.5"}));
  EXPECT_EQ(texts.class_text, (std::vector<std::string>{"a\"b", "0.5"}));
}

}  // namespace
}  // namespace turnout
