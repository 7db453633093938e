// One opcode and one rule at a time, from bytes written by hand. Real files are in fixtures_test.cc, broken
// ones in hostile_test.cc.
#include "formats/pickle/read.h"

#include <gtest/gtest.h>

#include <cmath>

#include "formats/pickle/access.h"

namespace turnout::pickle {
namespace {

using namespace std::string_literals;

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A graph and the bytes that it looks into.
struct Pickle {
  explicit Pickle(std::string text)
      : bytes(std::make_unique<std::string>(std::move(text))), graph(ReadPickle(AsBytes(*bytes))) {}
  Value operator*() const {
    if (!graph) throw std::runtime_error(graph.error().message);  // fails the test with the message
    return graph->root();
  }

  std::unique_ptr<std::string> bytes;
  Result<Graph> graph;
};

std::string Shown(const std::string& bytes) {
  const Pickle pickle(bytes);
  return pickle.graph ? Describe(*pickle) : pickle.graph.error().message;
}

TEST(ReadPickle, NoneAndBools) {
  EXPECT_EQ(Shown("N."), "None");
  EXPECT_EQ(Shown("\x80\x02\x88."), "True");
  EXPECT_EQ(Shown("\x80\x02\x89."), "False");
  EXPECT_EQ(Shown("I01\n."), "True");
  EXPECT_EQ(Shown("I00\n."), "False");
}

TEST(ReadPickle, Integers) {
  EXPECT_EQ(Shown("K\xff."), "the int 255");
  EXPECT_EQ(Shown("M\xff\xff."), "the int 65535");
  EXPECT_EQ(Shown("J\xfe\xff\xff\xff."), "the int -2");
  EXPECT_EQ(Shown("I-12\n."), "the int -12");
  EXPECT_EQ(Shown("I1\n."), "the int 1");
  EXPECT_EQ(Shown("L9223372036854775807L\n."), "the int 9223372036854775807");
  EXPECT_EQ(Shown("L-9223372036854775808\n."), "the int -9223372036854775808");
  EXPECT_EQ(Shown("\x8a\x00."s), "the int 0");
  EXPECT_EQ(Shown("\x8a\x01\xff."), "the int -1");
  EXPECT_EQ(Shown("\x8a\x02\xff\x00."s), "the int 255");
  EXPECT_EQ(Shown("\x8b\x08\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f."s), "the int 9223372036854775807");
}

TEST(ReadPickle, BigIntegersAreBytes) {
  const std::vector<uint8_t> two_to_63 = {0, 0, 0, 0, 0, 0, 0, 0x80, 0};
  const std::vector<uint8_t> below = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff};
  for (const auto& [text, wanted] : {std::pair("L9223372036854775808L\n."s, two_to_63),
                                     {"I-9223372036854775809\n."s, below},
                                     {"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00."s, two_to_63}}) {
    const Pickle pickle(text);
    ASSERT_EQ((*pickle).kind(), Kind::kBigInt);
    EXPECT_TRUE(std::ranges::equal((*pickle).Bytes(), wanted)) << text;
  }
}

TEST(ReadPickle, Floats) {
  EXPECT_EQ((*Pickle("G\x3f\xf8\x00\x00\x00\x00\x00\x00."s)).Float(), 1.5);
  EXPECT_EQ((*Pickle("F-0.1\n.")).Float(), -0.1);
  EXPECT_EQ((*Pickle("F1e300\n.")).Float(), 1e300);
  EXPECT_EQ((*Pickle("Finf\n.")).Float(), INFINITY);
  EXPECT_TRUE(std::isnan((*Pickle("Fnan\n.")).Float()));
}

TEST(ReadPickle, Texts) {
  for (const std::string& bytes :
       {"\x8c\x03\xc3\xa9z."s, "X\x03\x00\x00\x00\xc3\xa9z."s,
        "\x8d\x03\x00\x00\x00\x00\x00\x00\x00\xc3\xa9z."s, "U\x02\xe9z."s, "T\x02\x00\x00\x00\xe9z."s,
        "S'\\xe9z'\n."s, "S\"\\351\\x7a\"\n."s, "V\xe9z\n."s, "V\\u00e9z\n."s, "V\\U000000e9\\u007a\n."s}) {
    EXPECT_EQ((*Pickle(bytes)).Text(), "\xc3\xa9z") << bytes;
  }
  EXPECT_EQ((*Pickle("S'a\\n\\t\\\\\\'\\q'\n.")).Text(), "a\n\t\\'\\q");
  EXPECT_EQ((*Pickle("V\\a\\u000a\\\n.")).Text(), "\\a\n\\");
}

TEST(ReadPickle, LoneSurrogatesAreReadButAreNoText) {
  const Pickle pickle("\x8c\x03\xed\xa0\x80.");
  EXPECT_TRUE((*pickle).TextHasSurrogates());
  EXPECT_EQ(AsText(Part(*pickle)).error().message,
            "the file: found the text '\\xed\\xa0\\x80', expected a text of valid UTF-8");
}

TEST(ReadPickle, BytesAreViewsOfTheFile) {
  for (const std::string& bytes :
       {"C\x02\x00\xff."s, "B\x02\x00\x00\x00\x00\xff."s, "\x8e\x02\x00\x00\x00\x00\x00\x00\x00\x00\xff."s,
        "\x96\x02\x00\x00\x00\x00\x00\x00\x00\x00\xff."s}) {
    const Pickle pickle(bytes);
    ASSERT_EQ((*pickle).kind(), Kind::kBytes);
    EXPECT_EQ((*pickle).Bytes().data(), AsBytes(*pickle.bytes).last(3).data());
    EXPECT_EQ((*pickle).Bytes()[1], 0xff);
  }
}

TEST(ReadPickle, BytesAsTextOfOldProtocols) {
  const Pickle pickle("c_codecs\nencode\n(V\\u0000\xff\nVlatin1\ntR.");
  ASSERT_EQ((*pickle).kind(), Kind::kBytes);
  EXPECT_EQ((*pickle).Bytes()[0], 0x00);
  EXPECT_EQ((*pickle).Bytes()[1], 0xff);
  EXPECT_EQ(Shown("c__builtin__\nbytes\n)R."), "0 bytes");
  EXPECT_EQ(Shown("c__builtin__\nbytearray\n(Vabc\nVlatin-1\ntR."), "3 bytes");
  EXPECT_EQ(Shown("cbuiltins\nbytearray\n(C\x02"
                  "abtR."),
            "2 bytes");
}

TEST(ReadPickle, Tuples) {
  EXPECT_EQ(Shown(")."), "a tuple of 0");
  EXPECT_EQ(Shown("N\x85."), "a tuple of 1");
  EXPECT_EQ(Shown("NN\x86."), "a tuple of 2");
  const Pickle three("K\x01K\x02K\x03\x87.");
  EXPECT_EQ((*three).Items()[0].Int(), 1);
  EXPECT_EQ((*three).Items()[2].Int(), 3);
  EXPECT_EQ(Shown("(K\x01K\x02K\x03K\x04t."), "a tuple of 4");
  EXPECT_EQ(Shown("(t."), "a tuple of 0");
}

TEST(ReadPickle, Lists) {
  for (const std::string& bytes : {"](K\x01K\x02"
                                   "e."s,
                                   "]K\x01"
                                   "aK\x02"
                                   "a."s,
                                   "(K\x01K\x02l."s, "(lp0\nI1\naI2\na."s}) {
    const Pickle pickle(bytes);
    ASSERT_EQ((*pickle).kind(), Kind::kList);
    ASSERT_EQ((*pickle).size(), 2u);
    EXPECT_EQ((*pickle).Items()[1].Int(), 2);
  }
}

TEST(ReadPickle, Dicts) {
  for (const std::string& bytes : {"}(U\x01"
                                   "aK\x01U\x01"
                                   "bK\x02u."s,
                                   "}U\x01"
                                   "aK\x01sU\x01"
                                   "bK\x02s."s,
                                   "(U\x01"
                                   "aK\x01U\x01"
                                   "bK\x02"
                                   "d."s}) {
    const Pickle pickle(bytes);
    ASSERT_EQ((*pickle).kind(), Kind::kDict);
    ASSERT_EQ((*pickle).size(), 2u);
    EXPECT_EQ((*pickle).Key(1).Text(), "b");
    EXPECT_EQ((*pickle).Entry(1).Int(), 2);
    Value found = *pickle;
    ASSERT_TRUE((*pickle).Find("a", &found));
    EXPECT_EQ(found.Int(), 1);
    EXPECT_FALSE((*pickle).Find("c", &found));
  }
  // As in Python, the last one of equal keys counts.
  const Pickle twice(
      "}(U\x01"
      "aK\x01U\x01"
      "aK\x02u.");
  Value found = *twice;
  ASSERT_TRUE((*twice).Find("a", &found));
  EXPECT_EQ(found.Int(), 2);
}

TEST(ReadPickle, SetsAndOtherBuiltins) {
  EXPECT_EQ(Shown("\x8f(K\x01K\x02\x90."), "a set of 2");
  EXPECT_EQ(Shown("(K\x01K\x02\x91."), "a set of 2");
  EXPECT_EQ(Shown("c__builtin__\nset\n](K\x01K\x02"
                  "e\x85R."),
            "a set of 2");
  EXPECT_EQ(Shown("c__builtin__\nset\n)R."), "a set of 0");
  const Pickle complex("c__builtin__\ncomplex\n(F1.5\nI2\ntR.");
  EXPECT_EQ((*complex).Real(), 1.5);
  EXPECT_EQ((*complex).Imaginary(), 2);
  const Pickle slice("c__builtin__\nslice\n(NK\x05NtR.");
  ASSERT_EQ((*slice).kind(), Kind::kSlice);
  EXPECT_EQ((*slice).Items()[1].Int(), 5);
  const Pickle range("c__builtin__\nxrange\n(K\x05tR.");
  ASSERT_EQ((*range).kind(), Kind::kRange);
  EXPECT_EQ((*range).Items()[0].Int(), 0);
  EXPECT_EQ((*range).Items()[1].Int(), 5);
  EXPECT_EQ((*range).Items()[2].Int(), 1);
  EXPECT_EQ(Shown("ccollections\nOrderedDict\n)R(U\x01"
                  "aK\x01u."),
            "a dict of 1");
  EXPECT_EQ(Shown("ccollections\nOrderedDict\n((lp0\n(U\x01"
                  "aK\x01lp1\natR."),
            "a dict of 1");
  EXPECT_EQ(Shown("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RU\x01"
                  "aK\x01s."),
            "a dict of 1");
}

TEST(ReadPickle, StackOpcodes) {
  EXPECT_EQ(Shown("K\x01K\x02"
                  "0."),
            "the int 1");
  EXPECT_EQ(Shown("K\x01(K\x02K\x03"
                  "1."),
            "the int 1");
  EXPECT_EQ(Shown("K\x01(0."), "the int 1");  // POP drops a mark that is on top
  EXPECT_EQ(Shown("K\x01"
                  "2\x86."),
            "a tuple of 2");
}

TEST(ReadPickle, Memo) {
  EXPECT_EQ(Shown("K\x05p0\n0g0\n."), "the int 5");
  EXPECT_EQ(Shown("K\x05q\x00"
                  "0h\x00."s),
            "the int 5");
  EXPECT_EQ(Shown("K\x05r\x01\x00\x00\x00"
                  "0j\x01\x00\x00\x00."s),
            "the int 5");
  EXPECT_EQ(Shown("K\x05\x94K\x06\x94"
                  "00h\x01."),
            "the int 6");
  // MEMOIZE counts entries, so after a PUT to 0 it writes 1.
  EXPECT_EQ(Shown("K\x05q\x00K\x06\x94"
                  "00h\x01."s),
            "the int 6");
  const Pickle shared(
      "]]q\x00"
      "ah\x00"
      "a."s);
  EXPECT_EQ((*shared).Items()[0], (*shared).Items()[1]);
  // A list that holds itself.
  const Pickle cycle(
      "]q\x00h\x00"
      "a."s);
  EXPECT_EQ((*cycle).Items()[0], *cycle);
}

TEST(ReadPickle, FramesAndTrailingBytes) {
  const Pickle pickle("\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.more"s);
  EXPECT_TRUE((*pickle).IsNone());
  EXPECT_EQ(pickle.graph->end(), 13u);
}

TEST(ReadPickle, NamesAreNormalised) {
  const auto name = [](const std::string& bytes) { return std::string((*Pickle(bytes)).Name()); };
  EXPECT_EQ(name("cfoo.bar\nBaz\n."), "foo.bar.Baz");
  EXPECT_EQ(name("\x8c\x03"
                 "foo\x8c\x09Outer.Baz\x93."),
            "foo.Outer.Baz");
  EXPECT_EQ(name("c__builtin__\nunicode\n."), "builtins.str");
  EXPECT_EQ(name("ccopy_reg\n_reconstructor\n."), "copyreg._reconstructor");
  EXPECT_EQ(name("cnumpy._core.multiarray\nscalar\n."), "numpy.core.multiarray.scalar");
  EXPECT_EQ(name("cnumpy._core\nndarray\n."), "numpy.core.ndarray");
  EXPECT_EQ(name("cnumpy._corex\nndarray\n."), "numpy._corex.ndarray");
  EXPECT_EQ((*Pickle("\x8c\x03"
                     "foo\x8c\x09Outer.Baz\x93."))
                .Module(),
            "foo");
}

TEST(ReadPickle, ObjectsKeepWhatWouldHaveBeenCalled) {
  const Pickle reduced(
      "cfoo\nBar\n(K\x01K\x02tR}U\x01"
      "aK\x05sb.");
  EXPECT_EQ((*reduced).kind(), Kind::kObject);
  EXPECT_EQ((*reduced).Class().Name(), "foo.Bar");
  EXPECT_EQ((*reduced).Args().size(), 2u);
  EXPECT_EQ((*reduced).State().size(), 1u);
  EXPECT_TRUE((*reduced).Kwargs().IsNone());
  EXPECT_TRUE((*reduced).ListItems().IsNone());

  const Pickle made(
      "cfoo\nBar\n)\x81(K\x01K\x02"
      "eK\x03"
      "aU\x01kK\x04s.");
  EXPECT_EQ((*made).Args().size(), 0u);
  EXPECT_TRUE((*made).State().IsNone());
  EXPECT_EQ((*made).ListItems().size(), 3u);
  EXPECT_EQ((*made).DictItems().size(), 1u);

  const Pickle named(
      "\x80\x04"
      "cfoo\nBar\n)}U\x01kK\x04s\x92.");
  EXPECT_EQ((*named).Kwargs().size(), 1u);
}

TEST(ReadPickle, Copyreg) {
  const Pickle object("ccopy_reg\n_reconstructor\n(cfoo\nBar\nc__builtin__\nobject\nNtR(dVa\nI1\nsb.");
  EXPECT_EQ(ClassName(*object), "foo.Bar");
  EXPECT_EQ((*object).Args().size(), 0u);
  EXPECT_EQ((*object).State().size(), 1u);
  const Pickle bunch("ccopy_reg\n_reconstructor\n(cfoo\nBunch\nc__builtin__\ndict\n(dVa\nI1\nstR.");
  EXPECT_EQ((*bunch).DictItems().size(), 1u);
  const Pickle made("ccopyreg\n__newobj__\n(cfoo\nBar\nI7\ntR.");
  EXPECT_EQ(ClassName(*made), "foo.Bar");
  EXPECT_EQ((*made).Args().Items()[0].Int(), 7);
}

TEST(ReadPickle, CythonObjectsAreOfTheirClass) {
  const Pickle pickle(
      "cfoo._bar\n__pyx_unpickle_Baz\n(cfoo._bar\nBaz\nI123\n(I1\ntI2\n\x85"
      "0tR.");
  EXPECT_EQ(ClassName(*pickle), "foo._bar.Baz");
  EXPECT_EQ((*pickle).State().size(), 1u);
}

TEST(ReadPickle, BoundMethodsAndNestedClassesStayInert) {
  EXPECT_EQ(Shown("c__builtin__\ngetattr\n(cfoo\nBar\n)\x81Vsplit\ntR."),
            "a bound method or nested class (builtins.getattr)");
  // A nested class of protocol 2, instantiated.
  EXPECT_EQ((*Pickle("c__builtin__\ngetattr\n(cfoo\nOuter\nVInner\ntR)\x81.")).kind(), Kind::kObject);
}

// Bytes of the real libraries, numpy 1.24 and 2.4, joblib 1.2 and 1.5.
std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  return bytes;
}

