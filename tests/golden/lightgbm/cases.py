"""The list of LightGBM's golden cases: one line in CASES for each model.

Every case is made by both LightGBMs, but for those that only one of them can make.
"""
import functools
from dataclasses import dataclass, field
from typing import Any, Callable

import lightgbm as lgb, numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tables import (NUMBERS, array, array_holes, classes, codes, counts, frame, holes, mixed, mixed_holes, real, score,
                    unnamed)


# ---- what the models are given ---------------------------------------------------------------------------------------

def zeros(t, seed):  # exact zeros, for zero_as_missing
    table = array_holes(t, seed)
    for i, c in enumerate(table):
        table.loc[np.random.RandomState(seed + 50 + i).rand(len(table)) < 0.15, c] = 0.0
    return table


def many_codes(t, seed):  # 700 categories, more than eight bits tell apart
    r = np.random.RandomState(seed)
    return unnamed(holes(pd.DataFrame({"a": t.income, "b": (r.zipf(1.3, len(t)) * 37 % 700).astype(float),
                                       "c": t.balance, "d": t.tenure_months % 40}), seed, "bd"))


def numbered(t, seed):  # columns of dtype category that hold numbers: not 0, 1, 2, ..., and not all whole
    return holes(pd.DataFrame({"income": t.income, "branch": (t.age % 7) * 11.0 + 3,
                               "rate": (t.tenure_months % 5) * 0.25 - 0.5, "balance": t.balance}),
                 seed, ["branch", "rate"])


def ordered(t, seed):  # an ordered column, trained as a number, beside one that is not
    return holes(t[["income", "plan", "ratio", "region"]], seed, ["plan"])


def narrow(t, seed):
    return unnamed(pd.DataFrame({"a": t.ratio, "b": t.balance}))


def blanks(t, seed):  # a column that tells most by what is missing: the threshold of its split is infinite
    return unnamed(holes(t[["balance", "ratio", "age"]], seed, ["balance", "age"], 0.4))


def one(t, seed): return unnamed(pd.DataFrame({"a": t.balance}))


def share(t): return 1 / (1 + np.exp(-score(t)))
def positive(t): return np.exp(score(t) / 2) + 0.1
def relevance(t): return np.digitize(score(t), np.quantile(score(t), [0.3, 0.6, 0.9]))


ZERO = 1.0000000180025095e-35  # |x| up to here is 0 to the library
AT_ZERO = [ZERO, -ZERO, np.nextafter(ZERO, 1), np.nextafter(-ZERO, -1), 3e-36, -3e-36]
AT_INT = [-0.5, np.nextafter(-1.0, 0), 2.0**31 - 0.5, 2.0**31, 2.0**32 + 1, -2.0**31 - 1, 1e300]  # as categories


# ---- estimators ------------------------------------------------------------------------------------------------------

SAME = dict(n_jobs=1, random_state=0, verbose=-1, deterministic=True, force_row_wise=True)
classifier = functools.partial(lgb.LGBMClassifier, n_estimators=7, num_leaves=11, **SAME)
regressor = functools.partial(lgb.LGBMRegressor, n_estimators=7, num_leaves=11, **SAME)
ranker = functools.partial(lgb.LGBMRanker, n_estimators=7, num_leaves=11, **SAME)


def halves(given, target):  # early stopping on the second half
    half = len(target) // 2
    return given[:half], target[:half], dict(eval_set=[(given[half:], target[half:])],
                                             callbacks=[lgb.early_stopping(4, verbose=False)])


