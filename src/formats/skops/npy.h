// The header of a .npy file: what its array looks like (numpy/lib/format.py).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "formats/pickle/store.h"

namespace turnout::skops {

struct NpyArray {
  const pickle::Dtype* dtype = nullptr;  // in the store
  std::vector<int64_t> shape;            // empty: a single value
  bool fortran = false;
  std::span<const uint8_t> data;  // what follows the header; its size is not checked
};

// Errors name the byte. Field names stay views into `bytes`. Arrays of objects, which numpy would unpickle,
// are refused.
Result<NpyArray> ReadNpy(std::span<const uint8_t> bytes, pickle::PickleStore& store);

}  // namespace turnout::skops
