#!/usr/bin/env python3
"""Prints what the golden cases cover, holes included: matrix.py [--library sklearn]

A line per class (of scikit-learn) or objective (of XGBoost and LightGBM): the number of cases by the oldest (o) and the
newest (n) library, and which of the two has a case for each kind of answer and of data. Nothing of the libraries is
needed: classes are the names that a pickle mentions, everything else stands in rows.csv and expected.csv.

  NaN        a row has a missing value             unseen     a row has a text that the model has never seen
  texts      labels are texts                      float32    fitted on float32
  multi      three classes or more, or values      reordered  the file has names, so that golden_test turns the columns
"""
import argparse, collections, csv, json, pathlib, pickletools, re

HERE = pathlib.Path(__file__).parent
METHODS = ("predict", "proba", "decision", "raw", "score")
KINDS = ("NaN", "texts", "multi", "float32", "unseen", "reordered")
# Of a library's own workings, which come along in every file.
INNER = re.compile(r"^(_|Tree$|Bunch$|BinMapper$|.*(Loss|Link|Criterion|Splitter|Distance|DistanceMetric)\d*$|"
                   r"(Cy)?Half|(Cy)?Absolute|(Cy)?Pinball|MultinomialLogit|Absolute|Pinball|Identity|Interval|Logit|LossFunction|TreePredictor|Multinomial.*(Loss|Deviance)|"
                   r".*Deviance$|LeastSquaresError|ExponentialLoss|DummyBase|KDTree|BallTree|Adam|SGDOptimizer|"
                   r"RandomState|NumpyArrayWrapper|Generator|MT19937)")


def mentioned(path):
    """(classes, texts) of a pickle, read as opcodes: nothing of it is run."""
    classes, texts, last = set(), set(), []
    data = path.read_bytes()
    try:
        for op, argument, _ in pickletools.genops(data):
            if op.name == "GLOBAL":
                module, name = argument.split(" ")
                classes.add((module, name))
            elif op.name == "STACK_GLOBAL" and len(last) >= 2:
                classes.add((last[-2], last[-1]))
            elif isinstance(argument, str) and "UNICODE" in op.name:
                texts.add(argument)
                last.append(argument)
            elif op.name in ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"):
                pass
            elif op.name in ("BINGET", "LONG_BINGET", "GET"):
                last.append("")
    except (ValueError, UnicodeDecodeError):
        pass  # a joblib file: arrays lie between the opcodes
    return classes, texts


def subjects(folder, library):
    """What the case is about, and the texts that its model knows."""
    pickles = sorted(folder.glob("model*.pkl")) + sorted(folder.glob("model*.joblib"))
    classes, texts = set(), set()
    for path in pickles[:1]:
        named, texts = mentioned(path)
        classes = {name for module, name in named
                   if module.split(".")[0] in ("sklearn", "imblearn") and name[:1].isupper() and not INNER.match(name)}
    if library == "sklearn":
        return classes or {"(skops)"}, texts
    about = (folder / "about.txt").read_text()
    objective = re.search(r"^objective: (.*)$", about, re.M)
    return {objective[1] if objective else folder.name.rsplit("-", 1)[0]}, texts


def kinds(folder, texts):
    with open(folder / "rows.csv", newline="") as file:
        names, *rows = csv.reader(file)
    with open(folder / "expected.csv", newline="") as file:
        columns, *answers = csv.reader(file)
    found = {column.split(":")[0] for column in columns}
    about = (folder / "about.txt").read_text()
    if any(cell == "" for row in rows for cell in row): found.add("NaN")
    numbers = re.compile(r"^$|^[-+]?(\d|\.\d|inf|nan)")
    words = {cell for row in rows for cell in row if not numbers.match(cell)}
    if texts and words - texts: found.add("unseen")
    if "predict" in columns:
        at = columns.index("predict")
        if any(not re.match(r"^([-+]?[\d.]|True$|False$|nan$|inf$|$)", row[at]) for row in answers): found.add("texts")
    if any(sum(c.startswith(prefix) for c in columns) > 2 for prefix in ("proba:", "decision:", "raw:")) or \
            any(c.startswith("predict:") for c in columns): found.add("multi")
    if "float32" in about: found.add("float32")
    if names != [f"x{i}" for i in range(len(names))]: found.add("reordered")
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--library")
    only = options.parse_args().library
    for library in sorted(path.name for path in HERE.iterdir() if (path / "make.py").exists()):
        if only and library != only: continue
        counts = collections.defaultdict(lambda: {"old": 0, "new": 0})
        ages = collections.defaultdict(lambda: collections.defaultdict(set))
        for folder in sorted((HERE / library).glob("*-*")):
            age = folder.name.rsplit("-", 1)[1]
            if age not in ("old", "new") or not (folder / "expected.csv").exists(): continue
            names, texts = subjects(folder, library)
            found = kinds(folder, texts)
            for name in names:
                counts[name][age] += 1
                for kind in found: ages[name][kind].add(age[0])
        width = max([len(name) for name in counts] + [len(library)])
        print(f"\n{library:<{width}}   old   new  " + "  ".join(f"{c:>{max(len(c), 3)}}" for c in METHODS + KINDS))
        for name in sorted(counts):
            cells = ["".join(sorted(ages[name][c], reverse=True)) or "-" for c in METHODS + KINDS]
            print(f"{name:<{width}} {counts[name]['old'] or '-':>5} {counts[name]['new'] or '-':>5}  " +
                  "  ".join(f"{cell:>{max(len(c), 3)}}" for c, cell in zip(METHODS + KINDS, cells)))
    print("\no: the oldest library's, n: the newest's, -: no case (the class has no such answer, takes no such data, or a hole)")


if __name__ == "__main__":
    main()
