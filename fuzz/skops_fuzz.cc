// The text before the first NUL is a schema.json; what follows is a .npy file that it may name "1.npy" and an
// archive "1.npz". Then the input itself is taken for an archive. Whatever comes out is read, also as a
// model. Seeds: tests/skops tests/golden/sklearn/skops_lr-new tests/hostile/model.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pickle/access.h"
#include "formats/sklearn/load.h"
#include "formats/skops/read.h"
#include "formats/skops/test_archive.h"
#include "model/model.h"

namespace {

using namespace turnout::pickle;
using turnout::CheckModel;
using turnout::LoadSklearn;
using turnout::TestArchive;
using turnout::skops::ReadSkops;

std::size_t sum;  // so that no read is optimised away

void ReadArray(const Part& part) {
  for (const uint8_t byte : part.value.Data()) sum += byte;
  if (const auto numbers = AsDoubleArray(part)) sum += numbers->size();
  if (const auto texts = AsTextArray(part)) sum += texts->size();
  for (const DtypeField& field : part.value.ElementType().fields) {
    if (const auto column = DoubleColumn(part, field.name)) sum += column->size();
  }
}

void Read(std::span<const uint8_t> archive) {
  Limits limits;
  limits.memory_base = limits.work_base = std::size_t{4} << 20;
  const auto graph = ReadSkops(archive, limits);
  if (!graph) {
    sum += graph.error().message.size();
    return;
  }
  std::vector<bool> seen(graph->values());
  std::vector<Value> open = {graph->root()};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (seen[value.id()]) continue;
    seen[value.id()] = true;
    const Part part(value);
    sum += Describe(value).size();
    switch (value.kind()) {
      case Kind::kText:
        if (const auto text = AsText(part)) sum += text->size();
        break;
      case Kind::kBytes:
      case Kind::kBigInt:
        for (const uint8_t byte : value.Bytes()) sum += byte;
        break;
      case Kind::kTuple:
      case Kind::kList:
      case Kind::kSet:
      case Kind::kSlice:
        for (const Value item : value.Items()) open.push_back(item);
        break;
      case Kind::kDict:
        for (std::size_t i = 0; i < value.size(); ++i) {
          open.push_back(value.Key(i));
          open.push_back(value.Entry(i));
        }
        break;
      case Kind::kObject:
        for (const Value inner : {value.Class(), value.Args(), value.Kwargs(), value.State()})
          open.push_back(inner);
        break;
      case Kind::kArray:
        for (const Value item : value.Items()) open.push_back(item);
        ReadArray(part);
        break;
      default: break;
    }
  }
  if (const auto model = LoadSklearn(*graph)) {
    if (CheckModel(*model)) sum += model->steps.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\0'), size);
  std::string rest = text.substr(std::min(end + 1, size));
  const auto npz = TestArchive({{"data.npy", rest}, {"shape.npy", rest}});
  Read(TestArchive({{"1.npz", std::string(npz.begin(), npz.end())},
                    {"1.npy", std::move(rest)},
                    {"schema.json", text.substr(0, end)}}));
  Read({data, size});
  return 0;
}
