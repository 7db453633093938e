"""Makes the fixtures of the pickle reader: NAME.pkl or NAME.joblib, and NAME.expected.

    python make.py FOLDER TAG      TAG names the scikit-learn that is installed, e.g. sklearn-1.9.1

`.expected` is written from the live objects, not from the file: one "path = value" per line, which the test looks
up in what the reader made of the file. Needs numpy, scikit-learn, joblib, pandas and cloudpickle.
"""
import collections
import pathlib
import pickle
import struct
import sys
import types
import zlib

import cloudpickle
import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def bits(x):
    return struct.pack(">d", x).hex()


def crc(data):
    return f"{zlib.crc32(data):08x}"


def name_of(x):
    name = f"{x.__module__}.{x.__qualname__}"
    return name.replace("numpy._core.", "numpy.core.")


def shape_of(a):
    return "x".join(map(str, a.shape)) or "-"


class Walk:
    """Emits the lines of one object. Every container is entered once, and only its first elements."""

    def __init__(self):
        self.lines = []
        self.seen = set()
        self.keep = []  # so that ids stay those of live objects

    def say(self, path, text):
        self.lines.append(f"{path} = {text}")

    def enter(self, x):
        if id(x) in self.seen:
            return False
        self.seen.add(id(x))
        self.keep.append(x)
        return True

    def array(self, path, a):
        if a.dtype.names:
            for field in a.dtype.names:
                column = np.ascontiguousarray(a[field], dtype="<f8")
                self.say(f"{path}:{field}", f"column {len(column)} {crc(column.tobytes())}")
        elif a.dtype.kind in "biuf":
            self.say(path, f"array {shape_of(a)} {crc(np.ascontiguousarray(a, dtype='<f8').tobytes())}")
        elif a.dtype.kind in "US" or all(isinstance(x, str) for x in a.flat):
            texts = [x.decode() if isinstance(x, bytes) else str(x) for x in a.flat]
            self.say(path, f"texts {shape_of(a)} {crc(chr(0).join(texts).encode())}")
        elif a.dtype.kind == "O":
            for i, x in enumerate(a.flat):
                if i < 3:
                    self.visit(f"{path}[{i}]", x)

    def visit(self, path, x):
        if len(self.lines) > 400 or len(path) > 150:
            return
        if isinstance(x, np.generic) and x.dtype.kind in "biufUSO":
            x = x.item()
        if x is None or isinstance(x, bool):
            self.say(path, str(x))
        elif isinstance(x, int):
            if -(2**63) <= x < 2**63:
                self.say(path, f"int {x}")
            else:
                size = x.bit_length() // 8 + 1
                self.say(path, f"bigint {size} {crc(x.to_bytes(size, 'little', signed=True))}")
        elif isinstance(x, float):
            self.say(path, f"float {bits(x)}")
        elif isinstance(x, complex) and type(x) is complex:
            self.say(path, f"complex {bits(x.real)} {bits(x.imag)}")
        elif isinstance(x, str):
            self.say(path, f"text {crc(x.encode('utf-8', 'surrogatepass'))}")
        elif isinstance(x, (bytes, bytearray)):
            self.say(path, f"bytes {len(x)} {crc(bytes(x))}")
        elif isinstance(x, slice):
            self.say(path, "slice")
        elif isinstance(x, range):
            self.say(path, "range")
        elif type(x) in (list, tuple, set, frozenset):
            kind = "set" if isinstance(x, (set, frozenset)) else type(x).__name__
            self.say(path, f"{kind} {len(x)}")
            if kind != "set" and self.enter(x):
                for i, element in enumerate(x):
                    if i < 3:
                        self.visit(f"{path}[{i}]", element)
        elif type(x) in (dict, collections.OrderedDict, collections.defaultdict):
            self.say(path, f"dict {len(x)}")
            if self.enter(x):
                for key, element in x.items():
                    if isinstance(key, str):
                        self.visit(f"{path}['{key}']", element)
        elif isinstance(x, np.ndarray):
            if self.enter(x):
                self.array(path, x)
        elif isinstance(x, np.dtype):
            self.say(path, "dtype")
        elif isinstance(x, (type, types.FunctionType, types.BuiltinFunctionType)):
            self.say(path, f"global {name_of(x)}")
        elif isinstance(x, np.ufunc):
            pass  # the module of its name depends on numpy's version
        elif isinstance(x, np.random.RandomState):
            self.say(path, "object numpy.random._pickle.__randomstate_ctor")
        elif self.enter(x):
            self.object(path, x)

    def object(self, path, x):
        reduced = x.__reduce_ex__(2)
        if isinstance(reduced, str):
            return
        function, args = reduced[0], reduced[1]
        state = reduced[2] if len(reduced) > 2 else None
        name = name_of(function)
        if name == "copyreg.__newobj__":
            name = name_of(args[0])
        elif ".__pyx_unpickle_" in name:
            name, state = name_of(args[0]), state or args[2]
        self.say(path, f"object {name}")
        if isinstance(state, dict):
            self.keep.append(state)
            for key, element in state.items():
                self.visit(f"{path}.{key}", element)


def write(folder, name, value, dumped):
    walk = Walk()
    walk.visit("", value)
    (folder / name).write_bytes(dumped)
    (folder / f"{name}.expected").write_text("\n".join(walk.lines) + "\n")


