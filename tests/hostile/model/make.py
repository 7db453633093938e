"""Makes hostile model files of every format but plain pickles: NAME.bin, and NAME.txt with the exact message.

    python make.py FOLDER      the standard library is enough

Nothing here is run: the bytes are written, never loaded.
"""
import bz2, gzip, io, json, lzma, pathlib, pickle, struct, sys, warnings, zipfile, zlib

DAMAGED = "; the file is damaged"
TRUNCATED = "; the file looks truncated"
CASES = {}
warnings.simplefilter("ignore")  # zipfile's, about the name that is there twice


def case(name, data, message):
    assert name not in CASES, name
    CASES[name] = data, message


# ---- compressed files

NUMBERS = pickle.dumps(list(range(100, 400)), 4)
ZLIB = zlib.compress(NUMBERS)
half = len(ZLIB) // 2
case("empty", b"", "the file is empty; a model file was expected")
case("unknown", b"\x00\x01\x02", "the first bytes (00 01) are of no known model format; a pickle or a skops, "
     "XGBoost or LightGBM file was expected")
case("zfile", b"ZF0x1f4             " + ZLIB,
     "byte 0: 'ZF': the file was written by joblib before 0.10; load it in Python and save it again with a current joblib")
case("npy", b"\x93NUMPY\x01\x00", "this is a numpy array file; pickle, joblib and skops files and those of XGBoost and "
     "LightGBM are read: save the model as one of these")
case("zlib_cut", ZLIB[:half], f"byte {half}: the zlib data stops in the middle, after 305 bytes of contents{TRUNCATED}")
case("zlib_checksum", ZLIB[:-1] + b"\0", f"byte {len(ZLIB)}: the zlib data is damaged (incorrect data check); copy the file again or "
     "write it anew")
case("zlib_appended", ZLIB + b"more", f"byte {len(ZLIB)}: 4 bytes behind the end of the zlib data; the file is damaged or something was "
     "appended to it")
case("zlib_of_nothing", zlib.compress(b""), "in the zlib data: there is nothing in it; a model file was expected")
case("gzip_of_zlib", gzip.compress(ZLIB, mtime=0), "in the gzip data: this is a zlib-compressed file again; a model file is compressed "
     "once at most: decompress it, or save the model anew")
case("xz_of_unknown", lzma.compress(b"\0\0\0"), "in the xz data: the first bytes (00 00) are of no known model format; a pickle "
     "or a skops, XGBoost or LightGBM file was expected")
case("bzip2_of_zfile", bz2.compress(b"ZF0x1f4"), "in the bzip2 data: byte 0: 'ZF': the file was written by joblib before 0.10; load it in "
     "Python and save it again with a current joblib")
case("gzip_of_command", gzip.compress(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.", mtime=0), "in the gzip data: byte 2: the file asks to "
     "call os.system; a model file never needs this, so it is refused (nothing was run)")
case("lzma_of_cut_pickle", lzma.compress(NUMBERS[:-1], lzma.FORMAT_ALONE), "in the lzma data: byte 2: FRAME of 749 bytes, but 748 are left"
     + TRUNCATED)
case("gzip_bomb", gzip.compress(bytes(20 << 20), mtime=0), "byte 17348: the gzip data has grown to 17825792 bytes by here, 1000 times its "
     "size; it is made to fill the memory")
case("xz_dictionary", lzma.compress(NUMBERS, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]),
     "byte 24: the xz data needs 1025 MiB of memory to be read, 128 MiB are given; compress it with a smaller dictionary")


# ---- zip archives

def archive(members, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, compression)
    return out.getvalue()


def changed(data, at, new):
    return data[:at] + new + data[at + len(new):]


ZIP = archive([("schema.json", "{}"), ("1.npy", "x" * 100)])
directory = ZIP.index(b"PK\x01\x02")
end = ZIP.index(b"PK\x05\x06")
case("zip_cut", ZIP[:-1], f"byte {len(ZIP) - 1}: the zip archive has no directory at its end{TRUNCATED}")
case("zip_short", ZIP[:10], f"byte 10: the zip archive has no directory at its end{TRUNCATED}")
case("zip_moved", ZIP[:4] + b"\0" + ZIP[4:], f"byte {end + 1}: the zip archive's directory should lie at bytes {directory} to {end}, just before "
     "its end record; the file is damaged or something was put before or into it")
