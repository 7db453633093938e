"""Makes the golden cases of XGBoost: make.py old|new [PART-OF-A-NAME], as tools/golden runs it

A case is a folder beside this file: the model in one file or more (model.*) as the library wrote it, rows.csv, and what
the library answered for the rows as they stand in that file; README.md one folder up says what is in each. cases.py
lists the models; the modules in the folder above find the rows and write the files.

The library is asked what it reads back from a pickle: what it has just trained may hold more than it saves.
"""
import io, json, pathlib, pickle, sys, tempfile, warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import one_thread  # noqa: before numpy

import joblib, numpy as np, pandas as pd, scipy, sklearn, xgboost as xgb
from cases import CASES, OLD, Trained
from case_files import about, read, write
from hard_rows import ORDINARY, ROWS, hard_rows, together
from tables import people


def final(model):
    model = getattr(model, "best_estimator_", model)
    return getattr(model, "_final_estimator", model)


def booster(model):
    return model.booster if isinstance(model, Trained) else final(model).get_booster()


def document(model):
    return json.loads(bytes(booster(model).save_raw("json")))


def several(name, values):
    return {name: values} if values.ndim == 1 else {f"{name}:{k}": column for k, column in enumerate(values.T)}


def trained_answers(model, given):
    data = model.data(given)
    raw = several("raw", model.booster.predict(data, output_margin=True))
    answer, name = model.booster.predict(data), document(model)["learner"]["objective"]["name"]
    if name == "multi:softmax": return {"predict": answer.astype(int).astype(str), **raw}
    if answer.ndim == 2 and name == "multi:softprob":
        return {"predict": answer.argmax(axis=1).astype(str), **{f"proba:{k}": p for k, p in enumerate(answer.T)}, **raw}
    if name == "binary:logistic":
        return {"predict": (answer > 0.5).astype(int).astype(str), "proba:0": np.float32(1) - answer, "proba:1": answer, **raw}
    return {**several("predict", answer), **raw}


def answers(model, given):
    if isinstance(model, Trained): return trained_answers(model, given)
    last = final(model)
    behind = model[:-1].transform(given) if hasattr(model, "steps") and len(model.steps) > 1 else given
    raw = several("raw", last.predict(behind, output_margin=True))
    if not isinstance(last, xgb.XGBClassifier): return {**several("predict", model.predict(given)), **raw}
    labels = last._le.classes_ if hasattr(last, "_le") else last.classes_
    if last.objective == "multi:softmax" and OLD: return {"predict": model.predict(given).astype(str), **raw}
    proba = model.predict_proba(given)
    if len(raw) > 1 and last.objective == "binary:logistic":  # labels of their own
        return {**several("predict", proba), **raw}
    columns = {"predict": model.predict(given).astype(str), **raw}
    if last.objective == "binary:logitraw": return columns
    columns.update({f"proba:{label}": p for label, p in zip(labels, proba.T)})
    return columns


def tolerances(model):
    if getattr(final(model), "objective", "") == "multi:softmax":
        return ["tolerance: exact", "tolerance proba: 5e-7 (scipy's softmax of float32, where the booster has its own)"]
    if document(model)["learner"]["objective"]["name"] == "survival:aft" and not OLD:
        return ["tolerance: exact", "tolerance predict: 1.2e-7 (the CPU package's exp is of double, the usual one's of float32)"]
    return ["tolerance: exact"]


def splits(model, names):
    """(column, threshold) of every split on a number."""
    found = document(model)["learner"]["gradient_booster"]
    trees = (found.get("model") or found["gbtree"]["model"]).get("trees", [])
    return [(names[f], t) for tree in trees for f, t, left, category in zip(
        tree["split_indices"], tree["split_conditions"], tree["left_children"], tree["split_type"]) if left != -1 and not category]


def saved(model, end):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"model.{end}"
        (model.booster if isinstance(model, Trained) else model).save_model(path)
        return path.read_bytes()


def dump(model, form):
    held = model.booster if isinstance(model, Trained) else model
    if form.startswith("pkl"): return pickle.dumps(held, protocol=int(form[3:] or 4))
    if form != "joblib": return saved(model, form)
    out = io.BytesIO()
    joblib.dump(held, out)
    return out.getvalue()


def file_name(form): return f"model.{form[3:]}.pkl" if form.startswith("pkl") and form[3:] else f"model.{form}"


def read_back(model):
    if not isinstance(model, Trained): return pickle.loads(pickle.dumps(model))
    model.booster = pickle.loads(pickle.dumps(model.booster))
    return model


def feed(case, given):
    """The table as the library is given it."""
    if given.columns[0] == "x0": return given.to_numpy()
    given = given.copy()
    for name, kind in case.categories.items():
        values = given[name]
        if kind is int:
            values = pd.to_numeric(values).astype("Int64")
            given[name] = pd.Categorical(values, categories=np.sort(values.dropna().unique().astype("int64")))
        else:
            given[name] = pd.Categorical(values, categories=sorted(values.dropna().unique()))
    return given


def make(case, folder):
    t = people(1)
    given = case.given(t, 1)
    numbers = [c for c in given if given[c].dtype.kind in "if"]
    table, target, options = case.fit(feed(case, given), case.target(t))
    model = read_back(case.make().fit(table, target, **options))
    if case.edit: model = case.edit(model)
    ask = lambda x: answers(model, feed(case, x))

    # Numbers that are categories are texts to what looks for hard rows: between two of them there is nothing.
    kinds = {c: object if c in case.categories else float for c in numbers}
    ordinary = lambda seed, n: case.given(people(seed, n), 7).astype(kinds)
    rows = ordinary(2, ORDINARY)
    numbers = [c for c in numbers if c not in case.categories]
    plain = numbers == list(given) and not hasattr(model, "steps") and not case.categories
    hard = hard_rows(model, ask, rows, np.random.RandomState(3), splits(model, list(rows)) if plain else [], case.values)
    hard = hard[~(hard[numbers].abs() > case.limit).any(axis=1)]
    rows = together(rows, ordinary(5, ROWS), hard)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model.*"):
        old.unlink()
    files = {file_name(form): dump(model, form) for form in case.files.split() if form != "bin" or OLD}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    write(folder / "rows.csv", {c: rows[c].tolist() for c in rows})
    expected = ask(read(folder / "rows.csv", rows))  # what the file says, not what we meant to write
    write(folder / "expected.csv", {c: v.tolist() for c, v in expected.items()})
    learner = document(model)["learner"]
    text = about(f"{type(final(model)).__name__.replace('Trained', 'Booster')}{', ' if case.what else ''}{case.what}",
                 (xgb, sklearn, np, scipy, joblib, pd), tolerances(model))
    (folder / "about.txt").write_text(f"objective: {learner['objective']['name']}\nbooster: {learner['gradient_booster']['name']}\n"
                                      + text.replace("xgboost ", "XGBoost "))
    sizes = ", ".join(f"{name.split('.', 1)[1]} {len(data) // 1024}" for name, data in files.items())
    print(f"  {folder.name}: {len(rows)} rows, {sizes} KB", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    xgb.set_config(verbosity=0)
    age, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for case in CASES:
        if part in case.name and case.only in ("", age):
            make(case, pathlib.Path(__file__).parent / f"{case.name}-{age}")
