"""The golden cases of estimators that are made of others, and of predictors that are neither trees nor linear."""
import functools

import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingRegressor,
                              IsolationForest, RandomForestClassifier, RandomForestRegressor)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
from sklearn.svm import LinearSVC

from cases import Case, encoded, gbc, hgb, impute_scale, lr, one_hot, ordinal, three, two
from tables import (array, array_holes, classes, counts, frame, mixed, mixed_holes, real, score)

try:
    from sklearn.frozen import FrozenEstimator
    from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
except ImportError:  # before 1.5 and 1.6
    FrozenEstimator = FixedThresholdClassifier = TunedThresholdClassifierCV = None

LINEAR = ["tolerance: 1e-12 (BLAS adds the products in an order of its own)"]
EXP = ["tolerance: exact", "tolerance proba: 1e-15 (numpy's exp and log)"]
words = classes("no", "yes")
rf = functools.partial(RandomForestClassifier, n_estimators=8, max_depth=4, n_jobs=1, random_state=0)
rfr = functools.partial(RandomForestRegressor, n_estimators=8, max_depth=4, n_jobs=1, random_state=0)
tree = functools.partial(DecisionTreeClassifier, max_depth=4, random_state=0)
small_hgb = functools.partial(hgb, max_iter=6, max_leaf_nodes=7)
small_gbc = functools.partial(gbc, n_estimators=8, max_depth=2)


def calibrated(base, **options): return CalibratedClassifierCV(base, **{"cv": 3, **options})


class Prefit:
    """Fitted in two steps: the estimator, then what stands around it."""

    def __init__(self, inner, around):
        self.inner, self.around = inner, around

    def fit(self, x, y):
        return self.around(self.inner.fit(x[:250], y[:250])).fit(x[250:], y[250:])


def prefit(base, **options):
    def around(fitted):
        return CalibratedClassifierCV(FrozenEstimator(fitted), **options) if FrozenEstimator else \
            CalibratedClassifierCV(fitted, cv="prefit", **options)
    return Prefit(base, around)


class Rare:
    """A class that the first of three folds without shuffling holds alone: another fold's members do not know it."""

    def __init__(self, inner):
        self.inner = inner

    def fit(self, x, y):
        y = y.astype(object)
        y[:20] = "rare"
        y[20:] = [v if v != "rare" else "low" for v in y[20:]]
        return self.inner.fit(x, y.astype(str))


def pairs(t):  # two targets
    import numpy as np
    return np.column_stack([real(t), score(t) ** 2])