case("zip_many_members", changed(changed(ZIP, end + 8, b"\xff\xff"), end + 10, b"\xff\xff"),
     f"byte {directory}: the zip archive's directory has {end - directory} bytes, too few for 65535 members{DAMAGED}")
case("zip_parts", changed(ZIP, end + 4, b"\1"), f"byte {end}: the zip archive is one of several parts; put them together into one file")
case("zip_entry", changed(ZIP, directory, b"X"), f"byte {directory}: entry 0 of the zip archive's directory is not one{DAMAGED}")
case("zip_encrypted", changed(ZIP, directory + 8, b"\1"), f"byte {directory}: member 'schema.json' of the zip archive is encrypted; save the "
     "model without a password")
case("zip_local_name", changed(ZIP, 30, b"S"), f"byte {directory}: member 'schema.json' of the zip archive is not at byte 0, where the directory "
     f"has it{DAMAGED}")
case("zip_offset", changed(ZIP, directory + 42, b"\x07"), f"byte {directory}: member 'schema.json' of the zip archive is not at byte 7, where the "
     f"directory has it{DAMAGED}")
case("zip_stored_size", changed(ZIP, directory + 24, b"\x03"), f"byte {directory}: member 'schema.json' of the zip archive is stored as 2 bytes, "
     f"but should have 3{DAMAGED}")
case("zip_no_wide_size", changed(ZIP, directory + 24, b"\xff\xff\xff\xff"), f"byte {directory}: member 'schema.json' of the zip archive has no "
     f"64-bit sizes{DAMAGED}")
TWICE = archive([("schema.json", "{}"), ("schema.json", "[]")])
second = TWICE.index(b"PK\x01\x02", TWICE.index(b"PK\x01\x02") + 1)
case("zip_twice", TWICE, f"byte {second}: member 'schema.json' of the zip archive is in it twice, so it is not clear which one is meant; it is "
     "refused")
BOMB = archive([("schema.json", bytes(20 << 20))], zipfile.ZIP_DEFLATED)
case("zip_bomb", BOMB, f"a zip archive of {len(BOMB)} bytes that holds 20971520 bytes, more than 8589934592 in all or 1000 times its size are not "
     "accepted; it is made to fill the memory")
case("zip_empty_names", archive([("a/b.npy", "x"), ("c.npy", "y"), ("d.npy", "z")]), "this zip archive has no schema.json, so it is no skops file "
     "(it holds 'a/b.npy' and 2 more); of zip archives only skops files are read")
case("zip_traversal", archive([("../../etc/passwd", "x")]), "this zip archive has no schema.json, so it is no skops file (it holds "
     "'../../etc/passwd'); of zip archives only skops files are read")
case("zip_checksum", changed(ZIP, directory + 16, b"\0\0\0\0"), "schema.json: byte 0: member 'schema.json': its checksum is 43d8f6a6, 00000000 "
     f"expected{DAMAGED}".replace("43d8f6a6", f"{zlib.crc32(b'{}'):08x}"))
METHOD = changed(changed(ZIP, directory + 10, b"\x5d"), 8, b"\x5d")
case("zip_zstd", METHOD, "schema.json: byte 0: member 'schema.json' is compressed by method 93; stored, deflated, bzip2 and lzma members are read: "
     "save the model again with compression=zipfile.ZIP_DEFLATED")
SHORT = archive([("schema.json", "{}" + " " * 98)], zipfile.ZIP_DEFLATED)
case("zip_size", changed(SHORT, SHORT.index(b"PK\x01\x02") + 24, b"\x65"), "schema.json: byte 0: member 'schema.json': byte 7: the deflate data "
     f"holds 100 bytes, not the 101 that were announced{DAMAGED}")


# ---- skops

def node(loader, of="builtins.str", **more):
    module, _, name = of.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def value(v):
    return node("JsonNode", content=json.dumps(v), is_json=True)


def attributes(**values):
    return node("DictNode", "builtins.dict", content=values, key_types=node("ListNode", "builtins.list", content=[]))


def skops(root, files=(), **more):
    text = root if isinstance(root, str) else json.dumps({**root, "protocol": 2, "_skops_version": "0.16.0", **more})
    return archive([*files, ("schema.json", text)])


def at(root, marker):
    """The byte of the node that `marker` starts."""
    return json.dumps(root).index(json.dumps(marker)[:-1])


RIDGE = "sklearn.linear_model._ridge.Ridge"
def estimator(**values): return node("ObjectNode", RIDGE, content=attributes(**values))
def skops_case(name, part, message, files=()):
    """`part` as the attribute coef_ of a model; {at} in the message is where it starts."""
    root = estimator(coef_=part)
    case("skops_" + name, skops(root, files), "schema.json: " + message.replace("{at}", str(at(root, part))))


