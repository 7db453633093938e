#include "formats/pickle/access.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "formats/pickle/read.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {
namespace {

using namespace std::string_literals;

class Access : public testing::Test {
 protected:
  // The root of a pickle, which lives as long as the test.
  Part Read(std::string bytes) {
    files_.push_back(std::make_unique<std::string>(std::move(bytes)));
    const std::string& file = *files_.back();
    auto graph = ReadPickle({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
    EXPECT_TRUE(graph.has_value()) << graph.error().message;
    graphs_.push_back(*std::move(graph));
    return Part(graphs_.back().root());
  }

  Part ReadFixture(const std::string& name) {
    std::ifstream in("tests/pickle/" + name, std::ios::binary);
    return Read({std::istreambuf_iterator<char>(in), {}});
  }

  std::vector<std::unique_ptr<std::string>> files_;
  std::vector<Graph> graphs_;
};

template <class T>
std::string Message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

TEST_F(Access, MessagesNameTheWay) {
  const Part model = ReadFixture("sklearn-1.9.1-gb-p5.pkl");
  EXPECT_EQ(model.path.text(), "GradientBoostingClassifier");
  const Part clf(model.value, Path().Step("clf").Inside(ShortClassName(model.value)));
  const Part trees = *Attribute(clf, "estimators_");
  const Part tree = *Attribute(*Element(trees, 2), "tree_");
  const Part nodes = *Attribute(tree, "nodes");
  EXPECT_EQ(nodes.path.text(), "pipeline step 'clf' > GradientBoostingClassifier.estimators_[2].tree_.nodes");
  EXPECT_EQ(Message(AsDoubleArray(nodes)),
            "pipeline step 'clf' > GradientBoostingClassifier.estimators_[2].tree_.nodes: found a structured "
            "(left_child, "
            "right_child, feature, threshold, impurity, n_node_samples, ...) array "
            "of shape (5,), "
            "expected an array of numbers");
  EXPECT_EQ(Message(DoubleColumn(nodes, "left")).substr(nodes.path.text().size()),
            ": no field 'left' in structured (left_child, right_child, feature, threshold, impurity, "
            "n_node_samples, "
            "...)");
  EXPECT_EQ(Message(Element(trees, 3)),
            "pipeline step 'clf' > GradientBoostingClassifier.estimators_: has 3 elements, but one more than "
            "3 is needed");
  EXPECT_EQ(
      Message(AsText(*Attribute(clf, "learning_rate"))),
      "pipeline step 'clf' > GradientBoostingClassifier.learning_rate: found the float 0.1, expected a text");
  EXPECT_TRUE(
      Message(Attribute(tree, "leaves"))
          .ends_with(
              "tree_: no attribute 'leaves' (there are: max_depth, node_count, nodes, values); was it fitted "
              "before it was saved?"));
}

TEST_F(Access, Attributes) {
  const Part object = Read(
      "cfoo\nBar\n)\x81}(U\x01"
      "aK\x05U\x01"
      "bNU\x01"
      "cU\x01xub.");
  EXPECT_EQ(ClassName(object.value), "foo.Bar");
  EXPECT_EQ(ShortClassName(object.value), "Bar");
  EXPECT_EQ(AsInt(*Attribute(object, "a")), 5);
  EXPECT_TRUE(Attribute(object, "b")->value.IsNone());
  EXPECT_FALSE(FindAttribute(object, "b").has_value());
  EXPECT_TRUE(HasAttribute(object.value, "b"));
  EXPECT_FALSE(FindAttribute(object, "z").has_value());
  EXPECT_FALSE(HasAttribute(object.value, "z"));
  EXPECT_EQ(IntOr(object, "a", 7), 5);
  EXPECT_EQ(IntOr(object, "b", 7), 7);
  EXPECT_EQ(DoubleOr(object, "a", 7), 5.0);
  EXPECT_EQ(TextOr(object, "c", "?"), "x");
  EXPECT_EQ(TextOr(object, "z", "?"), "?");
  EXPECT_EQ(BoolOr(object, "z", true), true);
  EXPECT_EQ(Message(IntOr(object, "c", 7)), "Bar.c: found the text 'x', expected an integer");
  // Classes with __slots__: (dict or None, slots).
  const Part slots = Read(
      "cfoo\nBar\n)\x81N}U\x01"
      "aK\x05s\x86"
      "b.");
  EXPECT_EQ(AsInt(*Attribute(slots, "a")), 5);
  EXPECT_EQ(Message(Attribute(Read("K\x05."), "a")),
            "the file: found the int 5, expected an object with an attribute 'a'");
}

TEST_F(Access, Scalars) {
  EXPECT_EQ(AsDouble(Read("K\x05.")), 5.0);
  EXPECT_EQ(AsDouble(Read("\x88.")), 1.0);
  EXPECT_EQ(AsInt(Read("F3.0\n.")), 3);
  EXPECT_EQ(Message(AsInt(Read("F3.5\n."))), "the file: found the float 3.5, expected an integer");
  EXPECT_EQ(Message(AsInt(Read("F1e19\n."))), "the file: found the float 1e+19, expected an integer");
  EXPECT_EQ(Message(AsInt(Read("Fnan\n."))), "the file: found the float nan, expected an integer");
  EXPECT_EQ(AsBool(Read("K\x01.")), true);
  EXPECT_EQ(Message(AsBool(Read("K\x02."))), "the file: found the int 2, expected True or False");
  EXPECT_EQ(Message(AsDouble(Read("N."))), "the file: found None, expected a number");
}

TEST_F(Access, ArraysFromListsAndScalars) {
  EXPECT_EQ(AsDoubleArray(Read("](K\x01G\x3f\xf8\x00\x00\x00\x00\x00\x00\x88"
                               "e."s))
                ->values,
            (std::vector<double>{1, 1.5, 1}));
  EXPECT_EQ(AsIntArray(Read("(K\x01K\x02t."))->shape, (std::vector<int64_t>{2}));
  EXPECT_TRUE(AsDoubleArray(Read("K\x05."))->shape.empty());
  EXPECT_EQ(Message(AsIntArray(Read("](K\x01Ne."))), "the file[1]: found None, expected integers");
  EXPECT_EQ(Message(AsDoubleArray(Read("N."))), "the file: found None, expected an array of numbers");
  EXPECT_EQ(Message(AsDoubleArray(Read("](K\x01K\x02"
                                       "e."),
                                  {2, -1})),
            "the file: found a list of 2, expected shape (2, any)");
  EXPECT_EQ(AsTextArray(Read("](U\x01xU\x01ye."))->values, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(Message(AsTextArray(Read("](U\x01xK\x05"
                                     "e."))),
            "the file[1]: found the int 5, expected a text");
}

TEST_F(Access, ArraysOfEveryKind) {
  for (const char* name : {"sklearn-1.1.3-arrays-p0.pkl", "sklearn-1.1.3-arrays-p4.pkl",
                           "sklearn-1.9.1-arrays-p2.pkl", "sklearn-1.9.1-arrays-p5.pkl"}) {
    const Part arrays = ReadFixture(name);
    const auto entry = [&](std::string_view key) { return *Entry(arrays, key); };
    for (const char* key : {"f8_little", "f8_big", "f4_big", "f2_little", "i2_big", "i4_little", "i1_little",
                            "u4_big", "u8_little"}) {
      EXPECT_EQ(AsDoubleArray(entry(key))->values, (std::vector<double>{0, 1, 100})) << key;
      EXPECT_EQ(AsIntArray(entry(key))->values, (std::vector<int64_t>{0, 1, 100})) << key;
    }
    EXPECT_EQ(AsIntArray(entry("negative"))->values, (std::vector<int64_t>{-1, -128}));
    EXPECT_EQ(AsDoubleArray(entry("fortran"), {2, 3})->values, (std::vector<double>{0, 1, 2, 3, 4, 5}));
    const auto cube = AsIntArray(entry("fortran3"), {2, 3, 4});
    for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(cube->values[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(AsDouble(entry("zero_d")), 2.5);
    EXPECT_EQ(AsDoubleArray(entry("empty"), {0, 3})->size(), 0u);
    EXPECT_EQ(AsTextArray(entry("text"))->values,
              (std::vector<std::string>{"ab", "c", "\xc3\xa9\xf0\x9f\x9a\x82"}));
    EXPECT_EQ(AsTextArray(entry("text_big"))->values, (std::vector<std::string>{"ab", "c"}));
    EXPECT_EQ(AsTextArray(entry("objects_fortran"))->values,
              (std::vector<std::string>{"a", "b", "c", "d", "e", "f"}));
    EXPECT_EQ(AsTextArray(entry("index"))->values, (std::vector<std::string>{"age", "income"}));
    EXPECT_EQ(Message(AsTextArray(entry("mixed"))), "the file['mixed'][0]: found the int 1, expected a text");
    EXPECT_EQ(Message(AsIntArray(entry("matrix"), {3, 2})),
              "the file['matrix']: found a float64 array of shape (2, 3), expected shape (3, 2)");
    EXPECT_EQ(IntColumn(entry("structured"), "left"), (std::vector<int64_t>{1, -1, -1, 5}));
    EXPECT_EQ(DoubleColumn(entry("structured"), "threshold"), (std::vector<double>{0.5, -2, 3.25, 0}));
    EXPECT_TRUE(HasColumn(entry("structured").value, "flag"));
    EXPECT_FALSE(HasColumn(entry("structured").value, "absent"));
    EXPECT_FALSE(HasColumn(entry("matrix").value, "flag"));
    EXPECT_EQ(Message(IntColumn(entry("structured"), "threshold")),
              "the file['structured']: element 0 of field 'threshold' is not an integer of 64 bits");
    EXPECT_EQ(Message(DoubleColumn(entry("matrix"), "a")),
              "the file['matrix']: found a float64 array of shape (2, 3), expected a structured array of one "
              "dimension");
  }
}

TEST_F(Access, DictEntries) {
  const Part dict = Read(
      "}(U\x01"
      "aK\x05U\x01"
      "bNu.");
  EXPECT_EQ(Entry(dict, "a")->path.text(), "the file['a']");
  EXPECT_FALSE(FindEntry(dict, "b").has_value());
  EXPECT_EQ(Message(Entry(dict, "c")), "the file: no entry 'c'");
  EXPECT_EQ(Message(Entry(Read("N."), "c")), "the file: found None, expected a dict");
}

TEST_F(Access, CarriedCodeIsNamedAsSuch) {
  const Part file = ReadFixture("sklearn-1.9.1-lambda.pkl");
  EXPECT_EQ(Describe(Attribute(*Entry(file, "func"), "func")->value),
            "Python code that the file carries (cloudpickle)");
}

TEST(Text, DecimalToBytes) {
  const auto bytes = [](std::initializer_list<uint8_t> list) { return std::vector<uint8_t>(list); };
  EXPECT_EQ(DecimalToBytes("0"), bytes({0}));
  EXPECT_EQ(DecimalToBytes("-0"), bytes({0}));
  EXPECT_EQ(DecimalToBytes("127"), bytes({127}));
  EXPECT_EQ(DecimalToBytes("128"), bytes({128, 0}));
  EXPECT_EQ(DecimalToBytes("-128"), bytes({128}));
  EXPECT_EQ(DecimalToBytes("-129"), bytes({127, 255}));
  EXPECT_EQ(DecimalToBytes("1000000000000"), bytes({0x00, 0x10, 0xa5, 0xd4, 0xe8, 0x00}));
  EXPECT_EQ(DecimalToBytes(""), std::nullopt);
  EXPECT_EQ(DecimalToBytes("-"), std::nullopt);
  EXPECT_EQ(DecimalToBytes("1_0"), std::nullopt);
}

TEST(Text, CheckUtf8) {
  const auto check = [](std::string_view text) {
    return CheckUtf8({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  for (const char* valid : {"", "ascii only, more than eight bytes", "\xc3\xa9", "\xe2\x82\xac",
                            "\xf0\x9f\x9a\x82", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(check(valid), Utf8::kValid) << valid;
  }
  EXPECT_EQ(check("a\xed\xa0\x80z"), Utf8::kSurrogates);
  for (const char* invalid : {"\x80", "\xc3", "\xc3\x28", "\xc0\x80", "\xe0\x80\x80", "\xe2\x82",
                              "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_EQ(check(invalid), Utf8::kInvalid);
  }
}

}  // namespace
}  // namespace turnout::pickle
