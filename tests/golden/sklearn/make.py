"""Makes the golden cases of scikit-learn: make.py old|new [PART-OF-A-NAME], as tools/golden runs it

A case is a folder beside this file: the model in one file or more (model.*) as the library wrote it, rows.csv, and what
the library answered for the rows as they stand in that file; README.md one folder up says what is in each. cases.py
lists the models, dumps.py writes them; the modules in the folder above find the rows and write the files.
"""
import pathlib, sys, warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import one_thread  # noqa: before numpy

import joblib, numpy as np, pandas as pd, scipy, sklearn
from cases import CASES
from case_files import about, read, write
from hard_rows import ORDINARY, ROWS, hard_rows, together
from tables import people


def final(model):
    return getattr(model, "_final_estimator", model)


def answers(model, given):
    last = final(model)
    labels = getattr(last, "classes_", None)
    predicted = model.predict(given)
    if predicted.ndim == 2:
        return {f"predict:{k}": column for k, column in enumerate(predicted.T)}
    columns = {"predict": predicted.astype(float) if labels is None else predicted.astype(str)}
    if labels is not None and hasattr(model, "predict_proba"):
        columns.update({f"proba:{label}": p for label, p in zip(labels, model.predict_proba(given).T)})
    raw = None
    if hasattr(last, "score_samples"):
        columns["score"] = model.score_samples(given)
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


def make(case, folder):
    t = people(1)
    given = case.given(t, 1)
    numbers = [c for c in given if given[c].dtype.kind in "if"]
    feed = lambda x: case.shown(x.to_numpy() if given.columns[0] == "x0" else x)
    model = case.make().fit(feed(given), *([case.target(t)] if case.target else []))
    ask = lambda x: answers(model, feed(x))

    ordinary = lambda seed, n: case.given(people(seed, n), 7).astype({c: float for c in numbers})
    rows = ordinary(2, ORDINARY)
    hard = hard_rows(model, ask, rows, np.random.RandomState(3))
    rows = together(rows, ordinary(5, ROWS), hard[~(hard[numbers].abs() > case.within).any(axis=1)])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model.*"):
        old.unlink()
    files = {name: dump(model) for name, dump in case.files.items()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write(folder / "rows.csv", {c: rows[c].tolist() for c in rows})
    expected = ask(read(folder / "rows.csv", rows))  # what the file says, not what we meant to write
    write(folder / "expected.csv", {c: v.tolist() for c, v in expected.items()})
    (folder / "about.txt").write_text(about(f"{type(final(model)).__name__}, {case.what}",
                                            (sklearn, np, scipy, joblib, pd), case.tolerances or tolerances(model)))
    sizes = ", ".join(f"{len(data) // 1024}" for data in files.values())
    print(f"  {folder.name}: {len(rows)} rows, {sizes} KB", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    age, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for case in CASES:
        if part in case.name and case.only in ("", age):
            make(case, pathlib.Path(__file__).parent / f"{case.name}-{age}")
