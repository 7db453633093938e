// What is refused, and with which message, is in tests/hostile/model (formats/read_model_test.cc).
#include "formats/skops/read.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>

#include "formats/pickle/access.h"
#include "formats/skops/test_archive.h"

namespace turnout::skops {
namespace {

using pickle::Describe;
using pickle::Kind;
using pickle::Value;

std::string Node(const std::string& loader, const std::string& of, const std::string& more) {
  const std::size_t dot = of.rfind('.');
  return R"({"__class__": ")" + of.substr(dot + 1) + R"(", "__module__": ")" + of.substr(0, dot) +
         R"(", "__loader__": ")" + loader + "\"" + (more.empty() ? "" : ", " + more) + "}";
}

std::string Json(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return Node("JsonNode", "builtins.str", R"("content": ")" + escaped + R"(", "is_json": true)");
}

std::string List(const std::vector<std::string>& nodes, const std::string& loader = "ListNode",
                 const std::string& of = "builtins.list") {
  std::string all;
  for (const std::string& node : nodes) all += (all.empty() ? "" : ", ") + node;
  return Node(loader, of, "\"content\": [" + all + "]");
}

std::string Tuple(const std::vector<std::string>& nodes) {
  return List(nodes, "TupleNode", "builtins.tuple");
}

std::string Dict(const std::vector<std::pair<std::string, std::string>>& entries,
                 const std::vector<std::string>& types) {
  std::string all;
  std::vector<std::string> nodes;
  for (const auto& [key, node] : entries) all += (all.empty() ? "\"" : ", \"") + key + "\": " + node;
  for (const std::string& type : types) nodes.push_back(Node("TypeNode", type, ""));
  return Node("DictNode", "builtins.dict", "\"content\": {" + all + "}, \"key_types\": " + List(nodes));
}

// A .npy file of version 1.
std::string Npy(const std::string& descr, const std::string& shape, const std::string& data,
                const std::string& fortran = "False") {
  std::string header =
      "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
  std::string out = "\x93NUMPY";
  out += '\1';
  out += '\0';
  out += static_cast<char>(header.size() % 256);
  out += static_cast<char>(header.size() / 256);
  return out + header + data;
}

template <class T>
std::string Raw(std::initializer_list<T> values) {
  std::string out;
  for (const T& value : values) out.append(reinterpret_cast<const char*>(&value), sizeof value);
  return out;
}

// A skops file whose root is a list of the nodes; `files` are its other members.
struct File {
  explicit File(const std::vector<std::string>& nodes, std::vector<TestMember> files = {}) {
    std::string root = List(nodes);
    root.back() = ',';
    files.push_back({"schema.json", root + "\"protocol\": 2}"});
    bytes = TestArchive(files);
  }
  std::vector<uint8_t> bytes;
};

// The values of a tree, in one line.
std::string Shown(Value value) {
  std::string out;
  const auto items = [&](char open, char close) {
    out += open;
    for (const Value item : value.Items()) out += Shown(item) + " ";
    if (out.back() == ' ') out.pop_back();
    out += close;
  };
  switch (value.kind()) {
    case Kind::kList: items('[', ']'); break;
    case Kind::kTuple: items('(', ')'); break;
    case Kind::kSet: items('<', '>'); break;
    case Kind::kDict:
      for (std::size_t i = 0; i < value.size(); ++i) {
        out += (i == 0 ? "{" : " ") + Shown(value.Key(i)) + "=" + Shown(value.Entry(i));
      }
      out = (out.empty() ? "{" : out) + "}";
      break;
    case Kind::kObject:
      out = Shown(value.Class()) + Shown(value.Args());
      if (!value.State().IsNone()) out += Shown(value.State());
      break;
    case Kind::kGlobal: out = value.Name(); break;
    case Kind::kText: out = "'" + std::string(value.Text()) + "'"; break;
    case Kind::kInt: out = std::to_string(value.Int()); break;
    case Kind::kFloat: out = std::to_string(value.Float()); break;
    case Kind::kBool: out = value.Bool() ? "True" : "False"; break;
    case Kind::kNone: out = "None"; break;
    case Kind::kArray:
      out = Describe(value);
      if (!value.Items().empty()) items('[', ']');
      break;
    default: out = Describe(value);
  }
  return out;
}

std::string Read(const File& file) {
  const auto graph = ReadSkops(file.bytes);
  return graph ? Shown(graph->root()) : graph.error().message;
}

TEST(SkopsTest, Scalars) {
  EXPECT_EQ(
      Read(File({Json("null"), Json("true"), Json("false"), Json("2"), Json("-7"), Json("1.5"), Json("1e999"),
                 Json("NaN"), Json("Infinity"), Json("-Infinity"), Json("\"\""), Json("\"a\\\"b\\u00e9\"")})),
      "[None True False 2 -7 1.500000 inf nan inf -inf '' 'a\"bé']");
  const File big({Json("340282366920938463463374607431768211455")});
  const auto graph = ReadSkops(big.bytes);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->root().Items()[0].kind(), Kind::kBigInt);
  EXPECT_EQ(graph->root().Items()[0].Bytes().size(), 17u);
}

