"""The files of a golden case, which README.md describes."""
import csv, os, platform

import numpy as np, pandas as pd


def write(path, columns):
    text = lambda v: "" if v is None or v != v else v if isinstance(v, str) else repr(float(v))
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(columns)
        out.writerows([text(v) for v in row] for row in zip(*columns.values()))


def read(path, like):
    with open(path, newline="", encoding="utf-8") as f:
        names, *rows = csv.reader(f)
    return pd.DataFrame({c: [float(v or "nan") if like[c].dtype.kind == "f" else v or np.nan for v in column]
                         for c, column in zip(names, zip(*rows))})


def about(what, modules, tolerances):
    versions = ", ".join(f"{m.__name__} {m.__version__}" for m in modules)
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    return "\n".join([
        f"what: {what}",
        f"made by: Python {platform.python_version()}, {versions.replace('sklearn', 'scikit-learn')}",
        f"made on: {cpu}, numpy without {os.environ['NPY_DISABLE_CPU_FEATURES'] or 'AVX-512'}, one thread",
        *tolerances, ""])
