// Any bytes -> ReadPickle -> everything that can be reached is read, through the access layer too.
// Seeds: tests/pickle tests/hostile/pickle.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/pickle/access.h"
#include "formats/pickle/read.h"

namespace {

using namespace turnout;
using namespace turnout::pickle;

std::size_t sum;  // so that no read is optimised away

void Read(std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) sum += byte;
}

void ReadArray(Value value) {
  const Part part(value, Path("array"));
  Read(value.Data());
  if (const auto numbers = AsDoubleArray(part)) sum += numbers->size();
  if (const auto integers = AsIntArray(part)) sum += integers->size();
  if (const auto texts = AsTextArray(part)) sum += texts->size();
  for (const DtypeField& field : value.ElementType().fields) {
    if (const auto column = DoubleColumn(part, field.name)) sum += column->size();
    if (const auto column = IntColumn(part, field.name)) sum += column->size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Limits limits;
  limits.memory_base = limits.work_base = std::size_t{4} << 20;
  const auto graph = ReadPickle({data, size}, limits);
  if (!graph) {
    if (!graph.error().message.starts_with("byte ")) __builtin_trap();
    return 0;
  }
  std::vector<bool> seen(graph->values());
  std::vector<Value> open = {graph->root()};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (seen[value.id()]) continue;
    seen[value.id()] = true;
    const Part part(value);
    sum += Describe(value).size() + part.path.text().size();
    switch (value.kind()) {
      case Kind::kText:
        if (const auto text = AsText(part)) sum += text->size();
        break;
      case Kind::kBytes:
      case Kind::kBigInt: Read(value.Bytes()); break;
      case Kind::kTuple:
      case Kind::kList:
      case Kind::kSet:
      case Kind::kSlice:
      case Kind::kRange:
        for (const Value item : value.Items()) open.push_back(item);
        if (const auto numbers = AsDoubleArray(part)) sum += numbers->size();
        break;
      case Kind::kDict:
        for (std::size_t i = 0; i < value.size(); ++i) {
          open.push_back(value.Key(i));
          open.push_back(value.Entry(i));
        }
        break;
      case Kind::kObject:
        for (const Value inner : {value.Class(), value.Args(), value.Kwargs(), value.State(),
                                  value.ListItems(), value.DictItems()}) {
          open.push_back(inner);
        }
        if (const auto texts = AsTextArray(part)) sum += texts->size();
        if (const auto state = FindAttribute(part, "coef_")) open.push_back(state->value);
        break;
      case Kind::kArray:
        for (const Value item : value.Items()) open.push_back(item);
        ReadArray(value);
        break;
      default: break;
    }
  }
  return 0;
}
