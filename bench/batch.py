"""`turnout score` against pandas + scikit-learn on the same file; then the two outputs, row by row."""
import json
import shutil
import subprocess

from measure import CHURN, PYTHON, ROOT, median, say

JOB_TIME = "2026-11-22T10:00:00Z"
BYTES_PER_ROW = 46 + 2 * 96  # the input and two outputs
SCORED = ["churn_prediction", "churn_probability"]


def timed(command):
    """Wall and CPU seconds and largest resident memory of a command, from start to end."""
    usage = [PYTHON, "-I", "-S", ROOT / "bench/usage.py"]
    out = subprocess.run([*map(str, [*usage, *command])], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
    figures = json.loads(out)
    if figures.pop("code") != 0:
        raise SystemExit(f"bench: {command[0]} failed")
    return figures


def commands(options, source, ours, theirs):
    return {
        "turnout": [options.turnout, "score", "--endpoint", "churn", "--config", CHURN / "server.yaml", "--input", source,
                    "--output", ours, "--job-time", JOB_TIME, "--quiet"],
        "pandas": [PYTHON, ROOT / "bench/peers/pandas_churn.py", source, theirs, JOB_TIME],
    }


def differences(ours, theirs):
    """Rows, rows with another prediction, rows with another probability (as doubles, bit for bit)."""
    import pandas as pd

    def chunks(path):
        return pd.read_csv(path, usecols=["customer_id", *SCORED], chunksize=500_000, float_precision="round_trip")

    rows = predictions = probabilities = 0
    for a, b in zip(chunks(ours), chunks(theirs), strict=True):
        if len(a) != len(b) or not (a.customer_id == b.customer_id).all():
            raise SystemExit("bench: the two outputs do not have the same rows")
        rows += len(a)
        predictions += int((a[SCORED[0]] != b[SCORED[0]]).sum())
        x, y = (t[SCORED[1]].to_numpy("float64").view("uint64") for t in (a, b))
        probabilities += int((x != y).sum())
    return {"rows": rows, "predictions": predictions, "probabilities": probabilities}


def show(name, rows, sample):
    say("  {:<24} {:>10,} rows  {:7.2f} s  {:9.0f} rows/s  {:7.2f} s CPU  {:6.0f} MB".format(
        name, rows, sample["seconds"], rows / sample["seconds"], sample["cpu_seconds"], sample["memory_mb"]))


def make(options, rows):
    path = options.folder / f"customers-{rows}.csv"
    subprocess.run([PYTHON, CHURN / "make_rows.py", str(rows), path], check=True)
    return path


def run(options):
    rows = options.rows
    free = shutil.disk_usage(options.folder).free
    if rows * BYTES_PER_ROW * 1.2 > free:
        rows = int(free / BYTES_PER_ROW / 1.2)
        say(f"  {free >> 20} MB are free on the disk: {rows:,} rows instead of {options.rows:,}")
    pair_rows = min(options.pair_rows, rows)
    ours, theirs = options.folder / "turnout.csv", options.folder / "pandas.csv"

    source = make(options, pair_rows)
    samples = {"turnout": [], "pandas": []}
    for pair in range(options.pairs):
        both = commands(options, source, ours, theirs)
        for name in both if pair % 2 == 0 else reversed(both):
            samples[name].append(timed(both[name]))
            show("Turnout" if name == "turnout" else "pandas + scikit-learn", pair_rows, samples[name][-1])
    source.unlink()
    ratio = median([p["seconds"] / t["seconds"] for p, t in zip(samples["pandas"], samples["turnout"])])

    source = make(options, rows)
    whole = {}
    for name, command in commands(options, source, ours, theirs).items():
        whole[name] = timed(command)
        show("Turnout" if name == "turnout" else "pandas + scikit-learn", rows, whole[name])
    source.unlink()
    same = differences(ours, theirs)
    say(f"  {same['rows']:,} rows compared: {same['predictions']} other predictions, {same['probabilities']} other "
        "probabilities (bit for bit)")
    ours.unlink()
    theirs.unlink()
    whole_ratio = whole["pandas"]["seconds"] / whole["turnout"]["seconds"]
    return {
        "rows": rows, "pair_rows": pair_rows, "samples": samples, "whole": whole, "differences": same,
        "medians": {name: {key: median([s[key] for s in of]) for key in of[0]} for name, of in samples.items()},
        "ratios": {"pairs": ratio, "whole": whole_ratio},
        "floors": [
            (f"faster than pandas + scikit-learn, {pair_rows:,} rows", ratio, ">=", 25, "x"),
            (f"faster than pandas + scikit-learn, {rows:,} rows, one pair", whole_ratio, ">=", 25, "x"),
            (f"largest memory while {rows:,} rows are scored", whole["turnout"]["memory_mb"], "<", 300, " MB"),
            ("rows with another prediction or probability", same["predictions"] + same["probabilities"], "<=", 0, ""),
        ],
    }