case("skops_not_json", skops("{]"), "schema.json: byte 1: expected a name in double quotes or '}', found ']'")
case("skops_cut", skops('{"a": '), "schema.json: byte 6: the document ends where a value was expected")
case("skops_number", skops("7"), "schema.json: byte 0: its root is no object; this is no skops file")
case("skops_array", skops("[]"), "schema.json: byte 0: its root is no object; this is no skops file")
case("skops_no_loader", skops('{"protocol": 2}'), "schema.json: byte 0: its root has no '__loader__' or no 'protocol'; this is no skops file")
case("skops_protocol_3", skops(estimator(), protocol=3), "schema.json: byte 0: skops protocol 3; protocols 0 to 2 are read: save the model with a "
     "release of skops that writes one of these")
case("skops_protocol_true", skops(estimator(), protocol=True), "schema.json: byte 0: its root has no '__loader__' or no 'protocol'; this is no skops "
     "file")
case("skops_deep", skops("[" * 2000 + "]" * 2000), "schema.json: byte 1000: more than 1000 levels of arrays and objects")
NEVER = "; a model file never needs this, so it is refused (nothing was run)"
for of in ["os.system", "builtins.eval", "subprocess.Popen", "builtins.exec"]:
    for loader in ["ObjectNode", "TypeNode", "FunctionNode"]:
        skops_case(f"{loader}_{of}", node(loader, of), f"byte {{at}}: the file asks to call {of}{NEVER}")
skops_case("method", node("MethodNode", "sklearn.base.X", content={"func": "__reduce__", "obj": value(1)}),
           "byte {at}: the file asks to look up '__reduce__' with builtins.getattr" + NEVER)
skops_case("methodcaller", node("OperatorFuncNode", "operator.methodcaller", attrs=node("TupleNode", "builtins.tuple", content=[value("system")])),
           "byte {at}: the file asks to call operator.methodcaller" + NEVER)
skops_case("no_class", {"__loader__": "ObjectNode"}, "byte {at}: a class without a name" + DAMAGED)
skops_case("cached", node("CachedNode", "a.b", __id__=5), "byte {at}: a CachedNode of a.b refers to an object that did not come before" + DAMAGED)
skops_case("json_node", node("JsonNode", content="[1]"), "byte {at}: a JsonNode of builtins.str holds '[1]', which is no JSON text, number, true, "
           "false or null" + DAMAGED)
skops_case("json_number", node("JsonNode", content=7), "byte {at}: a JsonNode of builtins.str has the int 7 as its content, a text expected" + DAMAGED)
skops_case("list", node("ListNode", "builtins.list"), "byte {at}: a ListNode of builtins.list has no content" + DAMAGED)
skops_case("tuple", node("TupleNode", "builtins.tuple", content={}), "byte {at}: a TupleNode of builtins.tuple has a dict of 0 as its content, an array "
           "expected" + DAMAGED)
skops_case("dict", node("DictNode", "builtins.dict", content=[]), "byte {at}: a DictNode of builtins.dict has a list of 0 as its content, a map expected"
           + DAMAGED)
skops_case("key", node("DictNode", "builtins.dict", content={"x": value(1)}, key_types=node("ListNode", "builtins.list", content=[node(
    "TypeNode", "builtins.int")])), "byte {at}: a DictNode of builtins.dict has the key 'x', a number expected" + DAMAGED)
skops_case("slice", node("SliceNode", "builtins.slice", content={"start": 1, "stop": 2}), "byte {at}: a SliceNode of builtins.slice has no 'step' in its "
           "content" + DAMAGED)
skops_case("tree", node("TreeNode", "sklearn.tree._tree.Tree"), "byte {at}: a TreeNode of sklearn.tree._tree.Tree has no tuple of arguments" + DAMAGED)
ARRAY = "numpy.ndarray"
skops_case("no_file", node("NdArrayNode", ARRAY, type="numpy"), "byte {at}: a NdArrayNode of numpy.ndarray names no file" + DAMAGED)
skops_case("missing_file", node("NdArrayNode", ARRAY, type="numpy", file="9.npy"), "byte {at}: it refers to '9.npy', which is not in the archive" + DAMAGED)
skops_case("object_array", node("NdArrayNode", ARRAY, type="json", content=[value(1)], shape=node("TupleNode", "builtins.tuple", content=[value(2)])),
           "byte {at}: an object array of shape (2,) holds 1 elements, not 2" + DAMAGED)