TEST(ReadPickle, FloatArraysOfEveryProtocol) {
  for (const char* hex :
       {"8002636e756d70792e636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461"
        "727261790a71014b"
        "00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e31710586710652710787"
        "7108527109284b01"
        "4b0285710a636e756d70790a64747970650a710b58020000006638710c898887710d52710e284b0358010000003c710f4e4e"
        "4e4affffffff4aff"
        "ffffff4b00747110628968035812000000000000000000c3b83f00000000000000c38071116805867112527113747114622"
        "e",
        "80049598000000000000008c156e756d70792e636f72652e6d756c74696172726179948c0c5f7265636f6e73747275637494"
        "93948c056e756d70"
        "79948c076e6461727261799493944b0085944301629487945294284b014b02859468038c0564747970659493948c02663894"
        "898887945294284b"
        "038c013c944e4e4e4affffffff4affffffff4b00749462894310000000000000f83f00000000000000c0947494622e",
        "80059584000000000000008c136e756d70792e5f636f72652e6e756d65726963948c0b5f66726f6d62756666657294939428"
        "9610000000000000"
        "00000000000000f83f00000000000000c0948c056e756d7079948c0564747970659493948c02663894898887945294284b03"
        "8c013c944e4e4e4a"
        "ffffffff4affffffff4b007494624b0285948c014394749452942e",
        "800495cb000000000000008c136a6f626c69622e6e756d70795f7069636b6c65948c114e756d707941727261795772617070"
        "65729493942981947d"
        "94288c08737562636c617373948c056e756d7079948c076e6461727261799493948c057368617065944b0285948c056f7264"
        "6572948c0143948c05"
        "6474797065946806680d93948c02663894898887945294284b038c013c944e4e4e4affffffff4affffffff4b007494628c0a"
        "616c6c6f775f6d6d61"
        "7094888c1b6e756d70795f61727261795f616c69676e6d656e745f6279746573944b10756209ffffffffffffffffff000000"
        "000000f83f00000000"
        "000000c02e"}) {
    const Pickle pickle(FromHex(hex));
    const auto array = AsDoubleArray(Part(*pickle), {2});
    ASSERT_TRUE(array.has_value()) << array.error().message;
    EXPECT_EQ(array->values, (std::vector<double>{1.5, -2}));
  }
}

