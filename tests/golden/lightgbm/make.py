"""Makes the golden cases of LightGBM: make.py old|new [PART-OF-A-NAME], as tools/golden runs it

A case is a folder beside this file: the model in one file or more (model.*) as the library wrote it, rows.csv, and what
the library answered for the rows as they stand in that file, after it had read the model back from each of the files;
README.md one folder up says what is in each. cases.py lists the models.
"""
import io, pathlib, pickle, sys, warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import one_thread  # noqa: before numpy

import joblib, lightgbm as lgb, numpy as np, pandas as pd, scipy, sklearn
from cases import CASES
from case_files import about, read, write
from hard_rows import ORDINARY, ROWS, hard_rows, together
from tables import people


def joblib_dump(model):
    out = io.BytesIO()
    joblib.dump(model, out)
    return out.getvalue()


def final(model):
    model = getattr(model, "best_estimator_", model)
    return getattr(model, "_final_estimator", model)


def booster(model):
    model = final(model)
    return model if isinstance(model, lgb.Booster) else model.booster_


FILES = {"pkl": ("model.pkl", pickle.dumps, pickle.loads),
         "joblib": ("model.joblib", joblib_dump, lambda data: joblib.load(io.BytesIO(data))),
         "booster": ("model.booster.pkl", lambda m: pickle.dumps(booster(m)), pickle.loads),
         "txt": ("model.txt", lambda m: booster(m).model_to_string().encode(),
                 lambda data: lgb.Booster(model_str=data.decode()))}


def answers(model, given):
    last = final(model)
    if isinstance(last, lgb.Booster):  # what a booster says of classes 0, 1, ... is served as their probabilities
        said = last.predict(given)
        objective = (last.dump_model(num_iteration=1).get("objective") or "").split(" ")[0]
        if objective == "binary":
            said = np.column_stack([1 - said, said])
        if said.ndim == 1:
            columns = {"predict": said}
        else:
            columns = {"predict": said.argmax(axis=1).astype(str)} | {f"proba:{k}": p for k, p in enumerate(said.T)}
    elif callable(getattr(last, "objective", None)) or not hasattr(last, "classes_"):
        columns = {"predict": model.predict(given)}
    else:
        columns = {"predict": model.predict(given).astype(str)}
        columns.update({f"proba:{label}": p for label, p in zip(last.classes_, model.predict_proba(given).T)})
    if "\naverage_output\n" in booster(model).model_to_string(num_iteration=1):
        return columns  # raw_score is the sum of a random forest, not their average
    wrapped = getattr(model, "best_estimator_", model)
    raw = wrapped.predict(given, raw_score=True)
    return columns | ({"raw": raw} if raw.ndim == 1 else {f"raw:{k}": r for k, r in enumerate(raw.T)})


def splits(model, names):
    """(column, threshold) of the splits on numbers, where it is finite."""
    found = []
    for block in booster(model).model_to_string().split("\nTree=")[1:]:
        lines = dict(line.split("=", 1) for line in block.split("\n")[1:] if "=" in line)
        if "split_feature" not in lines or int(lines["num_leaves"]) < 2:
            continue
        for f, t, d in zip(*(lines[key].split() for key in ("split_feature", "threshold", "decision_type"))):
            if not int(d) & 1 and np.isfinite(float(t)):
                found.append((names[int(f)], float(t)))
    return found


def make(case, folder):
    t = people(1)
    given = case.given(t, 1)
    numbers = [c for c in given if given[c].dtype.kind in "if"]

    def feed(x):
        x = x.copy()
        for c, order in case.categories.items():
            x[c] = pd.Categorical(x[c], order, ordered=True) if order else x[c].astype("category")
        return x.to_numpy() if x.columns[0] == "x0" else x

    x, y, options = case.fit(feed(given), case.target(t))
    model = case.make()
    model = model.fit(x, y, **options)
    if case.edit:
        model = lgb.Booster(model_str=case.edit(booster(model).model_to_string()))
    files = {FILES[kind][0]: FILES[kind][1](model) for kind in case.files.split()}
    loaded = [FILES[kind][2](files[FILES[kind][0]]) for kind in case.files.split()]
    ask = lambda rows: answers(loaded[0], feed(rows))

    ordinary = lambda seed, n: case.given(people(seed, n), 7).astype({c: float for c in numbers})
    rows = ordinary(2, ORDINARY)
    plain = [] if "pipeline" in case.name else splits(model, list(rows))
    hard = hard_rows(model, ask, rows, np.random.RandomState(3),
                     [split for split in plain if split[0] not in case.categories], case.values)
    rows = together(rows, ordinary(5, ROWS), hard)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model.*"):
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write(folder / "rows.csv", {c: rows[c].tolist() for c in rows})
    given = feed(read(folder / "rows.csv", rows))  # what the file says, not what we meant to write
    expected = answers(loaded[0], given)
    for name, other in zip(files, loaded):
        for column, values in answers(other, given).items():
            assert (expected[column] == values).all(), f"{folder.name}/{name} answers otherwise: {column}"
    write(folder / "expected.csv", {c: v.tolist() for c, v in expected.items()})
    what = ", ".join(filter(None, [type(final(model)).__name__, case.name.replace("_", " "), case.what]))
    (folder / "about.txt").write_text(about(what, (lgb, sklearn, np, scipy, joblib, pd), ["tolerance: exact"]))
    sizes = ", ".join(f"{len(data) // 1024}" for data in files.values())
    print(f"  {folder.name}: {len(rows)} rows, {sizes} KB", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    age, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for case in CASES:
        if part in case.name and case.only in ("", age):
            make(case, pathlib.Path(__file__).parent / f"{case.name}-{age}")