skops_case("object_matrix", node("NdArrayNode", ARRAY, type="json", content=[value(1)], shape=node(
    "TupleNode", "builtins.tuple", content=[value(1), value(1)])), "byte {at}: a NdArrayNode of numpy.ndarray holds the int 1 in dimension 1, a list "
           "expected" + DAMAGED)
skops_case("sparse", node("SparseMatrixNode", "scipy.sparse._csr.csr_matrix", type="scipy", file="1.npz"),
           "byte {at}: member '1.npz': byte 4: the zip archive has no directory at its end" + TRUNCATED, [("1.npz", "PK\3\4")])
digits = "9" * 3000
case("skops_digits", skops(f'{{"a": {digits}}}'), "schema.json: byte 6: a number of too many digits")


def npy(header, data=b"", version=b"\1\0"):
    header = header if isinstance(header, bytes) else header.encode()
    length = struct.pack("<H" if version[:1] == b"\1" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + data


def npy_case(name, contents, message):
    skops_case("npy_" + name, node("NdArrayNode", ARRAY, type="numpy", file="1.npy"), "byte {at}: " + message, [("1.npy", contents)])


HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n"
IN = "member '1.npy': byte "
HAS = ": the header of the .npy file has "
npy_case("magic", b"not a numpy file", IN + "0: this is not a .npy file" + DAMAGED)
npy_case("cut", npy(HEADER)[:9], IN + "6: the .npy file ends in its header; it looks truncated")
npy_case("header_cut", npy(HEADER)[:20], IN + f"10: the .npy file's header has {len(HEADER)} bytes, but 10 are left; it looks truncated")
npy_case("version", npy(HEADER, version=b"\4\0"), IN + "6: a .npy file of version 4.0; versions 1 to 3 are read")
npy_case("long_header", b"\x93NUMPY\2\0\xff\xff\xff\xff", IN + "8: a .npy file with a header of 4294967295 bytes, more than 65536 are not accepted" + DAMAGED)
npy_case("not_text", npy(b"{'\xff': 1}"), IN + "10: the .npy file's header is not text" + DAMAGED)
npy_case("objects", npy(HEADER.replace("<f8", "|O")), IN + "24: an array of objects, whose elements are pickled; skops never writes one, so it is "
         "refused (nothing was run)")
npy_case("type", npy(HEADER.replace("<f8", "<f7")), IN + "25" + HAS + "the type '<f7', which numpy does not know" + DAMAGED)
npy_case("key", npy("{'a': 1}"), IN + "15" + HAS + "the unknown key 'a'" + DAMAGED)
npy_case("keys", npy("{'shape': (2,)}"), IN + "25" + HAS + "not all of descr, fortran_order and shape" + DAMAGED)
npy_case("behind", npy(HEADER + "x"), IN + f"{10 + len(HEADER)}" + HAS + "something behind its end" + DAMAGED)
npy_case("call", npy("__import__('os').system('ls')"), IN + "10" + HAS + "'_' where '{' is expected" + DAMAGED)
npy_case("shape", npy(HEADER.replace("2,", "-2,")), IN + "61" + HAS + "'-' where a length is expected" + DAMAGED)
npy_case("dimensions", npy(HEADER.replace("2,", "1," * 65)), IN + "189" + HAS + "more than 64 dimensions" + DAMAGED)
npy_case("overflow", npy(HEADER.replace("2,", f"{2**40}, {2**40}")), f"an array of shape ({2**40}, {2**40})" + DAMAGED)
npy_case("size", npy(HEADER, b"\0" * 15), "a float64 array of shape (2,) holds 15 bytes, which is not 2 elements of 8 bytes" + DAMAGED)
npy_case("fields", npy(HEADER.replace("'<f8'", "[('a', '<f8', (1000000, 1000000))]")), IN + "53" + HAS + "a field of more than 2 GiB" + DAMAGED)
npy_case("levels", npy(HEADER.replace("'<f8'", "[('a', " * 6 + "'<f8'" + ")]" * 6)), IN + "49" + HAS + "structures nested deeper than 4" + DAMAGED)


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, (data, message) in CASES.items():
        (folder / f"{name}.bin").write_bytes(data)
        (folder / f"{name}.txt").write_text(message + "\n")
    print(len(CASES), "cases")


main()
