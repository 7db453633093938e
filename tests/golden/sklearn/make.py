"""Makes the golden cases of scikit-learn: make.py old|new [PART-OF-A-NAME], as tools/golden runs it

A case is a folder beside this file: the model in one file or more (model.*) as the library wrote it, rows.csv, and what
the library answered for the rows as they stand in that file; README.md one folder up says what is in each. cases.py
lists the models, dumps.py writes them, hard_rows.py finds the rows.
"""
import csv, os, pathlib, platform, sys, warnings

try:
    from numpy._core import _multiarray_umath as umath
except ImportError:
    from numpy.core import _multiarray_umath as umath

if "NPY_DISABLE_CPU_FEATURES" not in os.environ:  # numpy reads it once, on import: find the names, start again
    avx512 = [f for f in umath.__cpu_dispatch__ if umath.__cpu_features__[f] and ("AVX512" in f or f == "X86_V4")]
    os.environ.update(NPY_DISABLE_CPU_FEATURES=" ".join(avx512), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                      PYTHONHASHSEED="0")
    os.execv(sys.executable, [sys.executable, *sys.argv])
assert not any(on for f, on in umath.__cpu_features__.items() if f in ("AVX512_SKX", "X86_V4"))

import joblib, numpy as np, pandas as pd, scipy, sklearn
from cases import CASES, people
from hard_rows import hard_rows


def final(model):
    return getattr(model, "_final_estimator", model)


def answers(model, given):
    last = final(model)
    labels = getattr(last, "classes_", None)
    predicted = model.predict(given)
    columns = {"predict": predicted if labels is None else predicted.astype(str)}
    if labels is not None:
        columns.update({f"proba:{label}": p for label, p in zip(labels, model.predict_proba(given).T)})
    raw = None
    if hasattr(last, "decision_function"):
        raw = model.decision_function(given)
        columns.update({"decision": raw} if raw.ndim == 1 else
                       {f"decision:{label}": d for label, d in zip(labels, raw.T)})
    elif hasattr(last, "_raw_predict"):  # boosted regressors; one that was fitted on an array takes an array
        raw = last._raw_predict(model[:-1].transform(given) if model is not last else given).ravel() \
            if "Hist" in type(last).__name__ else predicted
    if raw is not None and "Boosting" in type(last).__name__:
        columns.update({"raw": raw} if raw.ndim == 1 else {f"raw:{k}": r for k, r in enumerate(raw.T)})
    return columns


def tolerances(model):
    last = final(model)
    if "linear_model" in type(last).__module__:
        return ["tolerance: 1e-12 (BLAS adds the products in an order of its own)"]
    if "Boosting" in type(last).__name__ and len(getattr(last, "classes_", [])) > 2:
        return ["tolerance: exact", "tolerance proba: 1e-15 (a softmax by numpy's exp)"]
    if getattr(last, "loss", "") == "poisson":
        return ["tolerance: exact", "tolerance predict: 1e-15 (numpy's exp)"]
    return ["tolerance: exact"]


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


def make(case, folder):
    t = people(1)
    given = case.given(t, 1)
    numbers = [c for c in given if given[c].dtype.kind in "if"]
    feed = (lambda x: x.to_numpy()) if given.columns[0] == "x0" else (lambda x: x)
    model = case.make().fit(feed(given), case.target(t))
    ask = lambda x: answers(model, feed(x))

    rows = case.given(people(2, 120), 7).astype({c: float for c in numbers})
    rows = pd.concat([rows, hard_rows(model, ask, rows, np.random.RandomState(3))])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model.*"):
        old.unlink()
    files = {name: dump(model) for name, dump in case.files.items()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write(folder / "rows.csv", {c: rows[c].tolist() for c in rows})
    expected = ask(read(folder / "rows.csv", rows))  # what the file says, not what we meant to write
    write(folder / "expected.csv", {c: v.tolist() for c, v in expected.items()})
    versions = ", ".join(f"{m.__name__} {m.__version__}" for m in (sklearn, np, scipy, joblib, pd))
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    (folder / "about.txt").write_text("\n".join([
        f"what: {type(final(model)).__name__}, {case.what}",
        f"made by: Python {platform.python_version()}, {versions.replace('sklearn', 'scikit-learn')}",
        f"made on: {cpu}, numpy without {os.environ['NPY_DISABLE_CPU_FEATURES'] or 'AVX-512'}, one thread",
        *tolerances(model), ""]))
    sizes = ", ".join(f"{len(data) // 1024}" for data in files.values())
    print(f"  {folder.name}: {len(rows)} rows, {sizes} KB", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    age, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for case in CASES:
        if part in case.name and case.only in ("", age):
            make(case, pathlib.Path(__file__).parent / f"{case.name}-{age}")