TEST(ReadPickle, FortranJoblibArrayAmongOtherThings) {
  const Pickle pickle(
      FromHex("800495cd000000000000008c136a6f626c69622e6e756d70795f7069636b6c65948c114e756d707941727261795772"
              "61707065729493942981947d94"
              "288c08737562636c617373948c056e756d7079948c076e6461727261799493948c057368617065944b024b0286948c"
              "056f72646572948c0146948c05"
              "6474797065946806680d93948c02663894898887945294284b038c013c944e4e4e4affffffff4affffffff4b007494"
              "628c0a616c6c6f775f6d6d6170"
              "94888c1b6e756d70795f61727261795f616c69676e6d656e745f6279746573944b10756207ffffffffffffff000000"
              "000000f03f0000000000000840"
              "000000000000004000000000000010409505000000000000004b0586942e"));
  const Part root(*pickle);
  EXPECT_EQ(AsDoubleArray(*Element(root, 0), {2, 2})->values, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(AsInt(*Element(root, 1)), 5);
}

TEST(ReadPickle, JoblibObjectArrayIsAPickleInside) {
  const Pickle pickle(
      FromHex("800595d1000000000000008c136a6f626c69622e6e756d70795f7069636b6c65948c114e756d707941727261795772"
              "61707065729493942981947d94"
              "288c08737562636c617373948c056e756d7079948c076e6461727261799493948c057368617065944b0285948c056f"
              "72646572948c0143948c056474"
              "7970659468068c0564747970659493948c02663894898887945294284b038c013c944e4e4e4affffffff4affffffff"
              "4b007494628c0a616c6c6f775f"
              "6d6d617094888c1b6e756d70795f61727261795f616c69676e6d656e745f6279746573944b10756203ffffff000000"
              "000000f83f00000000000000c0"
              "2e"));
  EXPECT_EQ(Describe(*pickle), "a float64 array of shape (2,)");
  const Pickle objects(
      FromHex("800495cb000000000000008c136a6f626c69622e6e756d70795f7069636b6c65948c114e756d707941727261795772"
              "61707065729493942981947d94"
              "288c08737562636c617373948c056e756d7079948c076e6461727261799493948c057368617065944b0285948c056f"
              "72646572948c0143948c056474"
              "797065946806680d93948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f7494628c"
              "0a616c6c6f775f6d6d61709489"
              "8c1b6e756d70795f61727261795f616c69676e6d656e745f6279746573944b1075628002636e756d70792e636f7265"
              "2e6d756c746961727261790a5f"
              "7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102635f636f646563730a656e"
              "636f64650a7103580100000062"
              "710458060000006c6174696e317105867106527107877108527109284b014b0285710a636e756d70790a6474797065"
              "0a710b58020000004f38710c89"
              "8887710d52710e284b0358010000007c710f4e4e4e4affffffff4affffffff4b3f74711062895d7111285801000000"
              "6171124e65747113622e2e"));
  EXPECT_EQ(Describe(*objects), "an object array of shape (2,)");
  EXPECT_EQ((*objects).Items()[0].Text(), "a");
  EXPECT_TRUE((*objects).Items()[1].IsNone());
}

TEST(ReadPickle, ScalarsArePlainNumbers) {
  EXPECT_EQ(Shown(FromHex("8002636e756d70792e636f72652e6d756c746961727261790a7363616c61720a7100636e756d70790a"
                          "64747970650a710158020000"
                          "00663871028988877103527104284b0358010000003c71054e4e4e4affffffff4affffffff4b007471"
                          "0662635f636f646563730a656e"
                          "636f64650a710758080000000000000000000440710858060000006c6174696e31710986710a52710b"
                          "86710c52710d2e")),
            "the float 2.5");
  EXPECT_EQ(Shown(FromHex("80049562000000000000008c156e756d70792e636f72652e6d756c74696172726179948c067363616c"
                          "61729493948c056e756d7079"
                          "948c0564747970659493948c02623194898887945294284b038c017c944e4e4e4affffffff4affffff"
                          "ff4b0074946243010194869452"
                          "942e")),
            "True");
}

TEST(ReadPickle, ADtypeThatChangesLaterDoesNotChangeItsArrays) {
  // An array of 2 float64 is made with a dtype whose BUILD comes afterwards and makes it big-endian.
  const Pickle pickle(
      "cnumpy\ndtype\n(U\x02"
      "f8I0\nI1\ntRq\x00"
      "cnumpy.core.numeric\n_frombuffer\n(C\x08\x00\x00\x00\x00\x00\x00\xf8\x3f"
      "h\x00(I1\ntU\x01"
      "CtRq\x01"
      "0h\x00(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb0h\x01."s);
  EXPECT_EQ(AsDouble(Part(*pickle)), 1.5);
}

TEST(ReadPickle, StateOfADtypeInUseIsLazy) {
  // The dtype object is memoised before its BUILD; arrays read later see the state.
  const Pickle pickle(
      "cnumpy\ndtype\n(U\x02"
      "f8I0\nI1\ntRq\x00(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb0"
      "cnumpy.core.numeric\n_frombuffer\n(C\x08\x3f\xf8\x00\x00\x00\x00\x00\x00h\x00(I1\ntU\x01"
      "CtR."s);
  EXPECT_EQ(AsDouble(Part(*pickle)), 1.5);
}

TEST(ReadPickle, FormsThatAreNotKnownStayInert) {
  EXPECT_EQ(Shown("c_codecs\nencode\n(Vabc\nVutf-16\ntR."), "an object of class _codecs.encode");
  EXPECT_EQ(Shown("cnumpy\ndtype\n(Vcategory\ntR."), "an object of class numpy.dtype");
  EXPECT_EQ(Shown("c__builtin__\nset\n(K\x05tR."), "an object of class builtins.set");
  EXPECT_EQ(Shown("cnumpy.core.multiarray\n_reconstruct\n(tR."),
            "an object of class numpy.core.multiarray._reconstruct");
}

TEST(ReadPickle, MovedGraphKeepsItsValues) {
  Pickle pickle(
      "](K\x01K\x02"
      "e.");
  const Value root = *pickle;
  const Graph moved = std::move(*pickle.graph);
  EXPECT_EQ(root.Items()[1].Int(), 2);
  EXPECT_EQ(moved.root(), root);
}

}  // namespace
}  // namespace turnout::pickle
