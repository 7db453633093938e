// The parts of a contract file, for ParseContract. Each reads what it can and records every problem.
#pragma once

#include <string_view>

#include "bytes/yaml.h"
#include "contract/contract.h"

namespace turnout {

// `fields`: appends to contract.fields and contract.names.
void ReadFields(const Yaml& root, YamlReader& reader, Contract& contract);

// `reply` or `columns`: an ordered map of what is written under which name. The fields are read already.
void ReadItems(const Yaml& root, std::string_view section, YamlReader& reader, const Contract& contract,
               std::vector<ReplyItem>& items);

}  // namespace turnout
