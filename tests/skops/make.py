"""Makes the seeds of fuzz/skops_fuzz.cc from golden files: python tests/skops/make.py

Each is a schema.json, a NUL, and one of the archive's arrays; names of members become those that the fuzzer offers.
"""
import pathlib, re, zipfile

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden/sklearn"
for name in ["ridge", "dtc", "rfr"]:
    archive = zipfile.ZipFile(GOLDEN / f"skops_{name}-new" / "model.skops")
    schema = re.sub(r"\n *", "", archive.read("schema.json").decode())
    schema = re.sub(r'"[0-9]+\.(npy|npz)"', r'"1.\1"', schema)
    arrays = sorted((m.file_size, m.filename) for m in archive.infolist() if m.filename.endswith(".npy"))
    (HERE / f"{name}.seed").write_bytes(schema.encode() + b"\0" + archive.read(arrays[len(arrays) // 2][1]))