TEST(SkopsTest, Containers) {
  EXPECT_EQ(
      Read(File(
          {List({}), Tuple({Json("1"), Json("2")}), List({Json("3")}, "SetNode", "builtins.set"),
           Dict({{"a", Json("1")}, {"0", Json("2")}}, {"builtins.str", "builtins.int"}),
           Dict({{"1.5", Json("1")}, {"true", Json("2")}, {"null", Json("3")}},
                {"numpy.float64", "builtins.bool", "builtins.NoneType"}),
           Dict({{"__loader__", Json("1")}}, {"builtins.str"}),
           Node("DefaultDictNode", "collections.defaultdict",
                R"("content": {"main": )" + Dict({}, {}) + R"(, "default_factory": )" + Json("null") + "}"),
           Node("SliceNode", "builtins.slice", R"("content": {"start": 1, "stop": null, "step": -1})")})),
      "[[] (1 2) <3> {'a'=1 0=2} {1.500000=1 True=2 None=3} {'__loader__'=1} {} a slice]");
}

TEST(SkopsTest, ObjectsAndNames) {
  EXPECT_EQ(
      Read(File(
          {Node("TypeNode", "numpy.float64", ""), Node("FunctionNode", "numpy._core.x.log1p", ""),
           Node("FunctionNode", "builtins.function",
                R"("content": {"module_path": "numpy", "function": "exp"})"),
           Node("ObjectNode", "a.B", "\"content\": " + Dict({{"c", Json("1")}}, {"builtins.str"})),
           Node("ObjectNode", "a.B", "\"content\": " + Json("null")), Node("ObjectNode", "a.B", ""),
           Node("TreeNode", "sklearn.tree._tree.Tree",
                R"("__reduce__": {"args": )" + Tuple({Json("5"), Json("1")}) + R"(}, "content": )" +
                    Dict({{"max_depth", Json("3")}}, {"builtins.str"})),
           Node("LossNode", "l.Huber",
                R"("__reduce__": {"args": )" + Tuple({Json("1.5")}) + R"(}, "content": )" + Dict({}, {})),
           Node("ConstructorFromReduceNode", "datetime.timezone", "\"content\": " + Tuple({Json("0")})),
           Node("OperatorFuncNode", "operator.itemgetter", "\"attrs\": " + Tuple({Json("0")})),
           Node("MethodNode", "m.T",
                R"("content": {"func": "split", "obj": )" + Node("ObjectNode", "m.T", "") + "}"),
           Node("NodeOfTomorrow", "a.B", "\"content\": " + Json("1"))})),
      "[numpy.float64 numpy.core.x.log1p numpy.exp a.B(){'c'=1} a.B() a.B() "
      "sklearn.tree._tree.Tree(5 1){'max_depth'=3} l.Huber(1.500000) datetime.timezone(0) "
      "operator.itemgetter(0) "
      "builtins.getattr(m.T() 'split') a.B()1]");
  EXPECT_EQ(Read(File({Node("PartialNode", "functools.partial",
                            R"("content": {"func": )" + Node("FunctionNode", "numpy.log", "") +
                                R"(, "args": )" + Tuple({}) + R"(, "kwds": )" + Dict({}, {}) +
                                R"(, "namespace": )" + Json("null") + "}")})),
            "[functools.partial(numpy.log)(numpy.log () {} None)]");
}