ENSEMBLES = [
    # ---- calibration
    Case("calibrated_sigmoid_rf", "three folds of forests", array, two, lambda: calibrated(rf())),
    Case("calibrated_isotonic_rf", "isotonic, three folds of forests, string labels", array, words,
         lambda: calibrated(rf(), method="isotonic")),
    Case("calibrated_sigmoid_three", "a sigmoid per class, divided by their sum", array, three,
         lambda: calibrated(rf(n_estimators=5))),
    Case("calibrated_isotonic_three", "isotonic per class; rows where all are zero", array, three,
         lambda: calibrated(rf(n_estimators=5), method="isotonic")),
    Case("calibrated_sigmoid_gbc", "from a decision function", array, two, lambda: calibrated(small_gbc())),
    Case("calibrated_hgb_holes", "missing values reach the members", array_holes, two,
         lambda: calibrated(small_hgb(), method="isotonic")),
    Case("calibrated_single", "ensemble=False: one member, fitted on all rows", array, three,
         lambda: calibrated(rf(n_estimators=5), ensemble=False)),
    Case("calibrated_prefit", "a fitted estimator: cv='prefit', FrozenEstimator", array, words,
         lambda: prefit(rf(), method="isotonic")),
    Case("calibrated_prefit_pipeline", "a fitted pipeline of encoders and forest", mixed, three,
         lambda: prefit(encoded("passthrough", ordinal(), rf(n_estimators=5)))),
    Case("calibrated_svc", "LinearSVC: a decision function and no probabilities", frame, two,
         lambda: make_pipeline(StandardScaler(), calibrated(LinearSVC(random_state=0))), tolerances=LINEAR),
    Case("calibrated_svc_three", "the same with three classes", frame, three,
         lambda: make_pipeline(StandardScaler(), calibrated(LinearSVC(random_state=0), method="isotonic")),
         tolerances=["tolerance: 1e-9 (isotonic steps are steep)"]),
    Case("calibrated_lr", "behind encoders, in a pipeline", mixed_holes, two,
         lambda: encoded(impute_scale(), one_hot(), calibrated(lr())), tolerances=LINEAR),
    Case("calibrated_rare", "a fold without one of the classes", array, three,
         lambda: Rare(calibrated(rf(n_estimators=4), cv=KFold(3)))),
    Case("calibrated_rare_two", "a fold with two of three classes, by decision function", array, two,
         lambda: Rare(calibrated(small_gbc(), cv=KFold(3), method="isotonic"))),
    Case("calibrated_rare_proba", "a fold with two of three classes, by probabilities", array, two,
         lambda: Rare(calibrated(rf(n_estimators=4), cv=KFold(3)))),
    *(Case(f"calibrated_temperature_{name}", f"temperature: {what}", given, target, make, "new",
           tolerances=["tolerance: 1e-14 (a softmax by numpy's exp and log)"])
      for name, what, given, target, make in [
          ("rf", "of the logarithms of two probabilities", array, words, lambda: calibrated(rf(), method="temperature")),
          ("three", "of the logarithms of three", array, three, lambda: calibrated(rf(), method="temperature")),
          ("gbc", "of a decision function", array, two, lambda: calibrated(small_gbc(), method="temperature")),
          ("gbc_three", "of three scores", array, three, lambda: calibrated(small_gbc(), method="temperature"))]),
    Case("calibrated_twice", "a calibrated calibrated forest", array, three,
         lambda: calibrated(calibrated(rf(n_estimators=3), cv=2), cv=2)),
    # ---- thresholds, searches, wrappers
    *(Case(name, what, given, target, make, "new", tolerances=tolerance)
      for name, what, given, target, make, tolerance in [
          ("threshold_fixed", "a probability of 0.3", array, two, lambda: FixedThresholdClassifier(rf(), threshold=0.3), None),
          ("threshold_auto", "the default", array, words, lambda: FixedThresholdClassifier(rf()), None),
          ("threshold_first", "the positive class is the first", array, words,
           lambda: FixedThresholdClassifier(rf(), threshold=0.25, pos_label="no"), None),
          ("threshold_decision", "a decision function, the first class", array, words,
           lambda: FixedThresholdClassifier(small_gbc(), threshold=-0.25, pos_label="no",
                                            response_method="decision_function"), None),
          ("threshold_pipeline", "around a pipeline with encoders", mixed_holes, words,
           lambda: FixedThresholdClassifier(encoded(impute_scale(), one_hot(), lr()), threshold=0.7), LINEAR),
          ("threshold_tuned", "tuned by balanced accuracy", array, words, lambda: TunedThresholdClassifierCV(rf(), cv=3), None),
          ("threshold_tuned_f1", "tuned by F1 of class 1, which is the first", array, classes(1, 2),
           lambda: TunedThresholdClassifierCV(rf(), scoring="f1", cv=3), None),
          ("threshold_tuned_decision", "tuned on a decision function", frame, two,
           lambda: TunedThresholdClassifierCV(make_pipeline(StandardScaler(), LinearSVC(random_state=0)), cv=3), LINEAR),
          ("threshold_calibrated", "around a calibrated model", array, two,
           lambda: TunedThresholdClassifierCV(calibrated(rf()), cv=2), None),
          ("frozen", "a frozen pipeline, in a pipeline", frame, two,
           lambda: make_pipeline(StandardScaler(), FrozenEstimator(rf().fit(StandardScaler().fit_transform(
               frame(__import__("tables").people(1), 1)), two(__import__("tables").people(1))))), None)]),
    Case("search_halving", "HalvingGridSearchCV around a pipeline", mixed, three,
         lambda: HalvingGridSearchCV(encoded("passthrough", ordinal(), rf()), {"randomforestclassifier__max_depth": [2, 4]},
                                     cv=2, random_state=0)),
    Case("search_random", "RandomizedSearchCV inside of a pipeline", frame, two,
         lambda: make_pipeline(StandardScaler(), RandomizedSearchCV(rf(), {"max_depth": [2, 4]}, n_iter=2, cv=2,
                                                                    random_state=0))),
    Case("search_calibrated", "GridSearchCV around a calibrated model", array, two,
         lambda: GridSearchCV(calibrated(rf(n_estimators=4)), {"method": ["sigmoid", "isotonic"]}, cv=2)),
    # ---- anomalies, constants
    Case("iforest", "contamination 'auto'", array, None, lambda: IsolationForest(n_estimators=12, max_samples=100, random_state=0)),
    Case("iforest_offset", "a given contamination, subsets of features", array, None,
         lambda: IsolationForest(n_estimators=20, contamination=0.08, max_features=0.5, random_state=0)),
    Case("iforest_features", "every feature, rows as given", frame, None,
         lambda: IsolationForest(n_estimators=12, max_samples=64, random_state=1)),
    Case("iforest_holes", "missing values", array_holes, None,
         lambda: IsolationForest(n_estimators=15, random_state=0), "new"),
    Case("iforest_pipeline", "behind encoders", mixed_holes, None,
         lambda: encoded(impute_scale(), one_hot(), IsolationForest(n_estimators=15, max_samples=50, random_state=0))),
    *(Case(f"dummy_{strategy}", "constant, behind a scaler", frame, words,
           lambda strategy=strategy: make_pipeline(StandardScaler(), DummyClassifier(
               strategy=strategy, constant="yes" if strategy == "constant" else None)))
      for strategy in ("prior", "most_frequent", "constant")),
    Case("dummy_bare", "not behind anything", array, three, DummyClassifier, "new"),
    Case("dummy_regressor", "the median", frame, real,
         lambda: make_pipeline(StandardScaler(), DummyRegressor(strategy="median"))),
    # ---- trees
    Case("etc", "one extremely random tree", array, three, lambda: ExtraTreeClassifier(max_depth=7, random_state=0)),
    Case("etr", "one extremely random tree, regression", array, real, lambda: ExtraTreeRegressor(max_depth=7, random_state=0)),
    Case("etc_holes", "one extremely random tree, missing values", array_holes, two,
         lambda: ExtraTreeClassifier(max_depth=7, random_state=0), "new"),
    Case("dtc_holes", "one tree, missing values", array_holes, words, lambda: tree(max_depth=7), "new"),
    Case("dtr_pairs", "one tree, two targets", array, pairs, lambda: DecisionTreeRegressor(max_depth=6, random_state=0)),
    Case("rfr_pairs", "a forest of two targets", array, pairs, lambda: rfr(max_depth=6)),
    Case("rfr_absolute", "absolute error: medians", array, real,
         lambda: rfr(n_estimators=4, criterion="absolute_error")),
    Case("rfr_poisson", "poisson splits", array, counts, lambda: rfr(criterion="poisson")),
    # ---- boosting
    *(Case(f"gbr_{loss}", f"loss {loss}", array, real,
           lambda loss=loss: GradientBoostingRegressor(n_estimators=20, loss=loss, alpha=0.8, random_state=0))
      for loss in ("absolute_error", "huber", "quantile")),
    Case("gbr_subsample", "early stopping", array, real,
         lambda: GradientBoostingRegressor(n_estimators=200, subsample=0.5, n_iter_no_change=3, random_state=0)),
    *(Case(f"gbc_init_{name}", f"starts from {what}", array, target,
           lambda init=init, loss=loss: small_gbc(n_estimators=15, init=init(), loss=loss or
                                                  ("deviance" if sklearn.__version__ < "1.1" else "log_loss")),
           tolerances=tolerance)
      for name, what, target, init, loss, tolerance in [
          ("rf", "a forest", two, rf, "", ["tolerance: 1e-15 (the trees are added first)"]),
          ("rf_three", "a forest of three classes", three, rf, "", ["tolerance: 2e-15 (the trees are added first)"]),
          ("rf_exponential", "a forest; exponential loss", two, rf, "exponential",
           ["tolerance: 1e-15 (the trees are added first)"]),
          ("lr", "a linear model, fitted and asked in float32", two,
           lambda: make_pipeline(StandardScaler(), lr(C=1e-3)), "", ["tolerance: 1e-4 (float32)"])]),
    Case("gbr_init_rf", "starts from a forest", array, real,
         lambda: GradientBoostingRegressor(n_estimators=15, init=rfr(), random_state=0),
         tolerances=["tolerance: 1e-13 (the trees are added first, and the sum is near 0)"]),
    *(Case(f"hgr_{loss}", f"loss {loss}", array_holes, target, make, only)
      for loss, target, make, only in [
          ("quantile", real, lambda: HistGradientBoostingRegressor(loss="quantile", quantile=0.8, max_iter=15,
                                                                   random_state=0), "new"),
          ("gamma", lambda t: counts(t) + 1, lambda: HistGradientBoostingRegressor(loss="gamma", max_iter=15,
                                                                                   random_state=0), "new"),
          ("absolute_error", real, lambda: HistGradientBoostingRegressor(loss="absolute_error", max_iter=15,
                                                                         random_state=0), "")]),
    Case("hgb_early", "early stopping", array_holes, three,
         lambda: hgb(max_iter=60, early_stopping=True, n_iter_no_change=2, max_leaf_nodes=5)),
]
