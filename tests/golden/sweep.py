"""Fits random models on random tables with the real library and compares Turnout's answers: sweep.py LIBRARY --turnout PROGRAM

tools/golden-sweep runs it in each environment. A seed makes one model: random_models.py in the library's folder draws it,
make.py there asks the library; `turnout verify` compares. Whatever differs, or is refused, keeps its folder.
"""
import argparse, collections, json, pathlib, pickle, shutil, subprocess, sys, time, warnings

HERE = pathlib.Path(__file__).parent
options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("library")
options.add_argument("--turnout", required=True)
options.add_argument("--first", type=int, default=0, help="the first seed")
options.add_argument("--seeds", type=int, default=100)
options.add_argument("--keep", type=pathlib.Path, required=True, help="the folder for what differs")
options = options.parse_args()
sys.path[:0] = [str(HERE), str(HERE / options.library)]
import one_thread  # noqa: before numpy

import numpy as np
from case_files import read, write
import make
from make import answers
from random_models import draw
from random_tables import ask_again


# What make.py says of a model's exactness; a library that says nothing is exact.
LIMITS = getattr(make, "tolerances", lambda model: ["tolerance: exact"])


def allowed(lines):
    """{"": of all columns, "proba": of those of one kind}"""
    found = {}
    for line in lines:
        kind, _, value = line.removeprefix("tolerance").partition(":")
        value = value.split()[0]
        found[kind.strip()] = 0.0 if value == "exact" else float(value)
    return found


def one(seed, folder):
    """What was compared: (what the model is, rows, {column: largest difference}, the problem or "")."""
    drawn = draw(np.random.RandomState(seed))
    feed = (lambda x: x.to_numpy()) if drawn.unnamed else (lambda x: x)
    try:
        model = drawn.model.fit(feed(drawn.table), drawn.target)
    except ValueError as error:  # a table that the library does not take: too few of a class, for one
        return drawn.what, 0, {}, f"not fitted: {error}"
    rows = ask_again(drawn, np.random.RandomState(seed + 1_000_000))
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model, protocol=2 + seed % 4))
    write(folder / "rows.csv", {c: rows[c].tolist() for c in rows})
    expected = answers(model, feed(read(folder / "rows.csv", rows)))
    write(folder / "expected.csv", {c: v.tolist() for c, v in expected.items()})
    done = subprocess.run([options.turnout, "verify", folder / "model.pkl", "--rows", folder / "rows.csv", "--expected",
                           folder / "expected.csv", "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 1) or not done.stdout:
        return drawn.what, 0, {}, f"exit {done.returncode}: {done.stderr.strip()}"
    report = json.loads(done.stdout)
    worst, problem, limits = {}, "", allowed(LIMITS(model))
    for column in report["columns"]:
        kind = column["column"].split(":")[0]
        worst[kind] = max(worst.get(kind, 0), column["largest_difference"])
        if column["largest_difference"] > limits.get(kind, limits.get("", 0)):
            problem = (f"{column['column']}, row {column['worst_row']}: got {column['got']}, expected "
                       f"{column['expected']}; {column['wrong']} of {report['rows']} rows differ")
    return drawn.what, report["rows"], worst, problem


def main():
    warnings.simplefilter("ignore")
    started, compared, rows, skipped, bad = time.monotonic(), 0, 0, 0, []
    worst, models = collections.defaultdict(float), collections.Counter()
    for seed in range(options.first, options.first + options.seeds):
        folder = options.keep / f"seed-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        what, count, differences, problem = one(seed, folder)
        if problem.startswith("not fitted"):
            skipped += 1
            continue
        compared, rows = compared + 1, rows + count
        models[what.split(" <- ")[0]] += 1
        for kind, difference in differences.items(): worst[kind] = max(worst[kind], difference)
        if problem:
            bad.append(seed)
            (folder / "problem.txt").write_text(f"{what}\n{problem}\n")
            print(f"  seed {seed}: {what}\n    {problem}", flush=True)
        else:
            shutil.rmtree(folder)
    print(f"{options.keep.name}: {compared} models, {rows} rows, {len(bad)} models differ ({skipped} seeds could not be fitted); "
          "largest difference " + ", ".join(f"{kind} {value:.3g}" for kind, value in sorted(worst.items())) +
          f"; {time.monotonic() - started:.0f} s")
    print("  " + ", ".join(f"{name} {count}" for name, count in models.most_common()))
    return 1 if bad or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