TEST(SkopsTest, ObjectsThatOccurAgainAreOneValue) {
  const std::string shared = Node("ListNode", "builtins.list", R"("content": [], "__id__": 7)");
  const File file({shared, shared, Node("CachedNode", "a.b", R"("__id__": 7)"), List({})});
  const auto graph = ReadSkops(file.bytes);
  ASSERT_TRUE(graph) << graph.error().message;
  const auto items = graph->root().Items();
  EXPECT_EQ(items[0], items[1]);
  EXPECT_EQ(items[0], items[2]);
  EXPECT_NE(items[0], items[3]);
}

TEST(SkopsTest, Arrays) {
  const auto array = [](const std::string& file, const std::string& of = "numpy.ndarray") {
    return Node("NdArrayNode", of, R"("type": "numpy", "file": ")" + file + "\"");
  };
  const std::string record = "[('left', '<i4'), ('', '|V4'), ('value', '<f8', (1,)), ('in', [('x', '<u2')])]";
  const File file(
      {array("f8.npy"), array("f8.npy"), array("0d.npy"), array("0d.npy", "numpy.int64"),
       array("u.npy", "numpy.str_"), array("b.npy", "numpy.bool"), array("f.npy"), array("record.npy"),
       Node("DTypeNode", "numpy.dtype", "\"content\": " + array("empty.npy")),
       Node("NdArrayNode", "numpy.ndarray",
            R"("type": "json", "content": [)" + List({Json("\"a\""), Json("null")}) + ", " +
                List({Json("1"), Json("2")}) + R"(], "shape": )" + Tuple({Json("2"), Json("2")})),
       Node("NdArrayNode", "numpy.ndarray",
            R"("type": "json", "content": [)" + List({Json("1")}) + R"(], "shape": )" + Tuple({Json("1")})),
       Node("BytesNode", "builtins.bytes", R"("file": "x.bin")")},
      {{"f8.npy", Npy("'<f8'", "(2,)", Raw<double>({1.5, -2}))},
       {"0d.npy", Npy("'>i8'", "()", std::string(7, '\0') + "\7")},
       {"u.npy", Npy("'<U3'", "()", Raw<char32_t>({U'a', U'é', U'\0'}))},
       {"b.npy", Npy("'|b1'", "()", "\1")},
       {"f.npy", Npy("'<i2'", "(2, 2)", Raw<int16_t>({1, 2, 3, 4}), "True")},
       {"record.npy", Npy(record, "(1,)", Raw<int32_t>({7, 0}) + Raw<double>({2.5}) + Raw<uint16_t>({9}))},
       {"empty.npy", Npy("'<f4'", "(0,)", "")},
       {"x.bin", "abc"}});
  EXPECT_EQ(
      Read(file),
      "[a float64 array of shape (2,) a float64 array of shape (2,) an int64 array of shape () 7 'aé' True "
      "an int16 array of shape (2, 2) a structured (left, value, in) array of shape (1,) the dtype float32 "
      "an object array of shape (2, 2)['a' None 1 2] an object array of shape (1,)[[1]] 3 bytes]");
  const auto graph = ReadSkops(file.bytes);
  ASSERT_TRUE(graph);
  const auto items = graph->root().Items();
  EXPECT_EQ(items[0], items[1]) << "one file, one array";
  const auto f = pickle::AsIntArray(pickle::Part(items[6], pickle::Path("f")));
  ASSERT_TRUE(f);
  EXPECT_EQ(f->values, (std::vector<int64_t>{1, 3, 2, 4}));
  const auto left = pickle::IntColumn(pickle::Part(items[7], pickle::Path("record")), "left");
  ASSERT_TRUE(left) << left.error().message;
  EXPECT_EQ(left->at(0), 7);
  EXPECT_EQ(items[7].ElementType().Find("value")->offset, 8u);
  EXPECT_EQ(items[7].ElementType().itemsize, 18u);
}

