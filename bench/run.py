"""Measures Turnout beside its peers on this machine. `tools/bench` builds what this needs and calls it.

Prints as it goes, then the floors; writes results.json and, after a full run, the tables of docs/performance.md.
Ends with 1 if a floor does not hold.
"""
import argparse
import datetime
import importlib
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tempfile

import report
from measure import ROOT, Options, machine, say

# Name, module, what it says first.
CASES = {
    "engine": ("engine", "the engines alone, ns per row"),
    "start": ("cold_start", "from start to the first correct answer"),
    "rest": ("rest", "POST /predict: churn, 100 trees, 32 connections; each server on one core, in turn"),
    "batch": ("batch", "turnout score: churn, CSV to CSV"),
}


def arguments():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="build folder (default: build)")
    parser.add_argument("--pairs", type=int, default=5, help="of runs of each program, in turn (default: 5)")
    parser.add_argument("--seconds", type=float, default=4, help="of one load run (default: 4)")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the large batch (default: 10,000,000)")
    parser.add_argument("--pair-rows", type=int, default=2_000_000, help="of the paired batches (default: 2,000,000)")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    if unknown := [case for case in given.cases if case not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    return given


def peers():
    versions = {name: importlib.metadata.version(name) for name in (
        "fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "scikit-learn", "pandas", "numpy")}
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.split("/")[-1].strip()
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Peers: Python {python}, " + ", ".join(f"{n} {v}" for n, v in versions.items()) + f", nginx {nginx}"


def commit():
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return git("describe", "--always", "--dirty") or "no commit"


def main():
    given = arguments()
    results_path = given.build / "bench/results.json"
    results_path.parent.mkdir(parents=True, exist_ok=True)
    results = {"date": datetime.date.today().isoformat(), "commit": commit(), "machine": machine(), "peers": peers(),
               "pairs": given.pairs, "cases": {}}
    say(f"{results['machine']['cpu']}, {results['machine']['cores']} cores. {report.quiet(results['machine'])}")
    with tempfile.TemporaryDirectory(dir=results_path.parent) as folder:
        options = Options(turnout=(given.build / "bin/turnout").resolve(), folder=pathlib.Path(folder).resolve(),
                          engine_bench=(given.build / "bin/engine_bench").resolve(), pairs=given.pairs,
                          seconds=given.seconds, rows=given.rows, pair_rows=given.pair_rows)
        for case, (module, title) in CASES.items():
            if given.cases and case not in given.cases:
                continue
            say(f"\n{case}: {title}")
            results["cases"][case] = importlib.import_module(module).run(options)
    results_path.write_text(json.dumps(results, indent=1) + "\n")
    say("\n" + report.markdown(results))
    page = ROOT / "docs/performance.md"
    full = results["cases"].keys() == CASES.keys() and given.pairs >= 5 and given.rows >= 10_000_000
    if full and not given.no_docs:
        report.write_page(page, results)
        say(f"{page.relative_to(ROOT)} has these tables now.")
    say(f"All samples: {results_path}")
    return 0 if all(good for *_, good in report.floors(results)) else 1


if __name__ == "__main__":
    sys.exit(main())
