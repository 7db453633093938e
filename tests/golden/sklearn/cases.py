"""The list of golden cases: one line in CASES for each model.

Every case is made by both scikit-learns, but for those that only one of them can make.
"""
import functools, pickle
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from dumps import COMPRESSED_PICKLE, EVERY_SKOPS, GZIPPED, JOBLIB, PICKLE, SKOPS
from tables import (NUMBERS, array, array_holes, classes, codes, counts, frame, mixed, mixed_holes, real)


# ---- estimators ------------------------------------------------------------------------------------------------------

gbc = functools.partial(GradientBoostingClassifier, random_state=0)
rfc = functools.partial(RandomForestClassifier, n_estimators=12, max_depth=10, class_weight="balanced", n_jobs=1, random_state=0)
hgb = functools.partial(HistGradientBoostingClassifier, max_iter=40, max_leaf_nodes=15, random_state=0)
hgr = functools.partial(HistGradientBoostingRegressor, max_iter=40, max_leaf_nodes=15, random_state=0)
lr = functools.partial(LogisticRegression, max_iter=3000)
small = {"gbc": lambda: gbc(n_estimators=30), "lr": lr, "hgb": lambda: hgb(max_iter=20),
         "rf": lambda: RandomForestClassifier(10, max_depth=8, n_jobs=1, random_state=0)}


def encoded(numeric, strings, last):
    """ratio passes through; balance and campaign are dropped."""
    return make_pipeline(ColumnTransformer([("numbers", numeric, NUMBERS[:4]), ("strings", strings, ["plan", "region"]),
                                            ("rest", "passthrough", ["ratio"])]), last)


def one_hot(): return OneHotEncoder(handle_unknown="ignore")
def ordinal(): return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
def impute_scale(): return Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])


@dataclass
class Case:
    name: str
    what: str
    given: Callable
    target: Callable
    make: Callable[[], Any]
    only: str = ""
    files: dict[str, Callable[[Any], bytes]] = field(default_factory=lambda: PICKLE)
    tolerances: list[str] | None = None  # lines of about.txt; None: by the kind of estimator
    shown: Callable = lambda x: x  # the table as the model is given it
    within: float = float("inf")  # hard rows with larger numbers are left out