TEST(SkopsTest, SparseMatricesAreAsInPickles) {
  const auto inner = TestArchive({{"indices.npy", Npy("'<i4'", "(1,)", Raw<int32_t>({2}))},
                                  {"indptr.npy", Npy("'<i4'", "(2,)", Raw<int32_t>({0, 1}))},
                                  {"data.npy", Npy("'<f8'", "(1,)", Raw<double>({3}))},
                                  {"shape.npy", Npy("'<i8'", "(2,)", Raw<int64_t>({1, 4}))}});
  EXPECT_EQ(
      Read(File(
          {Node("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", R"("type": "scipy", "file": "1.npz")")},
          {{"1.npz", std::string(inner.begin(), inner.end())}})),
      "[scipy.sparse._csr.csr_matrix(){'indices'=an int32 array of shape (1,) 'indptr'=an int32 array of "
      "shape "
      "(2,) 'data'=a float64 array of shape (1,) 'shape'=an int64 array of shape (2,) '_shape'=(1 4)}]");
}

// ---- files made to take memory or time

std::size_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory and time are the sanitizer's own
#else
constexpr bool kSanitized = false;
#endif

std::string Repeated(const std::string& unit, std::size_t size) {
  std::string out;
  while (out.size() < size) out += unit;
  return out;
}

TEST(SkopsTest, BombsAreCheap) {
  constexpr std::size_t kSize = 10'000'000;
  std::vector<TestMember> npy = {{"1.npy", Npy("'<f8'", "(2,)", Raw<double>({1, 2}))}};
  const std::string node = Node("NdArrayNode", "numpy.ndarray", R"("type": "numpy", "file": "1.npy")");
  std::string laughs;  // an array of objects of 2 x 2 x ... elements, each level the one before it twice
  {
    std::string level = List({Json("1"), Json("1")});
    level.back() = ',';
    level += R"("__id__": 1})";
    std::string shape = Json("2");
    for (int i = 2; i < 40; ++i) {
      const std::string before = Node("CachedNode", "a.b", "\"__id__\": " + std::to_string(i - 1));
      std::string next = List({i == 2 ? level : before, before});
      next.back() = ',';
      laughs += (laughs.empty() ? "" : ", ") + next + "\"__id__\": " + std::to_string(i) + "}";
      shape += ", " + Json("2");
    }
    laughs += ", " + Node("NdArrayNode", "numpy.ndarray",
                          R"("type": "json", "content": [)" + Node("CachedNode", "a.b", R"("__id__": 39)") +
                              R"(], "shape": )" + Node("TupleNode", "a.b", "\"content\": [" + shape + "]"));
  }
  const struct {
    const char* name;
    std::string schema;
    const char* error;  // a part of it; empty: it is a valid file
  } kBombs[] = {
      {"brackets", std::string(kSize, '['), "more than 1000 levels"},
      {"small numbers", "[" + Repeated("1,", kSize) + "1]", "more than 1000000 values in what is open"},
      {"many small arrays", "[" + Repeated("[1,1,1,1,1,1,1,1],", kSize / 4) + "1]", "its root is no object"},
      {"floats",
       "[" + Repeated("[1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1,1e1],", kSize) + "1]",
       "its root is no object"},
      {"empty objects", "[" + Repeated("[{},{},{},{},{},{},{},{},{},{},{},{},{},{}],", kSize) + "1]",
       "its root is no object"},
      {"escapes", "[\"" + Repeated("\\u00e9", kSize) + "\"]", "its root is no object"},
      {"one array again and again",
       R"({"__loader__": "ListNode", "protocol": 2, "content": [)" + Repeated(node + ",", kSize) + node +
           "]}",
       ""},
      {"laughs", R"({"__loader__": "ListNode", "protocol": 2, "content": [)" + laughs + "]}",
       "take more than 4 times"},
  };
  for (const auto& bomb : kBombs) {
    std::vector<TestMember> members = npy;
    members.push_back({"schema.json", bomb.schema});
    const auto bytes = TestArchive(members);
    const std::size_t before = PeakBytes();
    const auto start = std::chrono::steady_clock::now();
    const auto graph = ReadSkops(bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (*bomb.error == '\0') {
      EXPECT_TRUE(graph) << bomb.name << ": " << graph.error().message;
    } else {
      ASSERT_FALSE(graph) << bomb.name;
      EXPECT_NE(graph.error().message.find(bomb.error), std::string::npos)
          << bomb.name << ": " << graph.error().message;
    }
    if (kSanitized) continue;
    EXPECT_LT(took.count(), 2.0) << bomb.name;
    EXPECT_LT(PeakBytes() - before, 4 * bytes.size() + (std::size_t{64} << 20)) << bomb.name;
  }
}

}  // namespace
}  // namespace turnout::skops
