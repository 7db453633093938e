"""Makes links-old.csv or links-new.csv: what scipy and scikit-learn answer for raw scores, for src/model/link_test.cc.

  $(tools/python/venv golden-old) tests/model/make.py old      $(tools/python/venv golden-new) tests/model/make.py new

A line is: link; raw scores; what comes out. Numbers are hexadecimal floats, so they are exact. numpy's AVX-512 forms
round differently and are off.
"""
import os, pathlib, sys

try:
    from numpy._core import _multiarray_umath as umath
except ImportError:
    from numpy.core import _multiarray_umath as umath

if "NPY_DISABLE_CPU_FEATURES" not in os.environ:  # numpy reads it once, on import: find the names, start again
    avx512 = [f for f in umath.__cpu_dispatch__ if umath.__cpu_features__[f] and ("AVX512" in f or f == "X86_V4")]
    os.environ["NPY_DISABLE_CPU_FEATURES"] = " ".join(avx512)
    os.execv(sys.executable, [sys.executable, *sys.argv])

import numpy as np, scipy, sklearn
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import softmax

random = np.random.RandomState(7)
EDGES = [0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e-17, -1e-17, 1.0, -1.0, 36.04, 36.74, -36.74, 37.5, 700.0, -700.0, 709.78,
         -709.78, -709.79, 745.13, -745.13, -745.14, 1e6, -1e6, 1e308, -1e308]
ONE = np.concatenate([EDGES, random.normal(0, 1, 20), random.normal(0, 10, 20), random.normal(0, 300, 10)])


def many(classes):
    rows = random.normal(0, 5, (6 if classes < 100 else 2, classes))
    rows[0, :] = rows[0, 0]      # all equal
    rows[-1, 0] = 800            # all the others vanish
    return np.ascontiguousarray(rows)


def one_vs_rest(raw):            # the estimator's own code: its decision function is the identity
    k = raw.shape[1]
    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_, model.n_features_in_ = np.eye(k), np.zeros(k), np.arange(k), k
    return model._predict_proba_lr(raw)


def log_sum_exp(raw):
    from sklearn.ensemble._gb_losses import MultinomialDeviance
    return MultinomialDeviance(raw.shape[1])._raw_prediction_to_proba(raw)


def lines():
    with np.errstate(over="ignore"):
        p = expit(ONE)
        yield "expit", ONE[:, None], np.c_[1 - p, p]
        p = expit(2 * ONE)
        yield "expit of twice", ONE[:, None], np.c_[1 - p, p]
        yield "exp", np.clip(ONE, -1000, 700)[:, None], np.exp(np.clip(ONE, -1000, 700))[:, None]
    two = np.clip(ONE, -1e300, 1e300)
    yield "softmax", two[:, None], softmax(np.c_[-two, two])
    for k in (2, 3, 7, 8, 20, 130):
        raw = many(k)
        yield "softmax", raw, softmax(raw)
        yield "softmax summed in order", raw, softmax(np.asfortranarray(raw))
        if k > 2:
            yield "one against the rest", raw, one_vs_rest(raw)
            if sklearn.__version__ < "1.4":
                yield "softmax by logsumexp", raw, log_sum_exp(raw)


def text(row): return " ".join(float(v).hex() for v in row)


with open(pathlib.Path(__file__).parent / f"links-{sys.argv[1]}.csv", "w") as out:
    print(f"# scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, numpy {np.__version__}; made by make.py", file=out)
    for link, raws, answers in lines():
        for raw, answer in zip(raws, answers):
            print(f"{link};{text(raw)};{text(answer)}", file=out)
