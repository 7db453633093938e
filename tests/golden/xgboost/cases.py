"""The list of XGBoost's golden cases: one line in CASES for each model.

Every case is made by both XGBoosts, but for those that only one of them can make.
"""
import functools
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np, pandas as pd, xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tables import (NUMBERS, REGIONS, array, array_holes, classes, codes, counts, frame, holes, mixed, mixed_holes, real,
                    score, unnamed)


# ---- what the models are given ---------------------------------------------------------------------------------------

def float32(t, seed): return array(t, seed).astype(np.float32).astype(float)
def marked(t, seed): return array_holes(t, seed).fillna(-999.0)  # missing=-999
def marked_zero(t, seed): return array_holes(t, seed).fillna(0.0)


def many_codes(t, seed):  # 700 categories and 90, both of which the library keeps in bits
    r = np.random.RandomState(seed)
    return unnamed(holes(pd.DataFrame({"a": t.income, "b": (r.zipf(1.3, len(t)) * 37 % 700).astype(float), "c": t.balance,
                                       "d": (t.tenure_months % 90).astype(float)}), seed, "bd"))


def texts(t, seed): return holes(t[["income", "plan", "balance", "region", "age"]].astype({"age": float}), seed, ["plan", "region"])


def numbered(t, seed):  # a column of dtype category that holds numbers: not 0, 1, 2, ...
    return holes(pd.DataFrame({"income": t.income, "branch": (t.age % 7) * 11.0 - 8, "plan": t.plan}), seed, ["branch"])


def share(t): return 1 / (1 + np.exp(-score(t)))
def positive(t): return np.exp(score(t) / 2) + 0.1
def relevance(t): return np.digitize(score(t), np.quantile(score(t), [0.3, 0.6, 0.9]))
def pair(t): return np.column_stack([score(t), np.cos(t.age / 9) * 3, t.ratio * 1e3])
def labels(t): return (pair(t) > pair(t).mean(axis=0)).astype(int)
def hazard(t): return positive(t) * np.where(t.age % 3 == 0, -1, 1)  # survival:cox: negative is censored


# ---- estimators ------------------------------------------------------------------------------------------------------

SAME = dict(n_jobs=1, random_state=0, max_depth=3)
classifier = functools.partial(xgb.XGBClassifier, n_estimators=7, **SAME)
regressor = functools.partial(xgb.XGBRegressor, n_estimators=7, **SAME)
ranker = functools.partial(xgb.XGBRanker, n_estimators=7, **SAME)
OLD = xgb.__version__.startswith("1.")


class Trained:
    """xgboost.train in the clothes of an estimator: what is saved is the Booster."""
    def __init__(self, rounds=7, types=None, bounds=None, custom=None, **params):
        self.rounds, self.types, self.bounds, self.custom = rounds, types, bounds, custom
        self.params = {**dict(nthread=1, seed=0, max_depth=3), **params}

    def data(self, given, target=None):
        matrix = xgb.DMatrix(given, label=target, feature_types=self.types, enable_categorical=True)
        if self.bounds and target is not None:
            for name, value in self.bounds(target).items(): matrix.set_info(**{name: value})
        return matrix

    def fit(self, given, target, eval_set=None, stop=None):
        evals = [(self.data(*eval_set[0]), "valid")] if eval_set else []
        self.booster = xgb.train(self.params, self.data(given, target), self.rounds, evals=evals,
                                 early_stopping_rounds=stop, verbose_eval=False, obj=self.custom)
        return self


def interval(target): return dict(label_lower_bound=target, label_upper_bound=target + 0.5)
def halves(given, target):  # early stopping on the second half
    half = len(target) // 2
    return given[:half], target[:half], dict(eval_set=[(given[half:], target[half:])], verbose=False)


