"""Random tables for the sweep: every kind of column that tables have."""
from dataclasses import dataclass, field
from typing import Any

import numpy as np, pandas as pd

WORDS = ["a", "b", "north", "south", "São Paulo", "Łódź", 'the "far", east', "0", "1.5", "nan?", "Ω", " padded ", "UPPER", "upper"]


@dataclass
class Drawn:
    what: str
    model: Any
    table: pd.DataFrame
    target: np.ndarray
    unnamed: bool
    texts: list[str] = field(default_factory=list)
    holes: float = 0.0         # share of missing cells
    unseen: bool = False       # texts that the model has not seen may be asked
    text_holes: bool = False   # texts may be missing


def number(r, n):
    kind = r.randint(8)
    if kind == 0: return r.randint(0, 5, n).astype(float)
    if kind == 1: return r.normal(0, 10.0 ** r.randint(-6, 7), n)
    if kind == 2: return np.exp(r.normal(0, 2, n)).round(2)
    if kind == 3: return r.randint(-1000, 1000, n).astype(float)
    if kind == 4: return np.where(r.rand(n) < 0.7, 0.0, r.normal(0, 1, n))
    if kind == 5: return r.uniform(0, 1, n).astype(np.float32).astype(float)
    if kind == 6: return r.beta(0.5, 0.5, n)
    return r.normal(100, 15, n).round(1)


def numbers(r, n, columns): return pd.DataFrame({f"c{i}": number(r, n) for i in range(columns)})


def texts(r, n, columns):
    made = {}
    for i in range(columns):
        known = r.choice(WORDS, r.randint(2, len(WORDS)), replace=False)
        made[f"t{i}"] = r.choice(known, n).astype(object)
    return pd.DataFrame(made)


def with_holes(frame, r, share, columns):
    frame = frame.copy()
    for c in columns: frame.loc[r.rand(len(frame)) < share, c] = np.nan
    return frame


def target(r, table, classes):
    """classes 0: a real number; else that many labels, texts or numbers."""
    table = table.select_dtypes("number").fillna(0)
    z = sum(r.normal() * np.tanh((table[c] - table[c].mean()) / (table[c].std() + 1e-9)) for c in table) + r.normal(0, 0.3, len(table))
    z = np.asarray(z, float) + np.zeros(len(table))
    if classes == 0: return z * 10.0 ** r.randint(-2, 4)
    labels = [[0, 1, 2, 3, 4], ["no", "yes", "maybe", "never", "later"], [10, 20, 30, 40, 50]][r.randint(3)][:classes]
    at = np.digitize(z, np.quantile(z, np.linspace(0, 1, classes + 1)[1:-1]))
    return np.array(labels)[at]


def ask_again(drawn, r, rows=150):
    """Rows like those of the table, and values between, beside and beyond them."""
    at = r.randint(0, len(drawn.table), rows)
    asked = drawn.table.iloc[at].reset_index(drop=True).copy()
    for c in asked:
        if c in drawn.texts:
            if drawn.unseen: asked.loc[r.rand(rows) < 0.05, c] = "never seen"
            if drawn.text_holes: asked.loc[r.rand(rows) < drawn.holes, c] = np.nan
            continue
        values = asked[c].astype(float).to_numpy().copy()
        kind = r.randint(0, 5, rows)
        other = drawn.table[c].astype(float).to_numpy()[r.randint(0, len(drawn.table), rows)]
        values = np.where(kind == 1, (values + other) / 2, values)
        values = np.where(kind == 2, np.nextafter(values, other), values)
        values = np.where(kind == 3, values + r.normal(0, 1, rows) * (np.nanstd(values) + 1e-3), values)
        if drawn.holes:
            values[r.rand(rows) < drawn.holes] = np.nan
        else:
            values = np.where(np.isnan(values), 0, values)
        asked[c] = values
    return asked
