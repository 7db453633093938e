// Any text behind "tree\n" is read as a LightGBM model, and once more inside of a pickled booster with
// labels. What comes out is consistent, and every engine that fits answers as the slow model does, to the
// bit. Seeds: tests/golden/lightgbm tests/hostile/lightgbm.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/agreement.h"
#include "formats/read_model.h"

namespace {

void Read(const std::string& bytes, std::size_t seed) {
  using namespace turnout;
  const auto model = ReadModel({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  if (!model) {
    if (model.error().message.empty()) std::abort();
    return;
  }
  if (!CheckModel(*model)) std::abort();
  if (model->signature.inputs.size() > 1000) return;  // read, and as slow as it is wide
  const std::string disagreement = FindDisagreement(*model, 7, seed);
  if (disagreement.empty()) return;
  std::fprintf(stderr, "%s\n", disagreement.c_str());
  std::abort();
}

void Append32(std::string& out, std::size_t number) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 255);
}

// pickle.dumps of an LGBMClassifier of the classes 5 and 7, of which the first 3 iterations are used.
std::string Pickled(const std::string& text) {
  std::string out =
      "\x80\x02"
      "clightgbm.sklearn\nLGBMClassifier\n)\x81}(U\x0a_objectiveU\x06"
      "binaryU\x08_classes]("
      "K\x05K\x07"
      "eU\x08_Boosterclightgbm.basic\nBooster\n)\x81}(U\x0e"
      "best_iterationK\x03U\x07_handleX";
  Append32(out, text.size());
  return out + text + "ubub.";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  if (!text.starts_with("tree\n")) text.insert(0, "tree\n");
  Read(text, size);
  Read(Pickled(text), size);
  return 0;
}