def plain_values():
    shared = ["shared"]
    values = {
        "none": None, "true": True, "false": False, "ints": (0, 1, 255, 256, 65535, 65536, -1, 2**31 - 1, -(2**31)),
        "zero": 0, "byte": 255, "short": 65535, "negative": -7, "int32": -(2**31), "int64": -(2**63), "long": 2**40,
        "uint64": 2**63, "pcg64": 2**127 + 12345, "minus_big": -(2**63) - 1, "huge": 3**1000,
        "float": 0.1, "inf": float("inf"), "minus_zero": -0.0, "tiny": 5e-324, "nan": float("nan"),
        "text": "caf\u00e9 \U0001F682", "quote": "it's \"q\" \\ \n", "empty": "", "long_text": "x" * 300, "lone": "\ud800",
        "bytes": b"\x00\xff\x80abc", "no_bytes": b"", "bytearray": bytearray(b"\xfe\x01"), "no_bytearray": bytearray(),
        "tuple0": (), "tuple1": (1,), "tuple2": (1, 2), "tuple3": (1, 2, 3), "tuple4": (1, 2, 3, 4),
        "list": [1.5, None, "x"], "long_list": list(range(1500)), "dict": {"a": 1, "b": {"c": 2}},
        "int_keys": {1: "one", 2.5: "float", None: "none"}, "set": {1, 2, 3}, "frozenset": frozenset("ab"),
        "complex": 1.5 - 2.5j, "slice": slice(1, None, 2), "range": range(2, 20, 3),
        "ordered": collections.OrderedDict([("z", 1), ("a", 2)]), "default": collections.defaultdict(list, {"k": [1]}),
        "type": float, "twice": [shared, shared],
    }  # fmt: skip
    cycle = ["cycle"]
    cycle.append(cycle)
    values["cycle"] = cycle
    return values


def array_values():
    structured = np.zeros(4, dtype=np.dtype([("left", "<i8"), ("threshold", "<f8"), ("flag", "u1"), ("small", "<f4")], align=True))
    structured["left"], structured["threshold"], structured["flag"], structured["small"] = [1, -1, -1, 5], [0.5, -2, 3.25, 0], 1, 0.1
    values = {f"{d[1:]}_{'big' if d[0] == '>' else 'little'}": np.array([0, 1, 100], dtype=d)
              for d in ("<f8", ">f8", "<f4", ">f4", "<f2", ">i2", "<i4", "<i8", "|i1", "|u1", "<u2", ">u4", "<u8", "|b1")}  # fmt: skip
    values |= {
        "negative": np.array([-1, -128], dtype="i1"), "matrix": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "fortran3": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
        "strided": np.arange(20.0)[::2], "zero_d": np.array(2.5), "empty": np.zeros((0, 3)), "bytes_big": np.full(5000, 0xE9, dtype="u1"),
        "text": np.array(["ab", "c", "\u00e9\U0001F682"]), "text_big": np.array(["ab", "c"], dtype=">U2"), "ascii": np.array([b"ab", b"c"]),
        "objects": np.array(["x", "y", "zz"], dtype=object), "mixed": np.array([1, None, "x"], dtype=object),
        "objects_fortran": np.asfortranarray(np.array([["a", "b", "c"], ["d", "e", "f"]], dtype=object)),
        "structured": structured, "index": pd.Index(["age", "income"]),
        "s_f8": np.float64(2.5), "s_f4": np.float32(0.1), "s_f2": np.float16(-0.5), "s_i8": np.int64(-5), "s_u8": np.uint64(2**64 - 1),
        "s_bool": np.bool_(True), "s_text": np.str_("na\u00efve"), "dtype": np.dtype("f8"), "type": np.float64,
    }  # fmt: skip
    return values


def models():
    random = np.random.RandomState(0)
    x = random.randn(60, 4)
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)
    frame = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    frame["plan"] = random.choice(["basic", "standard", "premium"], 60)
    table = ColumnTransformer([("numbers", StandardScaler(), frame.columns[:4]), ("plan", OneHotEncoder(), ["plan"])])
    boosting = GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=1)
    return {
        "gb": GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1).fit(x, y),
        "rf": RandomForestClassifier(n_estimators=2, max_depth=3, random_state=1).fit(x, y),
        "hgb": HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, max_bins=16, min_samples_leaf=5).fit(x, y),
        "lr": LogisticRegression().fit(x, np.where(y, "yes", "no")),
        "pipe": Pipeline([("scale", StandardScaler()), ("clf", boosting)]).fit(x, y),
        "table": Pipeline([("table", table), ("clf", LogisticRegression())]).fit(frame, y),
        "function": Pipeline([("log", FunctionTransformer(np.log1p)), ("clf", LogisticRegression())]).fit(abs(x), y),
    }


def main():
    folder, tag = pathlib.Path(sys.argv[1]), sys.argv[2]
    folder.mkdir(exist_ok=True)
    for protocol in range(6):
        write(folder, f"values-p{protocol}.pkl", plain_values(), pickle.dumps(plain_values(), protocol))
        arrays = array_values()
        write(folder, f"{tag}-arrays-p{protocol}.pkl", arrays, pickle.dumps(arrays, protocol))
    for name, model in models().items():
        for protocol in range(6) if name == "lr" else (0, 4) if "1.1" in tag else (2, 5):
            write(folder, f"{tag}-{name}-p{protocol}.pkl", model, pickle.dumps(model, protocol))
        if name in ("gb", "lr", "table"):
            joblib.dump(model, folder / "model.tmp")
            write(folder, f"{tag}-{name}.joblib", model, (folder / "model.tmp").read_bytes())
    (folder / "model.tmp").unlink()
    # A lambda is code that the file carries: it is read, stays inert, and no loader runs it.
    carried = {"func": FunctionTransformer(eval("lambda table: table", {"__name__": "__main__"})), "number": 7}
    (folder / f"{tag}-lambda.pkl").write_bytes(cloudpickle.dumps(carried))
    (folder / f"{tag}-lambda.pkl.expected").write_text("['number'] = int 7\n['func'].accept_sparse = False\n")


main()
