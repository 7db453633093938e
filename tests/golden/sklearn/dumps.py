"""The files that a model is saved in: name -> a function from the model to the file's bytes, each with the library's own
writer. Files made twice must be equal to the byte, so skops' dates and numbers (addresses) are made the same.
"""
import functools, gzip, io, json, lzma, pickle, re, zipfile

import joblib

PICKLE = {"model.pkl": pickle.dumps}
GZIPPED = {"model.pkl.gz": lambda m: gzip.compress(pickle.dumps(m), mtime=0)}  # a third of the size


def joblib_dump(model, compress):
    out = io.BytesIO()
    joblib.dump(model, out, compress=compress)
    return out.getvalue()


JOBLIB = {"model.joblib" + end: functools.partial(joblib_dump, compress=compress) for end, compress in [
    ("", 0), (".z", ("zlib", 3)), (".gz", ("gzip", 3)), (".bz2", ("bz2", 3)), (".xz", ("xz", 3)), (".lzma", ("lzma", 3)),
    (".lz4", ("lz4", 3))]}
COMPRESSED_PICKLE = GZIPPED | {"model.pkl.xz": lambda m: lzma.compress(pickle.dumps(m))}


def skops_dump(model, compression=zipfile.ZIP_DEFLATED):
    import skops.io  # only where scikit-learn is new enough

    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    schema = archive.read("schema.json").decode()
    names = {}  # each number, and each file, in the order in which the schema has them
    number = lambda found: found[1] + str(names.setdefault(found[2], len(names) + 1))
    schema = re.sub(r'("__id__": |"file": ")([0-9a-f-]+)', number, schema)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as written:
        write = lambda name, data: written.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, compression)
        for name in sorted(archive.namelist(), key=lambda n: names.get(n.split(".")[0], 0)):
            stem, end = name.split(".")
            if stem in names:
                write(f"{names[stem]}.{end}", archive.read(name))
        write("schema.json", schema)
    json.loads(schema)
    return out.getvalue()


SKOPS = {"model.skops": skops_dump}
EVERY_SKOPS = {f"model.{name}.skops": functools.partial(skops_dump, compression=compression) for name, compression in [
    ("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2),
    ("lzma", zipfile.ZIP_LZMA)]}
