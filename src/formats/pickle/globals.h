// The names in a pickle: how they are spelled here, which ones the reader understands itself, which ones are
// refused because only attacks use them.
#pragma once

#include <string>
#include <string_view>

#include "formats/pickle/store.h"

namespace turnout::pickle {

// "module.name" as this program writes it: Python 2's __builtin__ and copy_reg and numpy 2's numpy._core are
// renamed. `module_length` is the length of the module in it.
std::string NormalisedName(std::string_view module, std::string_view name, std::size_t* module_length);

// What the reader does with a call of this name (as NormalisedName spells it).
Known KnownFunction(std::string_view name);

// True for names that reach the operating system, the interpreter or another process: os.*, subprocess.*,
// builtins.eval and their like, also through a dotted name ("collections" "_sys.modules"). A model file has
// no use for them. (builtins.getattr is judged by its arguments, see interpret.h.)
bool IsRefused(std::string_view name, std::size_t module_length);

// True for an attribute that leads from data to code: __globals__, system, ...
bool IsRefusedAttribute(std::string_view attribute);

}  // namespace turnout::pickle
