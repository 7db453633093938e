#include "formats/pickle/globals.h"

#include <algorithm>
#include <span>
#include <utility>

namespace turnout::pickle {

namespace {

// Modules of which every name is refused, submodules included.
constexpr std::string_view kModules[] = {"os",
                                         "posix",
                                         "nt",
                                         "subprocess",
                                         "_posixsubprocess",
                                         "sys",
                                         "pty",
                                         "socket",
                                         "_socket",
                                         "shutil",
                                         "runpy",
                                         "importlib",
                                         "_frozen_importlib",
                                         "imp",
                                         "code",
                                         "codeop",
                                         "ctypes",
                                         "_ctypes",
                                         "webbrowser",
                                         "pip",
                                         "_pickle",
                                         "cPickle",
                                         "marshal",
                                         "commands",
                                         "popen2",
                                         "timeit",
                                         "cProfile",
                                         "profile",
                                         "pdb",
                                         "bdb",
                                         "doctest",
                                         "pydoc",
                                         "asyncio",
                                         "ensurepip",
                                         "venv",
                                         "idlelib",
                                         "ftplib",
                                         "smtplib",
                                         "telnetlib",
                                         "signal",
                                         "platform",
                                         "_winapi",
                                         "_interpreters",
                                         "_xxsubinterpreters",
                                         "antigravity",
                                         "trace"};

constexpr std::string_view kNames[] = {"builtins.eval",
                                       "builtins.exec",
                                       "builtins.execfile",
                                       "builtins.compile",
                                       "builtins.open",
                                       "builtins.setattr",
                                       "builtins.delattr",
                                       "builtins.__import__",
                                       "builtins.globals",
                                       "builtins.locals",
                                       "builtins.vars",
                                       "builtins.input",
                                       "builtins.raw_input",
                                       "builtins.breakpoint",
                                       "builtins.apply",
                                       "builtins.__build_class__",
                                       "operator.attrgetter",
                                       "operator.methodcaller",
                                       "_operator.attrgetter",
                                       "_operator.methodcaller",
                                       "pickle.load",
                                       "pickle.loads",
                                       "pickle.Unpickler",
                                       "pickle._loads",
                                       "pickle._load",
                                       "pickle._Unpickler",
                                       "dill.loads",
                                       "dill._dill.loads",
                                       "cloudpickle.loads",
                                       "joblib.load",
                                       "types.FunctionType",
                                       "types.CodeType",
                                       "types.LambdaType",
                                       "types.MethodType",
                                       "types.ModuleType",
                                       "io.open",
                                       "io.open_code",
                                       "io.FileIO",
                                       "_io.open",
                                       "_io.open_code",
                                       "_io.FileIO",
                                       "codecs.open",
                                       "urllib.request.urlopen",
                                       "urllib.urlopen",
                                       "numpy.testing._private.utils.runstring",
                                       "numpy.testing.utils.runstring",
                                       "numpy.load",
                                       "pandas.eval",
                                       "pandas.read_pickle",
                                       "pandas.io.pickle.read_pickle",
                                       "torch.load"};

// Attributes that are code wherever they are found.
constexpr std::string_view kAttributes[] = {"system",   "popen",      "Popen",        "eval",      "exec",
                                            "execfile", "spawn",      "fork",         "execv",     "execve",
                                            "loads",    "check_call", "check_output", "getoutput", "modules"};

// Modules that attacks reach through an attribute of a harmless one.
constexpr std::string_view kReached[] = {"os",     "posix",  "nt",        "subprocess", "sys",    "pty",
                                         "socket", "shutil", "importlib", "runpy",      "ctypes", "builtins"};

bool Contains(std::span<const std::string_view> list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool IsDunder(std::string_view name) {
  return name.size() > 4 && name.starts_with("__") && name.ends_with("__");
}

std::string_view FirstPart(std::string_view dotted) { return dotted.substr(0, dotted.find('.')); }

bool InRefusedModule(std::string_view name) { return Contains(kModules, FirstPart(name)); }

}  // namespace

std::string NormalisedName(std::string_view module, std::string_view name, std::size_t* module_length) {
  std::string text;
  if (module == "__builtin__") {
    text = "builtins";
    if (name == "xrange") name = "range";
    if (name == "unicode") name = "str";
    if (name == "long") name = "int";
  } else if (module == "copy_reg") {
    text = "copyreg";
  } else if (module == "numpy._core" || module.starts_with("numpy._core.")) {
    text = "numpy.core";
    text += module.substr(11);
  } else {
    text = module;
  }
  *module_length = text.size();
  text += '.';
  text += name;
  return text;
}

Known KnownFunction(std::string_view name) {
  static constexpr std::pair<std::string_view, Known> kKnown[] = {
      {"numpy.core.multiarray._reconstruct", Known::kReconstruct},
      {"numpy.core.numeric._frombuffer", Known::kFromBuffer},
      {"numpy.core.multiarray.scalar", Known::kScalar},
      {"numpy.dtype", Known::kDtype},
      {"_codecs.encode", Known::kEncode},
      {"builtins.bytes", Known::kBytes},
      {"builtins.bytearray", Known::kBytes},
      {"builtins.set", Known::kSet},
      {"builtins.frozenset", Known::kSet},
      {"builtins.complex", Known::kComplex},
      {"builtins.slice", Known::kSlice},
      {"builtins.range", Known::kRange},
      {"builtins.getattr", Known::kGetattr},
      {"collections.OrderedDict", Known::kOrderedDict},
      {"collections.defaultdict", Known::kDefaultDict},
      {"copyreg._reconstructor", Known::kReconstructor},
      {"copyreg.__newobj__", Known::kNewObject},
      {"copyreg.__newobj_ex__", Known::kNewObjectEx},
      {"joblib.numpy_pickle.NumpyArrayWrapper", Known::kJoblibArray},
      {"sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper", Known::kJoblibArray},
  };
  for (const auto& [known, function] : kKnown) {
    if (known == name) return function;
  }
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (last.starts_with("__pyx_unpickle_")) return Known::kCythonUnpickle;
  if (name.starts_with("cloudpickle.") && (last == "_make_function" || last == "_make_skel_func")) {
    return Known::kCarriedFunction;
  }
  return Known::kNothing;
}

bool IsRefused(std::string_view name, std::size_t module_length) {
  if (InRefusedModule(name) || Contains(kNames, name)) return true;
  // Protocol 4 resolves a dotted name attribute by attribute, starting in the module: what it walks through
  // may be another module ("collections" "_sys.modules") or the interpreter ("x" "f.__globals__").
  std::string_view rest = name.substr(module_length + 1);
  if (rest.find('.') == std::string_view::npos) return false;
  while (true) {
    std::string_view unmarked = rest;
    while (unmarked.starts_with('_')) unmarked.remove_prefix(1);
    const std::string_view part = FirstPart(rest);
    if (IsDunder(part) || Contains(kReached, FirstPart(unmarked)) || Contains(kNames, unmarked)) return true;
    if (part.size() == rest.size()) return false;
    rest.remove_prefix(part.size() + 1);
  }
}

bool IsRefusedAttribute(std::string_view attribute) {
  std::string_view unmarked = attribute;
  while (unmarked.starts_with('_')) unmarked.remove_prefix(1);
  return attribute.starts_with("__") || Contains(kAttributes, attribute) || Contains(kReached, unmarked) ||
         attribute.find('.') != std::string_view::npos;
}

}  // namespace turnout::pickle