def groups(given, target): return given, target, dict(group=[len(target) // 10] * 10)
def plain(given, target): return given, target, {}
def with_(**options): return lambda given, target: (given, target, options)


def squared(truth, guess): return guess - truth, np.ones(len(truth))
def logistic(truth, guess): return 1 / (1 + np.exp(-guess)) - truth, np.full(len(truth), 0.25)


class Trained:
    """lightgbm.train in the clothes of an estimator: what is saved is the Booster."""
    def __init__(self, rounds=7, **params):
        self.rounds, self.params = rounds, dict(num_leaves=11, num_threads=1, seed=0, verbose=-1, deterministic=True,
                                                force_row_wise=True, **params)

    def fit(self, given, target, eval_set=None, callbacks=None, **options):
        train = lgb.Dataset(given, target, **options)
        valid = [lgb.Dataset(*eval_set[0], reference=train)] if eval_set else None
        # Kept as it is, the booster has the trees behind its best iteration too.
        return lgb.train(self.params, train, self.rounds, valid, callbacks=callbacks, keep_training_booster=True)


def edited(text):
    """Thresholds that training never makes: beside 0, where the library drops what a row holds."""
    values = iter([1e-36, -1e-36, 5e-324, -5e-324, 1e-35, -1e-35, 1.0000000180025095e-35, -1.0000000180025095e-35,
                   1.0000000180025098e-35, -1.0000000180025098e-35, 0.0, -0.0] * 100)
    line = lambda l: "threshold=" + " ".join(repr(next(values)) for _ in l.split()) if l.startswith("threshold=") else l
    return "\n".join(line(l) for l in text.split("\n") if not l.startswith("tree_sizes="))


def steep(text):
    """Linear leaves through 0, and so steep that what the library takes for 0 would show."""
    line = lambda l: (l.split("=")[0] + "=" + " ".join("0" if "const" in l else "1e36" for _ in l.split("=")[1].split())
                      if l.startswith(("leaf_const=", "leaf_coeff=")) else l)
    return "\n".join(line(l) for l in text.split("\n") if not l.startswith("tree_sizes="))


@dataclass
class Case:
    name: str
    what: str
    given: Callable
    target: Callable
    make: Callable[[], Any]
    fit: Callable = plain
    only: str = ""
    categories: dict[str, Any] = field(default_factory=dict)  # columns of dtype category; True: an ordered one
    values: list[float] = field(default_factory=list)  # more to put into each column of the rows
    edit: Callable[[str], str] | None = None  # the text, after training
    files: str = "pkl txt"  # those of them that the model can be saved in


two, three, four = classes(0, 1), classes("high", "low", "mid"), classes(0, 1, 2, 3)
TEXTS = dict.fromkeys(["plan", "region", "campaign"])
EVERY = "pkl joblib txt booster"

CASES = [
    Case("binary", "", array, two, classifier, files=EVERY),
    Case("binary_labels", "texts as labels", array, classes("no", "yes"), classifier, files="pkl joblib"),
    Case("binary_bool", "bools as labels", array, classes(False, True), classifier, files="pkl"),
    Case("binary_float", "floats as labels", array, classes(1.0, 2.0), classifier, files="pkl"),
    Case("binary_named", "fitted on named columns", frame, two, classifier),
    Case("binary_sigmoid", "another slope of the sigmoid, which the text rounds", array, two,
         lambda: classifier(sigmoid=2.3456789)),
    Case("binary_sigmoid_small", "a slope with an exponent", array, two, lambda: classifier(sigmoid=3.21e-5)),
    Case("binary_unbalanced", "is_unbalance", array, two, lambda: classifier(is_unbalance=True)),
    Case("multiclass", "", array, four, classifier, files=EVERY),
    Case("multiclass_labels", "texts as labels", array_holes, three, classifier, files="pkl"),
    Case("multiclass_many", "12 classes: the order of the sum shows", array, classes(*range(12)),
         lambda: classifier(n_estimators=3, num_leaves=4)),
    Case("ova", "one against the rest, not normalised", array, four,
         lambda: classifier(objective="multiclassova", sigmoid=0.7)),
    *(Case(name, "", given, target, lambda name=name: regressor(objective=name)) for name, given, target in [
        ("regression", array_holes, real), ("regression_l1", array, real), ("huber", array, real),
        ("fair", array, real), ("quantile", array, real), ("mape", array, real), ("poisson", array, counts),
        ("gamma", array, positive), ("tweedie", array, counts), ("cross_entropy", array, share),
        ("cross_entropy_lambda", array, share)]),
    Case("sqrt", "trained on square roots", array, real, lambda: regressor(reg_sqrt=True)),
    Case("lambdarank", "a ranker", array, relevance, ranker, groups),
    Case("rank_xendcg", "a ranker", array, relevance, lambda: ranker(objective="rank_xendcg"), groups),
    Case("classifier_cross_entropy", "a classifier with another objective", array, classes("no", "yes"),
         lambda: classifier(objective="cross_entropy"), files="pkl"),
    Case("regressor_binary", "a regressor with the objective of a classifier: its predict is the probability", array,
         two, lambda: regressor(objective="binary"), files="pkl"),
    Case("custom", "a function of the caller's as objective: raw scores", array, real,
         lambda: regressor(objective=squared)),
    Case("custom_classifier", "a function of the caller's as objective: a classifier answers raw scores", array, two,
         lambda: classifier(objective=logistic)),
    Case("nan", "missing values", array_holes, two, classifier, values=AT_ZERO),
    Case("blanks", "an infinite threshold", blanks, lambda t: real(t) / 100 + 50 * blanks(t, 1).x0.isna().to_numpy(),
         regressor),
    Case("zero_as_missing", "zeros are missing", zeros, two, lambda: classifier(zero_as_missing=True), values=AT_ZERO),
    Case("no_missing", "use_missing=False: a missing value is 0", array_holes, two,
         lambda: classifier(use_missing=False), values=AT_ZERO),
    Case("edited_zeros", "thresholds within 1e-35 of 0, written into the text", array_holes, real,
         regressor, edit=edited, files="txt", values=AT_ZERO),
    Case("edited_zeros_missing", "the same, zeros are missing", zeros, real,
         lambda: regressor(zero_as_missing=True), edit=edited, files="txt", values=AT_ZERO),
    Case("categories", "category numbers by column; unknown, negative, fractional, huge and missing ones", codes, two,
         lambda: classifier(min_child_samples=5, cat_smooth=2, min_data_per_group=5),
         with_(categorical_feature=[1, 3]), values=AT_INT),
    Case("categories_many", "categories beyond 255", many_codes, real,
         lambda: regressor(min_child_samples=3, cat_smooth=1, cat_l2=1, min_data_per_group=2, max_cat_threshold=200),
         with_(categorical_feature=[1]), values=AT_INT),
    Case("pandas", "columns of dtype category", mixed_holes, two,
         lambda: classifier(min_child_samples=5, cat_smooth=2, min_data_per_group=5), categories=TEXTS, files=EVERY),
    Case("pandas_labels", "columns of dtype category, texts as labels", mixed_holes, three,
         lambda: classifier(min_child_samples=5, cat_smooth=2, min_data_per_group=5), categories=TEXTS,
         files="pkl"),
    Case("pandas_numbers", "columns of dtype category that hold numbers", numbered, real,
         lambda: regressor(min_child_samples=5, cat_smooth=2, min_data_per_group=5),
         categories=dict.fromkeys(["branch", "rate"])),
    Case("pandas_ordered", "an ordered category beside one that is not", ordered, real,
         lambda: regressor(min_child_samples=5, cat_smooth=2, min_data_per_group=5),
         categories={"plan": ["basic", "standard", "premium"], "region": None}),
    Case("linear", "linear functions in the leaves", array, real, lambda: regressor(linear_tree=True), values=AT_ZERO),
    Case("linear_nan", "the same, with missing values: then the plain value", array_holes, two,
         lambda: classifier(linear_tree=True, num_leaves=5)),
    Case("linear_categories", "the same, with categories", codes, real,
         lambda: regressor(linear_tree=True, min_child_samples=5, cat_smooth=2, min_data_per_group=5),
         with_(categorical_feature=[1, 3]), values=AT_INT + AT_ZERO),
    Case("edited_linear", "the same, with weights of 1e36 written into the text: |x| <= 1e-35 is 0", one, real,
         lambda: regressor(linear_tree=True, num_leaves=4, n_estimators=3), values=AT_ZERO, edit=steep, files="txt"),
    Case("rf", "random forest, binary", array, two,
         lambda: classifier(boosting_type="rf", subsample=0.7, subsample_freq=1)),
    Case("rf_regression", "random forest, regression", array_holes, real,
         lambda: regressor(boosting_type="rf", subsample=0.7, subsample_freq=1)),
    Case("rf_multiclass", "random forest, multi-class", array, four,
         lambda: classifier(boosting_type="rf", subsample=0.7, subsample_freq=1)),
    Case("dart", "dropped trees", array, two, lambda: classifier(boosting_type="dart")),
    Case("goss", "gradient-based sampling", array, two, lambda: classifier(boosting_type="goss")),
    Case("early_stopping", "the best iteration is not the last", array, two,
         lambda: classifier(n_estimators=60, learning_rate=0.4), halves, files=EVERY),
    Case("early_stopping_rf", "the best iteration of a random forest", array, real,
         lambda: regressor(boosting_type="rf", subsample=0.7, subsample_freq=1, n_estimators=60), halves),
    Case("one_leaf", "trees of one leaf", narrow, real, lambda: regressor(min_child_samples=400, n_estimators=3)),
    Case("one_leaf_linear", "linear trees of one leaf", narrow, real,
         lambda: regressor(min_child_samples=400, n_estimators=3, linear_tree=True)),
    Case("one_leaf_classes", "some trees of one leaf, others with splits", array, four,
         lambda: classifier(min_split_gain=12.0)),
    Case("monotone", "monotone constraints", array, real,
         lambda: regressor(monotone_constraints=[1, -1, 0, 0, 0, 0])),
    Case("deep", "many leaves", array, real, lambda: regressor(n_estimators=4, num_leaves=60, min_child_samples=1)),
    Case("trained", "lightgbm.train, early stopping: a bare booster, with more trees than are used", frame, two,
         lambda: Trained(60, objective="binary", learning_rate=0.4), halves, files="txt booster"),
    Case("trained_multiclass", "lightgbm.train: a bare booster", array_holes, four,
         lambda: Trained(6, objective="multiclass", num_class=4), files="txt booster"),
    Case("pipeline_scaled", "behind a StandardScaler", frame, two,
         lambda: make_pipeline(StandardScaler(), classifier()), files="pkl"),
    Case("pipeline_columns", "behind a ColumnTransformer with a OneHotEncoder", mixed_holes, three,
         lambda: make_pipeline(ColumnTransformer([
             ("numbers", "passthrough", NUMBERS),
             ("texts", OneHotEncoder(handle_unknown="ignore"), ["plan", "region"])]),
             classifier()), files="pkl"),
    Case("pipeline_ordinal", "behind codes of categories, as categorical features", mixed, real,
         lambda: make_pipeline(ColumnTransformer([
             ("texts", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["plan", "region"]),
             ("numbers", "passthrough", NUMBERS)]),
             regressor(categorical_feature=[0, 1], min_data_per_group=5, cat_smooth=2)), files="pkl"),
    Case("pipeline_rank", "a ranker behind a StandardScaler", array, relevance,
         lambda: make_pipeline(StandardScaler(), ranker()),
         lambda given, target: (given, target, {"lgbmranker__group": [len(target) // 10] * 10}), files="pkl"),
    Case("pipeline_alone", "the only step of a pipeline, on a frame with categories", mixed, two,
         lambda: Pipeline([("model", classifier(min_data_per_group=5, cat_smooth=2))]), categories=TEXTS,
         files="pkl"),
    Case("search", "the best of a grid search", array_holes, classes("no", "yes"),
         lambda: GridSearchCV(classifier(), {"num_leaves": [3, 7]}, cv=2), files="pkl"),
]