two, three, four = classes(0, 1), classes("high", "low", "mid"), classes(10, 20, 30, 40)
CASES = [
    Case("gbc_binary", "100 trees of the default depth", array, two, gbc),
    Case("gbc_named", "the same, fitted on named columns", frame, two, lambda: gbc(n_estimators=50)),
    Case("gbc_three", "three classes with string labels", array, three, lambda: gbc(n_estimators=40)),
    Case("gbc_init_zero", "no prior: raw scores start at 0", array, two, lambda: gbc(n_estimators=50, init="zero")),
    Case("gbc_exponential", "exponential loss: another link", array, two,
         lambda: gbc(n_estimators=50, loss="exponential")),
    Case("gbc_bool", "boolean labels", array, classes(False, True), lambda: gbc(n_estimators=50)),
    Case("gbr", "regression", array, real, lambda: GradientBoostingRegressor(random_state=0)),
    Case("rf_binary", "balanced class weights: leaves hold weighted counts or fractions", array, two, rfc),
    Case("rf_four", "four classes", array, four, lambda: rfc(n_estimators=6)),
    Case("rf_nan", "fitted on missing values", array_holes, two, lambda: rfc(n_estimators=8), only="new"),
    Case("rfr", "regression forest", array, real,
         lambda: RandomForestRegressor(10, max_depth=7, n_jobs=1, random_state=0)),
    Case("et", "extra trees: thresholds drawn, not midpoints", array, three,
         lambda: ExtraTreesClassifier(10, max_depth=8, n_jobs=1, random_state=0)),
    Case("dtc", "one tree, three classes", array, three, lambda: DecisionTreeClassifier(max_depth=8, random_state=0)),
    Case("dtr", "one tree, regression", array, real, lambda: DecisionTreeRegressor(max_depth=8, random_state=0)),
    Case("lr_binary", "integer labels", array, two, lr),
    Case("lr_named", "fitted on named columns, string labels", frame, classes("no", "yes"), lr),
    Case("lr_three", "multinomial: softmax", array, three, lr),
    Case("lr_ovr", "one against the rest, normalised", array, three, lambda: lr(multi_class="ovr"), only="old"),
    Case("lr_liblinear", "another solver, binary", array, two, lambda: lr(solver="liblinear")),
    Case("lr_liblinear_three", "a solver that means one against the rest", array, three,
         lambda: lr(solver="liblinear"), only="old"),
    Case("lr_no_intercept", "intercept_ is zero", array, two, lambda: lr(fit_intercept=False)),
    Case("linear", "least squares", frame, real, LinearRegression),
    Case("ridge", "ridge regression", array, real, lambda: Ridge(alpha=2.5)),
    Case("hgb_binary", "missing values", array_holes, two, hgb),
    Case("hgb_three", "three classes", array_holes, three, lambda: hgb(max_iter=15)),
    Case("hgb_categories", "category numbers by column index; unknown, negative, fractional and missing ones", codes,
         two, lambda: hgb(categorical_features=[1, 3])),
    Case("hgr", "regression", array_holes, real, hgr),
    Case("hgr_poisson", "poisson loss: exp link", array_holes, counts, lambda: hgr(loss="poisson")),
    *(Case(f"{name}_{kind}", f"behind a StandardScaler{text}", frame, two,
           lambda name=name, options=options: make_pipeline(StandardScaler(**options), small[name]()))
      for kind, text, options in [("scaled", "", {}), ("scaled_no_mean", " with_mean=False", {"with_mean": False}),
                                  ("scaled_no_std", " with_std=False", {"with_std": False})] for name in small),
    Case("ct_lr", "StandardScaler, OneHotEncoder, passthrough; a dropped column", mixed, two,
         lambda: encoded(StandardScaler(), one_hot(), lr())),
    Case("ct_gbc", "StandardScaler, OneHotEncoder, passthrough; a dropped column", mixed, two,
         lambda: encoded(StandardScaler(), one_hot(), gbc(n_estimators=50))),
    Case("ct_ordinal_hgb", "OrdinalEncoder with a code for unknown values", mixed, three,
         lambda: encoded("passthrough", ordinal(), hgb(max_iter=15))),
    Case("ct_ordinal_hgb_holes", "missing values in numbers and in strings", mixed_holes, two,
         lambda: encoded("passthrough", ordinal(), hgb())),
    Case("ct_impute_lr", "an inner pipeline of median and scaler; a missing string is a category", mixed_holes, two,
         lambda: encoded(impute_scale(), one_hot(), lr())),
    Case("ct_impute_gbc", "an inner pipeline of median and scaler; a missing string is a category", mixed_holes, three,
         lambda: encoded(impute_scale(), one_hot(), gbc(n_estimators=30))),
    *(Case(f"gbc_protocol{p}", f"pickle protocol {p}", array, two, lambda: gbc(n_estimators=10, max_depth=2), "new",
           {"model.pkl": functools.partial(pickle.dumps, protocol=p)}) for p in range(6)),
    Case("gbc_cloudpickle", "written by cloudpickle", array, two, lambda: gbc(n_estimators=10, max_depth=2), "new",
         {"model.pkl": lambda m: __import__("cloudpickle").dumps(m)}),
    Case("joblib_gbc", "joblib's compressors; the trees are a pickle inside the pickle", array, three,
         lambda: gbc(n_estimators=3, max_depth=2), files=JOBLIB | COMPRESSED_PICKLE),
    Case("joblib_ct_hgb", "joblib's compressors; arrays of texts, records and objects", mixed_holes, two,
         lambda: encoded("passthrough", ordinal(), hgb(max_iter=3, max_leaf_nodes=7)), files=JOBLIB),
    Case("joblib_rf", "joblib's compressors; one array of records for each tree", array, three,
         lambda: RandomForestClassifier(4, max_depth=4, n_jobs=1, random_state=0), files=JOBLIB),
    Case("skops_lr", "skops, by each method that zipfile has", frame, classes("no", "yes"),
         lambda: make_pipeline(StandardScaler(), lr()), "new", EVERY_SKOPS),
    *(Case(f"skops_{name}", f"skops: {what}", given, target, make, "new", SKOPS)
      for name, what, given, target, make in [
          ("gbc", "trees in an array of objects", array, three, lambda: gbc(n_estimators=3, max_depth=2)),
          ("rf", "trees in a list", array, two, lambda: RandomForestClassifier(4, max_depth=4, n_jobs=1, random_state=0)),
          ("rfr", "one number per leaf", array, real,
           lambda: RandomForestRegressor(3, max_depth=4, n_jobs=1, random_state=0)),
          ("dtc", "one tree, boolean labels", array, classes(False, True),
           lambda: DecisionTreeClassifier(max_depth=4, random_state=0)),
          ("hgb", "numbers of categories, a dict with None in it", codes, three,
           lambda: hgb(max_iter=3, max_leaf_nodes=7, categorical_features=[1, 3])),
          ("ridge", "regression", frame, real, lambda: Ridge(alpha=2.5)),
          ("ct_lr", "an inner pipeline, encoders", mixed_holes, two,
           lambda: encoded(impute_scale(), one_hot(), lr())),
          ("ct_hgb", "codes for unknown values", mixed, two,
           lambda: encoded("passthrough", ordinal(), hgb(max_iter=3, max_leaf_nodes=7)))]),
]

from ensemble_cases import ENSEMBLES  # noqa: they use what stands above
from linear_cases import LINEAR  # noqa
from preprocessing_cases import PREPROCESSING  # noqa
from reducing_cases import REDUCING  # noqa
from text_cases import TEXTS  # noqa

# They are about what is in the file; the cases above are about the file too.
CASES += [replace(case, files=GZIPPED if case.files is PICKLE else case.files)
          for case in LINEAR + PREPROCESSING + REDUCING + TEXTS + ENSEMBLES]
