#include "bytes/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

#include "bytes/json_error.h"
#include "bytes/json_writer.h"

namespace turnout {
namespace {

using Kind = JsonToken::Kind;

// The tokens as text, one word each; strings between bars.
std::string Shown(std::span<const JsonToken> tokens) {
  std::string out;
  for (const JsonToken& token : tokens) {
    switch (token.kind) {
      case Kind::kObject: out += "{"; break;
      case Kind::kObjectEnd: out += "}"; break;
      case Kind::kArray: out += "["; break;
      case Kind::kArrayEnd: out += "]"; break;
      case Kind::kKey: out += "|" + std::string(token.text) + "|:"; break;
      case Kind::kString: out += "|" + std::string(token.text) + "|"; break;
      case Kind::kNumber: out += token.text; break;
      case Kind::kTrue: out += "true"; break;
      case Kind::kFalse: out += "false"; break;
      case Kind::kNull: out += "null"; break;
    }
    out += ' ';
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string Tokens(std::string_view text) {
  JsonTokenizer json;
  const auto tokens = json.Document(text);
  return tokens ? Shown(*tokens) : tokens.error().message;
}

std::string Elements(std::string_view text) {
  JsonTokenizer json;
  std::string out;
  const Status status =
      json.Elements(text, [&](std::span<const JsonToken> tokens, std::string_view bytes) -> Status {
        out += Shown(tokens) + " <" + std::string(bytes) + ">\n";
        return {};
      });
  return status ? out : status.error().message;
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

constexpr std::string_view kChurn =
    R"({"customer_id":"C-1042","age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":"premium"})";

TEST(JsonTokenizerTest, GivesTheTokensOfValidDocuments) {
  struct Case {
    std::string text, tokens;
  };
  for (const auto& [text, tokens] : {
           Case{"1", "1"},
           Case{" \t\r\n-1.50e3 \n", "-1.50e3"},
           Case{"\"a\"", "|a|"},
           Case{"null", "null"},
           Case{"[]", "[ ]"},
           Case{"{}", "{ }"},
           Case{"[[],{}]", "[ [ ] { } ]"},
           Case{"[true , false,null]", "[ true false null ]"},
           Case{R"({"a":{"b":[1,2]},"c":""})", "{ |a|: { |b|: [ 1 2 ] } |c|: || }"},
           Case{R"({"a":1,"a":2})", "{ |a|: 1 |a|: 2 }"},
           Case{R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00")",
                "|\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600|"},
           Case{R"({"k\u0065y" : "x" })", "{ |key|: |x| }"},
           Case{"\"\u00e9\u20ac\U0001F600\x7f\"", "|\u00e9\u20ac\U0001F600\x7f|"},
           Case{R"("[{,:}]\\")", "|[{,:}]\\|"},
           Case{R"(["\\","\\\\\"",""])", R"([ |\| |\\"| || ])"},
           Case{"123456789012345678901234567890e-5", "123456789012345678901234567890e-5"},
           Case{"1e999", "1e999"},
       }) {
    EXPECT_EQ(Tokens(text), tokens) << text;
    EXPECT_FALSE(FindJsonError(text)) << text;
  }
  JsonTokenizer json;
  const auto nul = json.Document(R"("a\u0000b")");
  ASSERT_TRUE(nul);
  EXPECT_EQ((*nul)[0].text, std::string_view("a\0b", 3));
}

TEST(JsonTokenizerTest, SaysWhereContainersEndAndWhereTextsLive) {
  JsonTokenizer json;
  const std::string text = R"( {"a":[1,[2]],"b\n":"c","d":"\t"})";
  const auto tokens = json.Document(text);
  ASSERT_TRUE(tokens);
  ASSERT_EQ(Shown(*tokens), "{ |a|: [ 1 [ 2 ] ] |b\n|: |c| |d|: |\t| }");
  EXPECT_EQ((*tokens)[0].skip, 12u);
  EXPECT_EQ((*tokens)[2].skip, 7u);
  EXPECT_EQ((*tokens)[4].skip, 6u);
  EXPECT_EQ((*tokens)[1].text.data(), text.data() + 3);
  EXPECT_FALSE((*tokens)[1].unescaped);
  EXPECT_TRUE((*tokens)[8].unescaped);
  EXPECT_EQ((*tokens)[2].byte, 6u);
}

TEST(JsonTokenizerTest, NamesTheByteOfTheFirstError) {
  struct Case {
    std::string text, message;
  };
  const std::string deep64 = Repeated("[", 64) + Repeated("]", 64);
  EXPECT_EQ(Tokens(deep64).size(), 64u * 4 - 1);
  for (const auto& [text, message] : {
           Case{"", "byte 0: the document is empty; a JSON value was expected"},
           Case{" \n", "byte 2: the document is empty; a JSON value was expected"},
           Case{"\xEF\xBB\xBF{}", "byte 0: a byte order mark; JSON is sent without one"},
           Case{"{", "byte 1: the document ends where a name in double quotes or '}' was expected"},
           Case{"[1", "byte 2: the document ends where ',' or ']' was expected"},
           Case{"[1,", "byte 3: the document ends where a value was expected"},
           Case{"[1,]", "byte 3: expected a value, found ']'"},
           Case{"[,1]", "byte 1: expected a value, found ','"},
           Case{"[1 2]", "byte 3: expected ',' or ']', found '2'"},
           Case{"[1}", "byte 2: expected ',' or ']', found '}'"},
           Case{R"({"a" 1})", "byte 5: expected ':', found '1'"},
           Case{R"({"a":1,})", "byte 7: expected a name in double quotes, found '}'"},
           Case{R"({"a":1 "b":2})", "byte 7: expected ',' or '}', found '\"'"},
           Case{"{a:1}", "byte 1: expected a name in double quotes or '}', found 'a'"},
           Case{"{'a':1}", "byte 1: expected a name in double quotes or '}', found '''"},
           Case{"{1:1}", "byte 1: expected a name in double quotes or '}', found '1'"},
           Case{R"({"a":})", "byte 5: expected a value, found '}'"},
           Case{"1 1", "byte 2: expected the end of the document, found '1'"},
           Case{"{} []", "byte 3: expected the end of the document, found '['"},
           Case{"[]]", "byte 2: expected the end of the document, found ']'"},
           Case{"tru", "byte 0: expected a value, found 't'"},
           Case{"truex", "byte 4: expected the end of the document, found 'x'"},
           Case{"True", "byte 0: expected a value, found 'T'"},
           Case{"nan", "byte 0: expected a value, found 'n'"},
           Case{"01", "byte 0: '01' is not a JSON number"},
           Case{"[1.]", "byte 1: '1.' is not a JSON number"},
           Case{"-", "byte 0: '-' is not a JSON number"},
           Case{"-Infinity", "byte 0: '-Infinity' is not a JSON number"},
           Case{"+1", "byte 0: expected a value, found '+'"},
           Case{".5", "byte 0: expected a value, found '.'"},
           Case{"0x1F", "byte 0: '0x1F' is not a JSON number"},
           Case{"1e5e", "byte 0: '1e5e' is not a JSON number"},
           Case{"1\"a\"", "byte 1: expected the end of the document, found '\"'"},
           Case{"[\"a\"x]", "byte 4: expected ',' or ']', found 'x'"},
           Case{"\"a", "byte 2: the document ends inside the string that starts at byte 0"},
           Case{"\"a\\\"", "byte 4: the document ends inside the string that starts at byte 0"},
           Case{"\"a\\", "byte 3: the document ends inside an escape"},
           Case{"\"\\u12", "byte 5: the document ends inside an escape"},
           Case{"\"\\u12G4\"", "byte 1: '\\u' without four hexadecimal digits"},
           Case{"\"\\x41\"", "byte 1: unknown escape '\\' and 'x'"},
           Case{"\"\\\xC3\xA9\"", "byte 1: unknown escape '\\' and byte 0xc3"},
           Case{"\"a\nb\"", "byte 2: control character 0x0a in a string; it must be escaped"},
           Case{std::string("\"a\0b\"", 5), "byte 2: control character 0x00 in a string; it must be escaped"},
           Case{R"("\ud800")", "byte 1: the first half of a surrogate pair without its second"},
           Case{R"("\ud800\u0041")", "byte 1: the first half of a surrogate pair without its second"},
           Case{R"("x\udc00")", "byte 2: the second half of a surrogate pair without its first"},
           Case{"\"\xff\"", "byte 1: invalid UTF-8 (byte 0xff)"},
           Case{"\"\xC0\x80\"", "byte 1: invalid UTF-8 (byte 0xc0)"},
           Case{"\"\xED\xA0\x80\"", "byte 1: invalid UTF-8 (byte 0xed)"},
           Case{"\"\xF4\x90\x80\x80\"", "byte 1: invalid UTF-8 (byte 0xf4)"},
           Case{"\"\xE2\x82\"", "byte 1: invalid UTF-8 (byte 0xe2)"},
           Case{"[\xff]", "byte 1: invalid UTF-8 (byte 0xff)"},
           Case{"[1\xff]", "byte 2: invalid UTF-8 (byte 0xff)"},
           Case{"[1\f]", "byte 1: '1?' is not a JSON number"},
           Case{"[\v1]", "byte 1: expected a value, found byte 0x0b"},
           Case{"[\u00a0"
                "1]",
                "byte 1: expected a value, found byte 0xc2"},
           Case{"/**/1", "byte 0: expected a value, found '/'"},
           Case{"[1,//x\n2]", "byte 3: expected a value, found '/'"},
           Case{Repeated("[", 65), "byte 64: more than 64 levels of arrays and objects"},
           Case{Repeated("[", 100'000) + Repeated("]", 100'000),
                "byte 64: more than 64 levels of arrays and objects"},
           Case{Repeated("{\"a\":", 100'000), "byte 320: more than 64 levels of arrays and objects"},
       }) {
    EXPECT_EQ(Tokens(text), message) << text.substr(0, 80);
  }
}

TEST(JsonTokenizerTest, RefusesEveryTruncation) {
  for (const std::string& whole :
       {std::string(kChurn), std::string(R"([{"a\u0041":[1,-2.5e-3,true]},"\ud83d\ude00 é",null])")}) {
    ASSERT_TRUE(JsonTokenizer().Document(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // On the heap, exactly as long as it is: a read past the end is noticed.
      const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      JsonTokenizer json;
      EXPECT_FALSE(json.Document({part.data(), part.size()})) << size;
      EXPECT_FALSE(json.Elements({part.data(), part.size()}, [](auto, auto) -> Status { return {}; }))
          << size;
      EXPECT_TRUE(json.Document("[1]")) << "a tokenizer is usable after an error";
    }
  }
}

// One to three small changes, mostly of bytes that mean something.
void Mutate(std::string& text, std::mt19937_64& random) {
  constexpr std::string_view kAlphabet = "{}[]:,\"\\ \n\f\t019-+.eEutfnaxd8\xC3\xA9\x80\xFF";
  for (auto changes = 1 + random() % 3; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size();
    const char c = kAlphabet[random() % kAlphabet.size()];
    switch (random() % 4) {
      case 0: text.erase(at, 1 + random() % 3); break;
      case 1: text.insert(at, 1, c); break;
      case 2: text[at] = c; break;
      default: text.insert(at, text.substr(random() % text.size(), random() % 12)); break;
    }
  }
}

// Both readers must accept the same texts, and Elements what Document accepts as an array, with every kernel
// that the library may choose.
TEST(JsonTokenizerTest, AgreesWithThePlainReaderOnMutatedTexts) {
  const std::string seeds[] = {std::string(kChurn),
                               R"([1,"\ud83d\ude00",{"a":[]},[[],{}],true,false,null,-0.5e+7])",
                               R"(["\\","\\\"","é€😀"," , : "])", "[]", "1"};
  const simdjson::implementation* const chosen = simdjson::get_active_implementation();
  for (const simdjson::implementation* kernel : simdjson::get_available_implementations()) {
    if (!kernel->supported_by_runtime_system()) continue;
    simdjson::get_active_implementation() = kernel;
    std::mt19937_64 random(3);
    JsonTokenizer json;
    int valid = 0;
    for (int round = 0; round < 100'000; ++round) {
      std::string text = seeds[random() % std::size(seeds)];
      Mutate(text, random);
      const bool expected = !FindJsonError(text);
      valid += expected;
      const auto tokens = json.Document(text);
      ASSERT_EQ(tokens.has_value(), expected) << kernel->name() << ": " << text;
      const bool array = expected && (*tokens)[0].kind == Kind::kArray;
      ASSERT_EQ(json.Elements(text, [](auto, auto) -> Status { return {}; }).has_value(), array) << text;
    }
    EXPECT_GT(valid, 3'000) << kernel->name();
  }
  simdjson::get_active_implementation() = chosen;
}

TEST(JsonElementsTest, HandsOutEachElementWithItsBytes) {
  EXPECT_EQ(Elements("[]"), "");
  EXPECT_EQ(Elements(" [ \n] "), "");
  EXPECT_EQ(Elements("[1]"), "1 <1>\n");
  EXPECT_EQ(Elements(R"( [ {"a": 1 } , "x" ,[ ] ] )"), "{ |a|: 1 } <{\"a\": 1 }>\n|x| <\"x\">\n[ ] <[ ]>\n");
  EXPECT_EQ(Elements("{}"), "byte 0: expected an array, found '{'");
  EXPECT_EQ(Elements("  3"), "byte 2: expected an array, found '3'");
  EXPECT_EQ(Elements(""), "byte 0: the document is empty; a JSON value was expected");
  EXPECT_EQ(Elements("[1,2"), "byte 4: the document ends where ',' or ']' was expected");
  EXPECT_EQ(Elements("[1,,2]"), "byte 3: expected a value, found ','");
  EXPECT_EQ(Elements("[,]"), "byte 1: expected a value, found ','");
  EXPECT_EQ(Elements("[1]]"), "byte 3: expected the end of the document, found ']'");
  EXPECT_EQ(Elements("[1] 2"), "byte 4: expected the end of the document, found '2'");
  EXPECT_EQ(Elements("[1 2]"), "byte 3: expected ',' or ']', found '2'");
  EXPECT_EQ(Elements(Repeated("[", 64) + Repeated("]", 64)).substr(0, 4), "[ [ ");
  EXPECT_EQ(Elements(Repeated("[", 65) + Repeated("]", 65)),
            "byte 64: more than 64 levels of arrays and objects");
}

TEST(JsonElementsTest, AnErrorOfTheCallerEndsIt) {
  JsonTokenizer json;
  int seen = 0;
  const Status status = json.Elements("[1,2,3]", [&](auto, auto) -> Status {
    if (++seen == 2) return Fail(Code::kDeadline, "enough");
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "enough");
  EXPECT_EQ(seen, 2);
}

TEST(JsonElementsTest, ReadsLongArraysInPiecesWithTheSameResult) {
  // 6 MB: elements with brackets, commas, quotes and backslashes inside strings; one of 2 MB.
  std::string text = "[";
  std::vector<std::string> expected;
  std::mt19937_64 random(4);
  while (text.size() < 6'000'000) {
    std::string element;
    if (expected.size() == 1000) {
      element = "\"" + std::string(2'000'000, 'x') + "\"";
    } else {
      element = R"({"a,]}":"\\\"],[{","n":[)" + std::to_string(random() % 1000) + R"(,{"b":"\\"}]})";
    }
    if (!expected.empty()) text += random() % 2 ? "," : " ,\n";
    text += element;
    expected.push_back(std::move(element));
  }
  text += "]\n";
  JsonTokenizer json;
  std::size_t next = 0;
  const auto check = [&](std::span<const JsonToken> tokens, std::string_view bytes) -> Status {
    if (next >= expected.size() || bytes != expected[next]) return Fail(Code::kInternal, "differs");
    if (tokens[0].kind == Kind::kObject &&
        (Shown(tokens.first(3)) != "{ |a,]}|: |\\\"],[{|" || tokens[0].skip + 1 != tokens.size())) {
      return Fail(Code::kInternal, "differs");
    }
    ++next;
    return {};
  };
  const Status status = json.Elements(text, check);
  ASSERT_TRUE(status) << status.error().message << " at element " << next;
  EXPECT_EQ(next, expected.size());

  // The same array with one byte wrong far behind.
  std::string wrong = text;
  wrong[wrong.size() - 3] = ')';
  next = 0;
  const Status refused = json.Elements(wrong, check);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "byte " + std::to_string(wrong.size() - 3) + ": expected ',' or '}', found ')'");
  for (const char* end : {"", "}", ",]", "]]"}) {
    EXPECT_FALSE(json.Elements(text.substr(0, text.size() - 2) + end, [](auto, auto) -> Status {
      return {};
    })) << end;
  }
}

TEST(JsonElementsTest, LongArraysAreRefusedAsShortOnesAre) {
  std::string base = "[";
  for (int i = 0; base.size() < 1'200'000; ++i) {
    base += (i ? "," : "") + std::string(i % 3 ? kChurn : R"([{"a":"]}\\"},[[]],"\",["])");
  }
  base += "]";
  std::mt19937_64 random(7);
  JsonTokenizer json;
  for (int round = 0; round < 60; ++round) {
    std::string text = base;
    if (round > 0) Mutate(text, random);
    const auto error = FindJsonError(text);
    const Status status = json.Elements(text, [](auto, auto) -> Status { return {}; });
    ASSERT_EQ(status.has_value(), !error) << (error ? error->message : status.error().message);
  }
}

TEST(JsonWriterTest, EscapesAndReplacesSoThatTheOutputIsValid) {
  const auto written = [](std::string_view text) {
    std::string out;
    AppendJsonString(out, text);
    return out;
  };
  EXPECT_EQ(written("C-1042"), "\"C-1042\"");
  EXPECT_EQ(written("a\"b\\c\n\t\r\b\f/"), R"("a\"b\\c\n\t\r\b\f/")");
  EXPECT_EQ(written(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(written("é€😀"), "\"é€😀\"");
  EXPECT_EQ(written("a\xff\xC3"), "\"a\uFFFD\uFFFD\"");
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (auto size = random() % 12; size > 0; --size) bytes.push_back(static_cast<char>(random()));
    ASSERT_FALSE(FindJsonError(written(bytes)));
  }
  std::string numbers;
  AppendJsonNumber(numbers, 0.5);
  AppendJsonNumber(numbers, std::numeric_limits<double>::quiet_NaN());
  AppendJsonNumber(numbers, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(numbers, "0.5nullnull");
}

}  // namespace
}  // namespace turnout
