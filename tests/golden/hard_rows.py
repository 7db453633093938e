"""Rows at which a reimplementation goes wrong first: on a split, beside it, at the ends of the number line, unknown."""
import numpy as np, pandas as pd


def ordered(x):  # doubles as integers in the same order, so that halving an interval can end at two neighbours
    bits = np.asarray(x, float).view(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFFFFFFFFFF), bits)


def doubles(i):
    return np.where(i < 0, -i | np.int64(-0x8000000000000000), i).view(np.float64)


def variants(rows, column, values):
    """rows (as many as values), each with another value in one of its columns."""
    rows = rows.reset_index(drop=True)
    for i, (c, value) in enumerate(zip(column, values)):
        rows.at[i, c] = value
    return rows


def edges(ask, rows, numeric, r, tries=45):
    """Pairs of rows that differ by one double in one column, and between which the model's answer changes."""
    rows, column = rows.iloc[r.randint(len(rows), size=tries)], r.choice(numeric, tries)
    here = np.array([rows[c].fillna(1).iloc[i] for i, c in enumerate(column)])
    there = np.array([rows[c].fillna(1).iloc[-i] for i, c in enumerate(column)])
    def answer(values):  # the numbers; the labels of a model that gives nothing else
        answers = ask(variants(rows, column, values)).values()
        numbers = [v for v in answers if v.dtype.kind == "f"]
        return np.column_stack(numbers or [pd.util.hash_array(np.asarray(v, object)) for v in answers])

    first, low, high = answer(here), ordered(here), ordered(there)
    differ = (first != answer(there)).any(axis=1)
    for _ in range(64):
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        same = (first == answer(doubles(middle))).all(axis=1)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return pd.concat([variants(rows, column, doubles(side))[differ] for side in (low, high)])


def thresholds(model, names):
    """(column, threshold) of every split of a model that is nothing but trees."""
    if hasattr(model, "_predictors") and not getattr(model, "is_categorical_", None) is not None:
        nodes = np.concatenate([t.nodes for trees in model._predictors for t in trees])
        nodes = nodes[nodes["is_leaf"] == 0]
        return [(names[f], t) for f, t in zip(nodes["feature_idx"], nodes["num_threshold"]) if np.isfinite(t)]
    trees = [model] if hasattr(model, "tree_") else np.array(getattr(model, "estimators_", []), object).ravel()
    return [(names[f], t) for tree in trees if hasattr(tree, "tree_") for f, t in zip(tree.tree_.feature, tree.tree_.threshold) if f >= 0]


def around(t):
    f, inf = np.float32(t), np.float32(np.inf)
    return [t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf), f, np.nextafter(f, inf), np.nextafter(f, -inf)]


EXTREMES = [0.0, -0.0, 5e-324, -1e-300, 1e-40, 3.4028234e38, -3.4028234e38, 1e300, -1e300, np.nan]
CODES = [-1.0, -3.0, 0.0, 2.5, 77.0, 255.0, 300.0, np.nan]
STRINGS = ["gold", "BASIC", "north ", "naïve", np.nan]


ROWS, ORDINARY = 120, 40  # of a case; those like the ones that the model was fitted on. All cases together: 40 MB


def together(ordinary, more, hard):
    """The rows of a case: as many of the hard ones as there is room for, in their order, behind ordinary ones."""
    room = ROWS - len(ordinary)
    if len(hard) > room:
        hard = hard.iloc[np.sort(np.random.RandomState(4).permutation(len(hard))[:room])]
    return pd.concat([ordinary, more.iloc[:room - len(hard)], hard])


def hard_rows(model, ask, rows, r, splits=None, values=()):
    """`splits`: (column, threshold) of the model's splits; None: found in a model of scikit-learn. `values`: more numbers
    to put into each column."""
    numeric = [c for c in rows if rows[c].dtype.kind == "f"]
    some = lambda n: rows.iloc[r.randint(len(rows), size=n)]
    if splits is None:
        splits = thresholds(model, list(rows)) if numeric == list(rows) else []
    at = [(splits[i][0], v) for i in r.randint(len(splits), size=16) for v in around(splits[i][1])] if splits else []
    at += [(c, v) for c in numeric for v in (CODES if rows[c].dropna().mod(1).eq(0).all() else EXTREMES)]
    at += [(c, v) for c in numeric for v in values]
    at += [(c, v) for c in rows if c not in numeric for v in STRINGS]
    hard = variants(some(len(at)), *zip(*at))
    hard.loc[len(hard)] = [np.nan] * hard.shape[1]
    if numeric and not any(kind in type(getattr(model, "_final_estimator", model)).__module__
                           for kind in ("linear_model", "neighbors", "cluster")):  # equal distances may be told apart by rounding
        hard = pd.concat([hard, edges(ask, rows, numeric, r)])
    return hard[[accepted(ask, hard.iloc[i:i + 1]) for i in range(len(hard))]]


def accepted(ask, row):
    try:
        return all(np.isfinite(v).all() for v in ask(row).values() if v.dtype.kind == "f")
    except ValueError:  # the library refuses infinities, and where it must, missing values
        return False
