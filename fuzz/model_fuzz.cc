// Any bytes -> ReadModel -> what comes out is consistent, and every engine that fits answers as the slow
// model does, to the bit. Seeds: tests/golden tests/pickle tests/hostile/sklearn.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/agreement.h"
#include "formats/read_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace turnout;
  const auto model = ReadModel({data, size});
  if (!model) {
    if (model.error().message.empty()) std::abort();
    return 0;
  }
  if (!CheckModel(*model)) std::abort();
  if (model->signature.inputs.size() > 10'000) return 0;  // read, and as slow as it is wide
  const std::string disagreement = FindDisagreement(*model, 13, size);
  if (!disagreement.empty()) {
    std::fprintf(stderr, "%s\n", disagreement.c_str());
    std::abort();
  }
  return 0;
}
