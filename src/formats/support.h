// What is read, from the loaders' own tables: `turnout inspect --support`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turnout {

struct Support {
  std::string_view library;   // "scikit-learn"
  std::string_view versions;  // of the library that write what is read: "1.1 to 1.9"
  std::string_view role;      // "file", "predictor", "transformer", "wrapper"
  std::string name;           // "linear_model.LogisticRegression", "model.json"
};

// By library, then role, then name.
std::vector<Support> SupportTable();

}  // namespace turnout
