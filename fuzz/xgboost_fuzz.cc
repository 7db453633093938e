// Any bytes are read as an XGBoost model in JSON, UBJSON or the legacy binary form, and once more inside of a
// pickled classifier. What comes out is consistent, and every engine that fits answers as the slow model
// does, to the bit. Seeds: tests/golden/xgboost tests/hostile/xgboost.
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

// pickle.dumps of an XGBClassifier of the classes 5 and 7, to which -1 is missing.
std::string Pickled(const std::string& model) {
  static constexpr char kHead[] =
      "\x80\x03"
      "cxgboost.sklearn\nXGBClassifier\n)\x81}(X\x08\0\0\0classes_]("
      "K\x05K\x07"
      "eX\x07\0\0\0missingJ\xff\xff\xff\xffX\x08\0\0\0_Boostercxgboost.core\nBooster\n)\x81}("
      "X\x06\0\0\0handleB";
  std::string out(kHead, sizeof kHead - 1);
  Append32(out, model.size());
  return out + model + "ubub.";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string model(reinterpret_cast<const char*>(data), size);
  Read(model, size);
  Read(Pickled(model), size);
  return 0;
}
