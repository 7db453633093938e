"""Nanoseconds per row of the engines, in process, on one thread; and scikit-learn's for the churn model."""
import pickle
import subprocess
import time

from measure import CHURN, SERVER_CORE, median, pinned, say

SIZES = (1, 8, 64, 1000)


def ours(options):
    """{case: {engine: {rows in a call: ns per row}}}"""
    out = subprocess.run(pinned(SERVER_CORE, options.engine_bench, f"{options.seconds / 40:g}"), check=True,
                         capture_output=True, text=True, timeout=300).stdout
    cases = {}
    for line in out.splitlines()[1:]:
        name, engine, rest = line[:34].strip(), line[35:45].strip(), line[45:]
        cells = rest.replace("(", " ").replace(")", " ").replace(":", " ").split()
        figures = {int(rows): float(ns) for rows, ns in zip(cells[0::3], cells[1::3])}
        cases.setdefault(name, {})[engine] = {rows: figures[rows] for rows in SIZES}
    return cases


def scikit_learn(seconds):
    import numpy as np
    model = pickle.loads((CHURN / "models/churn-v2.1.0.pkl").read_bytes())
    del model.feature_names_in_  # else it warns at each call with an array
    random = np.random.default_rng(1)
    figures = {}
    for rows in SIZES:
        table = np.column_stack([random.integers(18, 90, rows), random.normal(40e3, 2e4, rows),
                                 random.integers(0, 90, rows), random.normal(60, 20, rows), random.integers(0, 3, rows)])
        times = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            model.predict_proba(table)
            times.append(time.perf_counter() - start)
        figures[rows] = median(times) / rows * 1e9
    return figures


def run(options):
    cases = ours(options)
    churn = next(name for name in cases if name.startswith("churn"))
    cases[churn]["scikit-learn"] = scikit_learn(options.seconds / 10)
    say("  ns per row, by rows in a call" + " " * 18 + "".join(f"{n:>10}" for n in SIZES))
    for name, engines in cases.items():
        for engine, figures in engines.items():
            say(f"  {name:<34} {engine:<12}" + "".join(f"{figures[n]:10.0f}" for n in SIZES))
    return {"ns_per_row": cases, "floors": []}