def trained_halves(given, target): return *halves(given, target)[:2], dict(eval_set=halves(given, target)[2]["eval_set"], stop=3)
def groups(given, target): return given, target, dict(group=[len(target) // 10] * 10)
def plain(given, target): return given, target, {}


def named_labels(*names):  # what the label encoder of XGBClassifier was up to 1.5: pickles of that time hold it
    def edit(model):
        from xgboost.compat import XGBoostLabelEncoder
        model._le = XGBoostLabelEncoder().fit(names)
        model.classes_ = np.array(sorted(names))
        return model
    return edit


def stop_at(iteration):
    def edit(model):
        booster = model[-1].get_booster()
        booster.set_attr(best_iteration=str(iteration))
        booster.best_iteration = iteration  # up to 1.7 the wrapper asks this
        return model
    return edit


def forget_best(model):  # up to 1.7 a wrapper asks the Python object, whatever the booster holds
    del model.get_booster().best_iteration
    return model


def pruned():  # gamma prunes, which leaves deleted nodes
    return regressor(tree_method="exact", gamma=2000.0, max_depth=5, objective="reg:squarederror")


@dataclass
class Case:
    name: str
    what: str
    given: Callable
    target: Callable
    make: Callable[[], Any]
    fit: Callable = plain
    only: str = ""
    categories: dict[str, Any] = field(default_factory=dict)  # columns of dtype category: to text or to int
    values: list[float] = field(default_factory=list)  # more to put into each column of the rows
    edit: Callable[[Any], Any] | None = None
    files: str = "pkl json"
    limit: float = float("inf")  # of |x| in the rows


two, three, four = classes(0, 1), classes(0, 1, 2), classes(0, 1, 2, 3)
EVERY = "pkl pkl2 pkl3 pkl5 joblib json ubj bin"
ALL = "pkl json ubj bin"
AT_CATEGORY = [-0.5, -1.0, 31.0, 32.0, 63.5, 64.0, 96.0, 255.0, 256.0, 699.0, 704.0, 2.0**24 - 1, 2.0**24, 2.0**31, 1e30]
OBJECTIVES = [("reg:squarederror", array_holes, real), ("reg:squaredlogerror", array, positive), ("reg:logistic", array, share),
              ("reg:pseudohubererror", array, score), ("count:poisson", array, counts), ("reg:gamma", array, positive),
              ("reg:tweedie", array, counts), ("survival:cox", array, hazard), ("binary:logitraw", array, two),
              ("binary:hinge", array, two), ("binary:logistic", array, two)]
QUANTILES = np.array([0.1, 0.5, 0.9])

CASES = [
    Case("binary", "", array, two, classifier, files=EVERY),
    Case("binary_named", "fitted on named columns", frame, two, classifier, files="pkl json ubj"),
    Case("binary_float32", "fitted on float32", float32, two, classifier),
    Case("binary_labels", "texts as labels", array, two, classifier, edit=named_labels("no", "yes"), only="old", files="pkl json ubj bin"),
    Case("classifier_hinge", "", array, two, lambda: classifier(objective="binary:hinge"), files=ALL),
    Case("classifier_logitraw", "a classifier that takes the raw score for a probability: more than 0.5 is class 1", array, two,
         lambda: classifier(objective="binary:logitraw"), files="pkl"),
    Case("binary_base", "a base_score of one's own", array, two, lambda: classifier(base_score=0.123)),
    Case("binary_deep", "deeper trees of many nodes", array_holes, two, lambda: classifier(n_estimators=4, max_depth=9, min_child_weight=0), files="pkl ubj"),
    Case("multi", "", array, four, lambda: classifier(n_estimators=3), files=EVERY),
    Case("multi_labels", "texts as labels", array_holes, three, classifier, edit=named_labels("high", "low", "mid"), only="old"),
    Case("multi_softmax", "the class by the raw scores", array, three, lambda: classifier(objective="multi:softmax", n_estimators=4), files=ALL),
    Case("multi_many", "12 classes", array, classes(*range(12)), lambda: classifier(n_estimators=2, max_depth=2)),
    *(Case(name.replace(":", "_"), "", given, target, lambda name=name: regressor(objective=name))
      for name, given, target in OBJECTIVES),
    Case("reg_absoluteerror", "", array, real, lambda: regressor(objective="reg:absoluteerror"), only="new"),
    Case("reg_quantileerror", "three quantiles, put in order", array, real, lambda: regressor(
        objective="reg:quantileerror", quantile_alpha=QUANTILES, learning_rate=1.0), only="new", files="pkl ubj"),
    Case("reg_expectileerror", "three expectiles, each a step above the one before it", array, real, lambda: regressor(
        objective="reg:expectileerror", expectile_alpha=QUANTILES), only="new", files="pkl json"),
    Case("survival_aft", "", array, positive, lambda: Trained(objective="survival:aft", aft_loss_distribution="normal",
                                                              aft_loss_distribution_scale=1.2, bounds=interval), files=ALL),
    *(Case("rank_" + name, "a ranker", array, relevance, lambda name=name: ranker(objective="rank:" + name), groups)
      for name in ("pairwise", "ndcg")),
    Case("rank_map", "a ranker", array, two, lambda: ranker(objective="rank:map"), groups),
    Case("trained", "xgboost.train", array_holes, two, lambda: Trained(objective="binary:logistic"), files=EVERY),
    Case("trained_multi", "xgboost.train", array, three, lambda: Trained(4, objective="multi:softprob", num_class=3), files=ALL),
    Case("trained_softmax", "xgboost.train", array, three, lambda: Trained(4, objective="multi:softmax", num_class=3), files=ALL),
    Case("trained_stopped", "xgboost.train with early stopping: all trees are used", array, two, lambda: Trained(
        60, objective="binary:logistic", learning_rate=1.5), trained_halves, files=ALL),
    Case("trained_custom", "a function of the caller's as objective", array, real, lambda: Trained(
        custom=lambda guess, data: (guess - data.get_label(), np.ones(len(guess))))),
    Case("regressor_binary", "a regressor with the objective of a classifier: its predict is the probability", array, two,
         lambda: regressor(objective="binary:logistic"), files="pkl json"),
    Case("classifier_reg", "a classifier with an objective of a regression", array, two,
         lambda: classifier(objective="reg:logistic"), files="pkl"),
    Case("nan", "missing values", array_holes, two, lambda: classifier(n_estimators=15), files=ALL),
    Case("missing_number", "-999 stands for missing", marked, two, lambda: classifier(missing=-999.0),
         values=[-999.0, np.nextafter(-999.0, 0), -999.00001, -998.99994], files="pkl joblib"),
    Case("missing_zero", "0 stands for missing", marked_zero, real, lambda: regressor(missing=0.0), values=[0.0, -0.0, 1e-46, 1e-45], files="pkl"),
    Case("missing_linear", "-999 stands for missing in a linear booster", marked, real, lambda: regressor(booster="gblinear", missing=-999.0),
         values=[-999.0, -998.99994], files="pkl", limit=1e30),
    Case("missing_number_old", "the text forms of 1.6 keep what stands for missing", marked, two, lambda: classifier(missing=-999.0),
         values=[-999.0], files="json ubj bin", only="old"),
    Case("stopped", "early stopping: fewer trees are used than there are", array, two, lambda: classifier(
        n_estimators=60, learning_rate=1.5, early_stopping_rounds=3), halves, files=ALL),
    Case("stopped_forgotten", "a booster that holds best_iteration, in a Python object that does not: all trees are used", array, two,
         lambda: classifier(n_estimators=60, learning_rate=1.5, early_stopping_rounds=3), halves, edit=forget_best, only="old", files="pkl"),
    Case("stopped_multi", "early stopping with three classes and parallel trees", array, three, lambda: classifier(
        n_estimators=30, learning_rate=1.0, num_parallel_tree=2, subsample=0.6, early_stopping_rounds=3), halves, files="pkl bin"),
    Case("dart", "", array, two, lambda: classifier(booster="dart", rate_drop=0.4, n_estimators=10), files=ALL),
    Case("dart_regression", "a base_score that is not 0, whose sum with a leaf is rounded", array_holes, real, lambda: regressor(
        booster="dart", rate_drop=0.4, n_estimators=10, base_score=0.7), files=ALL),
    Case("dart_multi", "", array, three, lambda: classifier(booster="dart", rate_drop=0.4, base_score=0.3, n_estimators=5), files="pkl json bin"),
    Case("dart_trained", "xgboost.train", array, real, lambda: Trained(booster="dart", rate_drop=0.4, base_score=0.7), files=ALL),
    Case("dart_stopped", "early stopping", array, two, lambda: classifier(booster="dart", rate_drop=0.2, n_estimators=40,
                                                                        learning_rate=1.5, early_stopping_rounds=3), halves),
    Case("linear", "gblinear", array, real, lambda: regressor(booster="gblinear"), files=ALL, limit=1e30),
    Case("linear_nan", "gblinear, missing values", array_holes, two, lambda: classifier(booster="gblinear"), files=ALL, limit=1e30),
    Case("linear_multi", "gblinear, three classes", array, three, lambda: classifier(booster="gblinear"), files=ALL, limit=1e30),
    Case("forest", "XGBRFClassifier", array, two, lambda: xgb.XGBRFClassifier(n_estimators=9, **SAME), files=ALL),
    Case("forest_regression", "XGBRFRegressor", array, real, lambda: xgb.XGBRFRegressor(n_estimators=9, **SAME), files=ALL),
    Case("parallel", "several trees per iteration and class", array, three, lambda: classifier(num_parallel_tree=3, subsample=0.7, n_estimators=3)),
    Case("targets", "three values, a tree for each", array, pair, lambda: regressor(tree_method="hist"), files="pkl json ubj"),
    Case("targets_vector", "three values, trees of vectors", array_holes, pair, lambda: regressor(
        tree_method="hist", multi_strategy="multi_output_tree"), only="new", files="pkl json ubj"),
    Case("multi_vector", "four classes, trees of vectors", array, four, lambda: classifier(
        tree_method="hist", multi_strategy="multi_output_tree"), only="new", files="pkl json ubj"),
    Case("labels", "three yes-or-no labels: their probabilities", array, labels, lambda: classifier(tree_method="hist"), files="pkl json"),
    Case("codes", "two columns of category numbers, split one against the rest", codes, two, lambda: Trained(
        types=["q", "c", "q", "c", "q"], tree_method="hist", max_cat_to_onehot=100, objective="binary:logistic"),
        values=AT_CATEGORY, files="pkl json ubj"),
    Case("codes_parts", "the same, split into parts", codes, two, lambda: Trained(
        types=["q", "c", "q", "c", "q"], tree_method="hist", max_cat_to_onehot=2, objective="binary:logistic"),
        values=AT_CATEGORY, files="pkl json ubj"),
    Case("codes_many", "700 and 90 categories", many_codes, two, lambda: Trained(
        types=["q", "c", "q", "c"], tree_method="hist", max_cat_to_onehot=2, objective="binary:logistic"),
        values=AT_CATEGORY, files="pkl json ubj"),
    Case("codes_many_single", "700 and 90 categories, split one against the rest", many_codes, real, lambda: Trained(
        types=["q", "c", "q", "c"], tree_method="hist", max_cat_to_onehot=1000, max_depth=4), values=AT_CATEGORY, files="pkl ubj"),
    Case("texts", "texts as categories, which the model encodes", texts, two, lambda: classifier(enable_categorical=True, tree_method="hist"),
         categories={"plan": str, "region": str}, only="new", files="pkl json ubj"),
    Case("texts_parts", "the same, split into parts", texts, real, lambda: regressor(
        enable_categorical=True, tree_method="hist", max_cat_to_onehot=1), categories={"plan": str, "region": str}, only="new", files="pkl ubj"),
    Case("texts_missing", "0 stands for missing, and so does the category whose code is 0", texts, real, lambda: regressor(
        enable_categorical=True, tree_method="hist", missing=0.0), categories={"plan": str, "region": str}, values=[0.0, -0.0], only="new",
        files="pkl"),
    Case("numbered", "numbers as categories, which the model encodes", numbered, real, lambda: regressor(
        enable_categorical=True, tree_method="hist"), categories={"branch": int, "plan": str}, only="new", files="pkl json ubj"),
    Case("pruned", "nodes that were deleted again", array, real, pruned, files=ALL),
    Case("stump", "one tree that is one leaf", array, real, lambda: regressor(n_estimators=1, gamma=1e30), files=ALL),
    Case("base_vector", "a base_score for each class", array, three, classifier, only="new", files="json ubj"),
    Case("search", "the best of a search", array, two, lambda: GridSearchCV(classifier(), {"max_depth": [2, 3]}, cv=2), files="pkl"),
    Case("pipeline_scaled", "behind StandardScaler", array, two, lambda: make_pipeline(StandardScaler(), classifier()), files="pkl joblib"),
    Case("pipeline_columns", "behind a ColumnTransformer with OneHotEncoder", mixed, three, lambda: make_pipeline(ColumnTransformer([
        ("numbers", StandardScaler(), NUMBERS), ("texts", OneHotEncoder(handle_unknown="ignore"), ["plan", "region"])],
        sparse_threshold=0), classifier()), files="pkl"),
    Case("pipeline_holes", "missing values behind a ColumnTransformer, as they are", mixed_holes, real, lambda: make_pipeline(ColumnTransformer([
        ("numbers", "passthrough", NUMBERS), ("texts", OneHotEncoder(handle_unknown="ignore"), ["plan", "region"])],
        sparse_threshold=0), regressor()), files="pkl"),
    Case("pipeline_missing", "-999 stands for missing, behind a ColumnTransformer", marked, two, lambda: make_pipeline(ColumnTransformer([
        ("some", "passthrough", [0, 2, 3, 5])]), classifier(missing=-999.0)), values=[-999.0], files="pkl"),
    Case("pipeline_alone", "a pipeline of nothing else", array, two, lambda: make_pipeline(classifier()), files="pkl"),
    Case("pipeline_stopped", "best_iteration in a pipeline", array, two, lambda: make_pipeline(StandardScaler(), classifier(
        n_estimators=40, learning_rate=1.5)), files="pkl", edit=stop_at(5)),
    Case("pipeline_linear", "gblinear behind StandardScaler", array_holes, real, lambda: make_pipeline(
        StandardScaler(), regressor(booster="gblinear")), files="pkl", limit=1e30),
]
