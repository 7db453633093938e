"""Makes the hostile pickles: NAME.pkl, and NAME.txt with the exact message that reading it must give.

    python make.py FOLDER      with any numpy and cloudpickle

Nothing here is run: the bytes are written, never loaded.
"""
import pathlib
import pickle
import struct
import sys

import cloudpickle
import numpy as np


def u4(n):
    return struct.pack("<I", n)


def u8(n):
    return struct.pack("<Q", n)


def text(s):
    s = s.encode()
    return b"\x8c" + bytes([len(s)]) + s


def name(module, attribute):  # protocol 4
    return text(module) + text(attribute) + b"\x93"


def call(module, attribute, *args):  # protocol 2, arguments are texts
    return f"c{module}\n{attribute}\n(".encode() + b"".join(b"X" + u4(len(a)) + a.encode() for a in args) + b"tR"


class Calls:
    """Pickles to a call of `function`."""

    def __init__(self, function, args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def ordered(function, args, protocol):
    return pickle.dumps(Calls(function, args), protocol)


P2, P4 = b"\x80\x02", b"\x80\x04"
NEVER = "; a model file never needs this, so it is refused (nothing was run)"
DAMAGED = "; the file is damaged"
TRUNCATED = "; the file looks truncated"
CASES = {}


def case(name, data, message):
    assert name not in CASES, name
    CASES[name] = data, message


# ---- calls that only attacks make

import os  # noqa: E402  the real function, so that the pickler writes what it writes in the wild

# The name's own opcode is named: after the operands that the pickler writes before it.
for protocol, offset in enumerate((0, 0, 2, 2, 28, 28)):
    case(f"system_p{protocol}", ordered(os.system, ("id",), protocol), f"byte {offset}: the file asks to call posix.system{NEVER}")
case("eval_p2", ordered(eval, ("1",), 2), f"byte 2: the file asks to call builtins.eval{NEVER}")
case("exec_p4", ordered(exec, ("1",), 4), f"byte 29: the file asks to call builtins.exec{NEVER}")
for module, attribute in [
    ("os", "popen"), ("nt", "system"), ("os.path", "exists"), ("subprocess", "Popen"), ("sys", "exit"), ("pty", "spawn"),
    ("socket", "create_connection"), ("shutil", "rmtree"), ("runpy", "_run_code"), ("importlib", "import_module"),
    ("importlib.util", "spec_from_file_location"), ("code", "InteractiveInterpreter"), ("ctypes", "CDLL"),
    ("ctypes.util", "find_library"), ("webbrowser", "open"), ("pip", "main"), ("pip._internal", "main"),
    ("builtins", "compile"), ("builtins", "open"), ("builtins", "__import__"), ("builtins", "globals"), ("builtins", "input"),
    ("builtins", "breakpoint"), ("builtins", "setattr"), ("operator", "attrgetter"), ("operator", "methodcaller"),
    ("_pickle", "Unpickler"), ("pickle", "loads"), ("types", "FunctionType"), ("types", "CodeType"), ("timeit", "timeit"),
    ("marshal", "loads"), ("numpy.testing._private.utils", "runstring"), ("torch", "load"), ("joblib", "load"),
]:  # fmt: skip
    case(f"call_{module.replace('.', '_')}_{attribute}", P2 + call(module, attribute, "id") + b".",
         f"byte 2: the file asks to call {module}.{attribute}{NEVER}")  # fmt: skip
# Python 2's spelling of the same.
case("builtin_eval", P2 + call("__builtin__", "eval", "1") + b".", f"byte 2: the file asks to call builtins.eval{NEVER}")
case("inst_system", b"(S'id'\nios\nsystem\n.", f"byte 7: the file asks to call os.system{NEVER}")
case("obj_system", b"(cos\nsystem\nS'id'\no.", f"byte 1: the file asks to call os.system{NEVER}")
case("newobj_popen", P4 + name("subprocess", "Popen") + b")\x81.", f"byte 21: the file asks to call subprocess.Popen{NEVER}")
case("newobj_ex_popen", P4 + name("subprocess", "Popen") + b")}\x92.",
     f"byte 21: the file asks to call subprocess.Popen{NEVER}")  # fmt: skip
case("name_from_memo", P4 + text("os") + b"\x94" + text("system") + b"\x94h\x00h\x01\x93(tR.",
     f"byte 20: the file asks to call os.system{NEVER}")  # fmt: skip
case("name_unused", P4 + name("os", "system") + b"0N.", f"byte 14: the file asks to call os.system{NEVER}")
# Protocol 4 resolves dotted names attribute by attribute.
case("dotted_sys_modules", P4 + name("collections", "_sys.modules") + b".",
     f"byte 29: the file asks to call collections._sys.modules{NEVER}")  # fmt: skip
case("dotted_os_system", P4 + name("sklearn.base", "inspect.os.system") + b".",
     f"byte 35: the file asks to call sklearn.base.inspect.os.system{NEVER}")  # fmt: skip
case("dotted_globals", P4 + name("sklearn.base", "clone.__globals__") + b".",
     f"byte 35: the file asks to call sklearn.base.clone.__globals__{NEVER}")  # fmt: skip
case("dotted_eval_call", P4 + name("builtins", "eval.__call__") + b".",
     f"byte 27: the file asks to call builtins.eval.__call__{NEVER}")  # fmt: skip
case("name_with_escape", P4 + name("os", "sys\x1b[2Jtem") + b".",
     f"byte 18: the file asks to call os.sys\\x1b[2Jtem{NEVER}")  # fmt: skip

# ---- getattr: honest files hold bound methods, so it is judged by what it is used for

getattr_ = b"c__builtin__\ngetattr\n"
case("getattr_system", P2 + getattr_ + b"(cfoo\nbar\nX" + u4(6) + b"systemtR.",
     f"byte 45: the file asks to look up 'system' with builtins.getattr{NEVER}")  # fmt: skip
case("getattr_dunder", P2 + getattr_ + b"(cfoo\nbar\nX" + u4(11) + b"__globals__tR.",
     f"byte 50: the file asks to look up '__globals__' with builtins.getattr{NEVER}")  # fmt: skip
case("getattr_chain", P2 + getattr_ + b"(" + getattr_ + b"(cfoo\nbar\nX" + u4(1) + b"atRX" + u4(1) + b"btR.",
     f"byte 70: the file asks to look up 'b' with builtins.getattr in what another builtins.getattr found{NEVER}")  # fmt: skip
case("getattr_method_called", P2 + getattr_ + b"(cfoo\nBar\n)\x81X" + u4(4) + b"walktR(tR.",
     f"byte 48: the file asks to call the method 'walk' that it looks up with builtins.getattr{NEVER}")  # fmt: skip
case("getattr_by_newobj", P2 + getattr_ + b")\x81)R.", "byte 24: builtins.getattr without an attribute name; the file is damaged")
case("getattr_no_name", P2 + getattr_ + b"K\x01\x85R.", "byte 26: builtins.getattr without an attribute name; the file is damaged")

# ---- BUILD: in Python it writes into __dict__ or calls __setstate__

case("build_setstate", P2 + b"cfoo\nBar\n)\x81}X" + u4(12) + b"__setstate__cos\nsystem\nsbX" + u4(2) + b"idb.",
     f"byte 31: the file asks to call os.system{NEVER}")  # fmt: skip
case("build_twice", P2 + b"cfoo\nBar\n)\x81}b}b.", "byte 16: an object gets a second state (BUILD twice), which no model file needs")
case("build_class", P2 + b"cfoo\nBar\n}b.", f"byte 12: the file asks to change the class foo.Bar{NEVER}")
case("build_number", P2 + b"K\x05}b.", "byte 5: a state for the int 5, which has none; the file is damaged")

# ---- code that the file carries

GLOBALS = {"__name__": "__main__"}
carried = cloudpickle.dumps(Calls(eval("lambda: 1", GLOBALS), ()), 4)
case("cloudpickle_call", carried,
     f"byte {carried.rindex(b'R')}: the file asks to call a Python function that it carries itself (cloudpickle){NEVER}")  # fmt: skip

# ---- opcodes that are refused whatever they say

PYTHON2 = ", which no model file of Python 3 holds; it is refused (nothing was run)"
OUTSIDE = "refers to an object outside of the file (as torch checkpoints do); only pickles that are complete in themselves are read"
case("inst", b"(ifoo\nBar\n.", f"byte 1: opcode INST asks to make a Python 2 instance of foo.Bar{PYTHON2}")
case("obj", b"(cfoo\nBar\no.", f"byte 10: opcode OBJ asks to make a Python 2 instance{PYTHON2}")
case("persid", b"Pstorage\n.", f"byte 0: opcode PERSID {OUTSIDE}")
case("binpersid", P2 + b"X" + u4(1) + b"aQ.", f"byte 8: opcode BINPERSID {OUTSIDE}")
for opcode, size in ((0x82, 1), (0x83, 2), (0x84, 4)):
    case(f"ext{size}", P2 + bytes([opcode]) + b"\x01" * size + b".",
         f"byte 2: opcode EXT{size} names a class by a number of the writer's copyreg extension registry, which is not in the file; "
         "it is refused")  # fmt: skip
for opcode, title in ((0x97, "NEXT_BUFFER"), (0x98, "READONLY_BUFFER")):
    case(title.lower(), b"\x80\x05" + bytes([opcode]) + b".",
         f"byte 2: opcode {title} refers to a buffer outside of the file; save the model without a buffer_callback")  # fmt: skip
case("protocol_6", b"\x80\x06N.", "byte 0: pickle protocol 6; protocols 0 to 5 are read")

# ---- other kinds of file

case("json", b'{"learner": {}}', "byte 0: 0x7b is no pickle opcode; this is not a pickle file")
case("empty", b"", "byte 0: the file is empty")
case("joblib_0_9", P2 + b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81.",
     "byte 2: joblib.numpy_pickle.NDArrayWrapper: the file was written by joblib before 0.10, as several files; load it in Python and "
     "save it again with a current joblib")  # fmt: skip

# ---- lengths that lie

for title, opcode, length, said in [
    ("SHORT_BINUNICODE", b"\x8c", b"\xff", 255), ("BINUNICODE", b"X", u4(2**32 - 1), 2**32 - 1), ("BINUNICODE8", b"\x8d", u8(2**63), 2**63),
    ("SHORT_BINBYTES", b"C", b"\x09", 9), ("BINBYTES", b"B", u4(2**31), 2**31), ("BINBYTES8", b"\x8e", u8(2**64 - 1), 2**64 - 1),
    ("BYTEARRAY8", b"\x96", u8(2**62), 2**62), ("SHORT_BINSTRING", b"U", b"\x05", 5), ("LONG1", b"\x8a", b"\x08", 8),
    ("LONG4", b"\x8b", struct.pack("<i", 100), 100),
]:  # fmt: skip
    case(f"length_{title.lower()}", P4 + opcode + length + b"abc.", f"byte 2: {title} of {said} bytes, but 4 are left{TRUNCATED}")
case("length_negative_long4", P2 + b"\x8b\xff\xff\xff\xff.", f"byte 2: LONG4 of -1 bytes{DAMAGED}")
case("length_negative_binstring", P2 + b"T\x00\x00\x00\x80.", f"byte 2: BINSTRING of -2147483648 bytes{DAMAGED}")
case("length_frame", P4 + b"\x95" + u8(2**63) + b"N.", f"byte 2: FRAME of {2**63} bytes, but 2 are left{TRUNCATED}")
case("integer_of_2_kb", P2 + b"\x8b" + u4(2000) + b"\x01" * 2000 + b".", "byte 2: an integer of 2000 bytes, more than 1024 are not accepted")
case("name_of_2_kb", P2 + b"c" + b"a" * 2000 + b"\nb\n.",
     "byte 2: a class name of 2001 bytes, more than 1024 are not accepted; the file is damaged")  # fmt: skip
case("name_with_spaces", P2 + b"cfoo\x01bar\nbaz qux\n.", "byte 2: a class named 'foo\\x01bar.baz qux'; the file is damaged")
case("name_not_utf8", P2 + b"cfoo\xff\nbar\n.", "byte 2: a class named 'foo\\xff.bar'; the file is damaged")
case("name_empty", P2 + b"c\n\n.", "byte 2: a class without a name; the file is damaged")

# ---- the stack and the memo

case("memo_index_2_31", P2 + b"Nr\xff\xff\xff\x7f.",
     f"byte 3: LONG_BINPUT to memo index 2147483647, but only 0 values are in the memo{DAMAGED}")  # fmt: skip
case("memo_index_text", b"Np99999999999\n.", f"byte 1: PUT to memo index 99999999999, but only 0 values are in the memo{DAMAGED}")
case("memo_index_negative", b"Np-1\n.", f"byte 1: PUT of '-1', a memo index expected{DAMAGED}")
case("memo_index_too_long", b"Np99999999999999999999999\n.", f"byte 1: PUT of '99999999999999999999999', a memo index expected{DAMAGED}")
case("get_unset", P2 + b"h\x07.", f"byte 2: BINGET of memo index 7, which was never set{DAMAGED}")
case("get_unset_long", P2 + b"j\xff\xff\xff\xff.", f"byte 2: LONG_BINGET of memo index 4294967295, which was never set{DAMAGED}")
case("stop_on_nothing", P2 + b".", f"byte 2: STOP takes 1 value from the stack, which has 0{DAMAGED}")
case("stop_on_mark", P2 + b"N(.", f"byte 4: STOP takes 1 value from the stack, which has 0{DAMAGED}")
case("no_stop", P2 + b"N", "byte 3: the file ends before its STOP opcode; it looks truncated")
case("pop_nothing", P2 + b"0.", f"byte 2: POP takes 1 value from the stack, which has 0{DAMAGED}")
case("pop_mark_without", P2 + b"1.", f"byte 2: POP_MARK without a MARK{DAMAGED}")
case("tuple_without_mark", P2 + b"t.", f"byte 2: TUPLE without a MARK{DAMAGED}")
case("tuple3_of_two", P2 + b"NN\x87.", f"byte 4: TUPLE3 takes 3 values from the stack, which has 2{DAMAGED}")
case("reduce_through_mark", P2 + b"cfoo\nBar\n)(R.", f"byte 13: REDUCE takes 2 values from the stack, which has 0{DAMAGED}")
case("append_to_int", P2 + b"K\x05Na.", f"byte 5: APPEND to the int 5, a list expected{DAMAGED}")
case("appends_to_dict", P2 + b"}(Ne.", f"byte 5: APPENDS to a dict of 0, a list expected{DAMAGED}")
case("appends_to_nothing", P2 + b"(Ne.", f"byte 4: APPENDS without a target under its MARK{DAMAGED}")
case("setitem_in_list", P2 + b"]NNs.", f"byte 5: SETITEM in a list of 0, a dict expected{DAMAGED}")
case("setitems_odd", P2 + b"}(NNNu.", f"byte 7: SETITEMS with 3 values, which are not pairs{DAMAGED}")
case("additems_to_list", P4 + b"](N\x90.", f"byte 5: ADDITEMS to a list of 0, a set expected{DAMAGED}")
case("call_of_number", P2 + b"K\x05)R.", f"byte 5: a call of the int 5, which is not callable{DAMAGED}")
case("call_without_tuple", P2 + b"cfoo\nBar\n]R.", f"byte 12: the arguments of a call are a list of 0, not a tuple{DAMAGED}")
case("newobj_without_tuple", P2 + b"cfoo\nBar\n]\x81.", f"byte 12: the arguments of a new object are a list of 0, not a tuple{DAMAGED}")
case("newobj_of_text", P4 + text("a") + b")\x81.", f"byte 6: a new object of the text 'a', which is not a class{DAMAGED}")
case("newobj_ex_kwargs", P4 + name("foo", "Bar") + b")N\x92.",
     f"byte 15: the named arguments of a new object are None, not a dict{DAMAGED}")  # fmt: skip
case("stack_global_of_ints", P4 + b"K\x01K\x02\x93.", f"byte 6: STACK_GLOBAL with the int 1, a name expected{DAMAGED}")
case("unknown_opcode", P2 + b"N\xff.", "byte 3: 0xff is no pickle opcode; the file is damaged or not a pickle")
case("bad_utf8", P4 + b"\x8c\x02\xc3\x28.", f"byte 2: a text is not valid UTF-8{DAMAGED}")
case("bad_int", b"I12x\n.", f"byte 0: INT of '12x', which is not an integer{DAMAGED}")
case("bad_long", b"L\n.", f"byte 0: LONG of '', which is not an integer{DAMAGED}")
case("bad_float", b"F1.5.2\n.", f"byte 0: FLOAT of '1.5.2', which is not a number{DAMAGED}")
case("bad_string", b"Sabc\n.", f"byte 0: STRING that is not a quoted literal{DAMAGED}")
case("bad_unicode", b"V\\u12\n.", f"byte 0: UNICODE with a broken \\u escape{DAMAGED}")
case("no_line_end", b"I12", "byte 0: INT without a line end; the file looks truncated")
case("cut_in_argument", P2 + b"J\x01\x02", "byte 2: BININT is cut short, 2 bytes are left; the file looks truncated")

# ---- numpy

DTYPE = b"cnumpy\ndtype\n"
F8 = DTYPE + b"X" + u4(2) + b"f8K\x00K\x01\x87R"
FROM_BUFFER = b"\x80\x05cnumpy.core.numeric\n_frombuffer\n"
RECONSTRUCT = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01"


def frombuffer(data, dtype, shape):
    shape = b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", n) for n in shape) + b"t"
    return FROM_BUFFER + b"(C" + bytes([len(data)]) + data + dtype + shape + b"X" + u4(1) + b"CtR."


def last(data):
    return len(data) - 2  # the offset of the opcode before STOP


short = frombuffer(b"\0" * 15, F8, (2,))
case("array_too_short", short, f"byte {last(short)}: a float64 array of shape (2,) holds 15 bytes, which is not 2 elements of 8 bytes{DAMAGED}")
overflow = frombuffer(b"\0" * 16, F8, (2**62, 2**62))
case("array_shape_overflow", overflow, f"byte {last(overflow)}: an array of shape ({2**62}, {2**62}){DAMAGED}")
wrap = frombuffer(b"", F8, (2**61,))
case("array_size_overflow", wrap,
     f"byte {last(wrap)}: a float64 array of shape ({2**61},) holds 0 bytes, which is not {2**61} elements of 8 bytes{DAMAGED}")  # fmt: skip
negative = frombuffer(b"\0" * 16, F8, (-2,))
case("array_negative_shape", negative, f"byte {last(negative)}: dimension 0 of an array is the int -2, a length expected{DAMAGED}")
deep = frombuffer(b"\0" * 8, F8, (1,) * 65)
case("array_65_dimensions", deep, f"byte {last(deep)}: an array of 65 dimensions, more than 64 are not accepted")
nothing = frombuffer(b"", DTYPE + b"X" + u4(2) + b"U0K\x00K\x01\x87R", (2**40,))
case("array_of_nothing", nothing, f"byte {last(nothing)}: an array of {2**40} elements of no bytes{DAMAGED}")
objects = RECONSTRUCT + b"K\x02\x85" + DTYPE + b"X" + u4(2) + b"O8K\x00K\x01\x87R\x89](K\x01K\x02K\x03etb."
case("array_objects_count", objects, f"byte {last(objects)}: an object array of shape (2,) holds 3 elements, not 2{DAMAGED}")


def structured(offset, size, itemsize):
    field = b"X" + u4(1) + b"a"
    state = b"(K\x03X" + u4(1) + b"|N(" + field + b"t}" + field + F8 + b"J" + struct.pack("<i", offset) + b"\x86s"
    return b"\x80\x03" + DTYPE + b"X" + u4(len(size)) + size + b"K\x00K\x01\x87R" + state + b"J" + struct.pack("<i", itemsize) + b"K\x01K\x10tb."


beyond = structured(9, b"V16", 16)
case("dtype_field_outside", beyond, f"byte {last(beyond)}: field 'a' of a structured dtype lies at bytes 9 to 17 of 16{DAMAGED}")
before = structured(-1, b"V16", 16)
case("dtype_field_before", before, f"byte {last(before)}: field 'a' of a structured dtype lies at bytes -1 to 7 of 16{DAMAGED}")
plain = structured(0, b"f8", -1)
case("dtype_plain_with_fields", plain, f"byte {last(plain)}: a plain dtype with fields{DAMAGED}")
state = b"\x80\x03" + F8 + b"K\x05b."
case("dtype_state", state, f"byte {last(state)}: the state of a dtype is the int 5, a tuple of at least 7 expected{DAMAGED}")
scalar = b"\x80\x03cnumpy.core.multiarray\nscalar\n" + F8 + b"C\x04abcd\x86R."
case("scalar_too_short", scalar, f"byte {last(scalar)}: a numpy float64 of 4 bytes, 8 expected{DAMAGED}")
latin = P2 + b"c_codecs\nencode\nX" + u4(3) + "€".encode() + b"X" + u4(6) + b"latin1\x86R."
case("bytes_above_255", latin, f"byte {last(latin)}: bytes that are written as text hold a character above 255{DAMAGED}")

# ---- joblib

WRAPPER = P4 + name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}("


def wrapper(**state):
    return WRAPPER + b"".join(text(key) + value for key, value in state.items()) + b"ub"


def joblib_array(count, dtype=F8, **more):
    return wrapper(shape=b"\x8a\x08" + struct.pack("<q", count) + b"\x85", order=text("C"), dtype=dtype, **more)


cut = joblib_array(3)
case("joblib_cut", cut + b"\0" * 20, f"byte {len(cut) - 1}: a joblib array of 24 bytes, but 20 are left{TRUNCATED}")
padded = joblib_array(1, numpy_array_alignment_bytes=b"K\x10")
case("joblib_padding", padded + b"\xff", f"byte {len(padded) - 1}: the padding of a joblib array is cut short, 0 bytes are left{TRUNCATED}")
huge = joblib_array(2**61)
case("joblib_overflow", huge, f"byte {len(huge) - 1}: a joblib array of shape ({2**61},){DAMAGED}")
bare = wrapper(order=text("C"))
case("joblib_no_shape", bare + b".", f"byte {len(bare) - 1}: a joblib array without shape, order or dtype{DAMAGED}")
boxes = joblib_array(1, DTYPE + b"X" + u4(2) + b"O8K\x00K\x01\x87R")
case("joblib_not_an_array", boxes + b"\x80\x02K\x07..", f"byte {len(boxes) + 4}: a joblib array that is the int 7, an array expected{DAMAGED}")
case("joblib_nested", boxes * 9, f"byte {len(boxes) * 9 - 1}: pickles inside of pickles, more than 8 deep, which no model needs")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, (data, message) in CASES.items():
        (folder / f"{name}.pkl").write_bytes(data)
        (folder / f"{name}.txt").write_text(message + "\n")
    print(len(CASES), "cases, made with numpy", np.__version__)


main()
