#include <fmt/format.h>

#include <cmath>

#include "bytes/number.h"
#include "contract/contract_yaml.h"

namespace turnout {
namespace {

using What = ReplyItem::What;

struct Word {
  std::string_view word;
  What what;
  bool argument;  // {class_is: 1} rather than `class`
  bool number;    // takes `decimals`
};
constexpr Word kWords[] = {
    {"key", What::kKey, false, false},
    {"class", What::kClass, false, false},
    {"top_probability", What::kTopProbability, false, true},
    {"probabilities", What::kProbabilities, false, true},
    {"value", What::kValue, false, true},
    {"value_of", What::kValueOf, true, true},
    {"version", What::kVersion, false, false},
    {"job_time", What::kJobTime, false, false},
    {"field", What::kField, true, false},
    {"class_is", What::kClassIs, true, false},
    {"probability_of", What::kProbabilityOf, true, true},
    {"latency", What::kLatency, true, true},
};

const Word* FindWord(std::string_view word) {
  for (const Word& known : kWords) {
    if (known.word == word) return &known;
  }
  return nullptr;
}

class ItemReader {
 public:
  ItemReader(YamlReader& reader, const Contract& contract, bool column)
      : reader_(reader), contract_(contract), column_(column) {}

  ReplyItem Read(const std::string& name, const Yaml& node) {
    name_ = name;
    ReplyItem item;
    item.name = name;
    if (node.kind == Yaml::Kind::kScalar) {
      const Word* word = FindWord(node.scalar);
      if (word == nullptr) {
        Unknown(node.scalar, node.line);
      } else if (word->argument) {
        Problem(node.line,
                fmt::format("`{0}` needs an argument: {{{0}: {1}}}", word->word, Example(word->what)));
      } else {
        Fill(item, *word, {}, node.line);
      }
    } else if (node.kind == Yaml::Kind::kMap) {
      ReadMap(item, node);
    } else {
      Problem(node.line,
              fmt::format("must be a word such as `class`, or {{class_is: 1}}, but is {}", Describe(node)));
    }
    return item;
  }

 private:
  static std::string_view Example(What what) {
    return what == What::kField ? "age" : what == What::kLatency ? "ms" : "1";
  }
  void Problem(int line, std::string_view message) { reader_.Problem(line, name_, message); }

  void Unknown(const std::string& word, int line) {
    std::vector<std::string_view> words;
    for (const Word& known : kWords) words.push_back(known.word);
    if (contract_.names.contains(word)) {
      Problem(line, fmt::format("unknown value `{0}`; to repeat that field write {{field: {0}}}", word));
    } else if (const std::string_view nearest = Nearest(word, words); !nearest.empty()) {
      Problem(line, fmt::format("unknown value `{}`; did you mean `{}`?", word, nearest));
    } else {
      Problem(line, fmt::format("unknown value `{}`; known are {}", word, fmt::join(words, ", ")));
    }
  }

  void ReadMap(ReplyItem& item, const Yaml& node) {
    const Word* chosen = nullptr;
    for (const auto& [key, value] : node.map) {
      if (key == "decimals") continue;
      const Word* word = FindWord(key);
      if (word == nullptr) {
        Unknown(key, value.line);
        return;
      }
      if (chosen != nullptr) {
        Problem(value.line, fmt::format("is both `{}` and `{}`", chosen->word, key));
        return;
      }
      chosen = word;
      if (word->argument && value.kind != Yaml::Kind::kScalar) {
        Problem(value.line, fmt::format("`{0}` needs one argument: {{{0}: {1}}}", key, Example(word->what)));
        return;
      }
      const bool plain = value.kind == Yaml::Kind::kNull || value.scalar == "true";
      if (!word->argument && !plain) {
        Problem(value.line, word->number
                                ? fmt::format("`{0}` has no argument; write {{{0}: true, decimals: 4}}", key)
                                : fmt::format("`{}` has no argument", key));
        return;
      }
      Fill(item, *word, value.scalar, value.line);
    }
    if (chosen == nullptr) {
      Problem(node.line, "says no value, such as {class_is: 1}");
    } else if (const Yaml* decimals = node.Find("decimals")) {
      const YamlReader::Scope scope(reader_, name_);
      if (chosen->number) {
        item.decimals = static_cast<int32_t>(reader_.Integer(node, "decimals", -1, 0, 17));
      } else {
        reader_.Problem(decimals->line, "decimals", fmt::format("`{}` is not a number", chosen->word));
      }
    }
  }

  void Fill(ReplyItem& item, const Word& word, const std::string& argument, int line) {
    item.what = word.what;
    switch (word.what) {
      case What::kKey:
        item.field = contract_.key;
        if (contract_.key < 0) Problem(line, "the contract has no `key`");
        break;
      case What::kField: {
        const Slot slot = contract_.Find(argument);
        item.field = slot.field;
        if (slot.field < 0) Problem(line, fmt::format("no field is called '{}'", argument));
        break;
      }
      case What::kClassIs:
      case What::kProbabilityOf: item.label = argument; break;
      case What::kValueOf:
        if (const ParsedNumber number = ParseNumber(argument); number.error == NumberError::kNone &&
                                                               number.value >= 0 && number.value < 1e6 &&
                                                               number.value == std::floor(number.value)) {
          item.index = static_cast<int32_t>(number.value);
        } else {
          Problem(line, fmt::format("`value_of` counts the values from 0, not '{}'", argument));
        }
        break;
      case What::kLatency:
        item.per_second = argument == "s" ? 1 : argument == "ms" ? 1e3 : argument == "us" ? 1e6 : 0;
        if (item.per_second == 0) Problem(line, fmt::format("latency is in s, ms or us, not '{}'", argument));
        if (column_)
          Problem(line, "latency differs from run to run; a scored file must come out the same twice");
        break;
      case What::kProbabilities:
        if (column_) Problem(line, "a column holds one value; name each: {probability_of: 1}");
        break;
      case What::kJobTime:
        if (!column_) Problem(line, "only a job has a start; use it in `columns`");
        break;
      default: break;
    }
  }

  YamlReader& reader_;
  const Contract& contract_;
  bool column_;
  std::string name_;
};

}  // namespace

void ReadItems(const Yaml& root, std::string_view section, YamlReader& reader, const Contract& contract,
               std::vector<ReplyItem>& items) {
  const Yaml* map = root.Find(section);
  if (map == nullptr || map->kind == Yaml::Kind::kNull) return;
  if (map->kind != Yaml::Kind::kMap) {
    reader.Problem(map->line, section,
                   fmt::format("must be a map of names to values, but is {}", Describe(*map)));
    return;
  }
  const YamlReader::Scope scope(reader, section);
  ItemReader item(reader, contract, section == "columns");
  for (const auto& [name, node] : map->map) items.push_back(item.Read(name, node));
}

}  // namespace turnout
