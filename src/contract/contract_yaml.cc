#include "contract/contract_yaml.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout {
namespace {

const std::vector<std::string_view> kSettings = {"name",    "key",      "fields", "unknown_fields",
                                                 "derived", "features", "reply",  "columns"};

int LineOf(const Yaml& root, std::string_view key) {
  const Yaml* node = root.Find(key);
  return node == nullptr ? std::max(root.line, 1) : node->line;
}

void ReadKey(const Yaml& root, YamlReader& reader, Contract& contract) {
  const std::string key = reader.Text(root, "key", "");
  if (key.empty()) return;
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    const Field& field = contract.fields[i];
    if (field.name != key) continue;
    contract.key = static_cast<int32_t>(i);
    if (field.type != FieldType::kString && field.type != FieldType::kInt) {
      reader.Problem(LineOf(root, "key"), "key",
                     fmt::format("must be a string or an int field; '{}' is {}", key, Name(field.type)));
    }
    return;
  }
  reader.Problem(LineOf(root, "key"), "key", fmt::format("no field is called '{}'", key));
}

// What an expression may call a name. A category with a map is its code; with a list or the model's own
// values it is its text, for lookup().
Expression::Named Resolve(Contract& contract, std::string_view name) {
  for (std::size_t i = 0; i < contract.derived.size(); ++i) {
    if (contract.derived[i].name == name) {
      return {static_cast<int32_t>(contract.fields.size() + i), ColumnType::kNumber};
    }
  }
  const Slot slot = contract.Find(name);
  if (slot.field < 0) return {};
  Field& field = contract.fields[static_cast<std::size_t>(slot.field)];
  if (field.name != name) return {};
  if (field.values_from == Field::Values::kList) field.as_text = true;
  return {slot.field, field.column()};
}

void ReadDerived(const Yaml& root, YamlReader& reader, Contract& contract) {
  const Yaml* map = root.Find("derived");
  if (map == nullptr || map->kind == Yaml::Kind::kNull) return;
  if (map->kind != Yaml::Kind::kMap) {
    reader.Problem(map->line, "derived",
                   fmt::format("must be a map of names to expressions, but is {}", Describe(*map)));
    return;
  }
  const YamlReader::Scope scope(reader, "derived");
  for (const auto& [name, node] : map->map) {
    if (contract.names.contains(name)) reader.Problem(node.line, name, "a field or an alias has this name");
    if (node.kind != Yaml::Kind::kScalar) {
      reader.Problem(node.line, name, fmt::format("must be an expression, but is {}", Describe(node)));
      continue;
    }
    auto expression =
        Expression::Parse(node.scalar, [&](std::string_view given) { return Resolve(contract, given); });
    if (!expression) {
      reader.Problem(node.line, name, expression.error().message);
      // Its name stays known, so that later expressions are not blamed for it.
      contract.derived.push_back({name, {}});
      continue;
    }
    contract.derived.push_back({name, *std::move(expression)});
  }
}

int32_t FindColumn(const Contract& contract, std::string_view name) {
  for (int32_t i = 0; i < static_cast<int32_t>(contract.fields.size() + contract.derived.size()); ++i) {
    if (contract.column_name(i) == name) return i;
  }
  return -1;
}

// Without `features`: every field but the key and plain strings, then every derived field, in order.
void DefaultFeatures(Contract& contract) {
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    if (index != contract.key && contract.fields[i].type != FieldType::kString)
      contract.features.push_back(index);
  }
  for (std::size_t i = 0; i < contract.derived.size(); ++i) {
    contract.features.push_back(static_cast<int32_t>(contract.fields.size() + i));
  }
}

void ReadFeatures(const Yaml& root, YamlReader& reader, Contract& contract) {
  const Yaml* list = root.Find("features");
  if (list == nullptr || list->kind == Yaml::Kind::kNull) return DefaultFeatures(contract);
  if (list->kind != Yaml::Kind::kList || list->list.empty()) {
    reader.Problem(
        list->line, "features",
        "must be a list of fields and derived fields, in the order in which the model was trained");
    return;
  }
  std::vector<std::string_view> known;
  for (const Field& field : contract.fields) known.push_back(field.name);
  for (const Derived& derived : contract.derived) known.push_back(derived.name);
  for (std::size_t i = 0; i < list->list.size(); ++i) {
    const Yaml& node = list->list[i];
    const std::string key = fmt::format("features[{}]", i);
    if (node.kind != Yaml::Kind::kScalar) {
      reader.Problem(node.line, key, fmt::format("must be a name, but is {}", Describe(node)));
      continue;
    }
    const int32_t column = FindColumn(contract, node.scalar);
    if (column >= 0) {
      if (std::find(contract.features.begin(), contract.features.end(), column) != contract.features.end()) {
        reader.Problem(node.line, key, fmt::format("'{}' is listed twice", node.scalar));
      }
      contract.features.push_back(column);
    } else if (const Slot slot = contract.Find(node.scalar); slot.field >= 0) {
      reader.Problem(node.line, key,
                     fmt::format("'{}' is an alias; name the field, '{}'", node.scalar,
                                 contract.fields[static_cast<std::size_t>(slot.field)].name));
    } else {
      const std::string_view nearest = Nearest(node.scalar, known);
      reader.Problem(node.line, key,
                     nearest.empty()
                         ? fmt::format("no field or derived field is called {}", Describe(node))
                         : fmt::format("no field or derived field is called {}; did you mean '{}'?",
                                       Describe(node), nearest));
    }
  }
}

}  // namespace

Result<Contract> ParseContract(std::string_view yaml, std::string_view source) {
  TURNOUT_ASSIGN(const Yaml root, ParseYaml(yaml, source));
  YamlReader reader(source);
  Contract contract;
  if (root.kind != Yaml::Kind::kMap) {
    reader.Problem(
        1, fmt::format("a contract is a map with `name` and `fields`, but this is {}", Describe(root)));
    return std::unexpected(reader.status().error());
  }
  reader.Known(root, kSettings, "setting of a contract");
  contract.name = reader.Text(root, "name", "");
  if (contract.name.empty()) reader.Problem(LineOf(root, "name"), "name", "missing");
  ReadFields(root, reader, contract);
  ReadKey(root, reader, contract);
  const std::string unknown = reader.Text(root, "unknown_fields", "ignore");
  contract.reject_unknown = unknown == "reject";
  if (unknown != "reject" && unknown != "ignore") {
    reader.Problem(LineOf(root, "unknown_fields"), "unknown_fields",
                   fmt::format("must be `ignore` or `reject`, but is '{}'", unknown));
  }
  ReadDerived(root, reader, contract);
  ReadFeatures(root, reader, contract);
  ReadItems(root, "reply", reader, contract, contract.reply);
  ReadItems(root, "columns", reader, contract, contract.columns);
  if (!reader.ok()) return std::unexpected(reader.status().error());
  return contract;
}

}  // namespace turnout
