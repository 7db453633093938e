"""The golden cases of estimators that are made of others, and of predictors that are neither trees nor linear."""
import functools

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor,
                              GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingRegressor,
                              IsolationForest, RandomForestClassifier, RandomForestRegressor, StackingClassifier,
                              StackingRegressor, VotingClassifier, VotingRegressor)
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder, PowerTransformer, RobustScaler, StandardScaler
from sklearn.tree import (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
from sklearn.svm import NuSVC, NuSVR, OneClassSVM, SVC, SVR, LinearSVC

from cases import Case, encoded, four, gbc, hgb, impute_scale, lr, one_hot, ordinal, three, two
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


regression_tree = functools.partial(DecisionTreeRegressor, max_depth=4, random_state=0)
# SAMME.R takes numpy's logarithms of the probabilities.
SAMME = ["tolerance: exact", "tolerance proba: 1e-15 (numpy's exp)"] if sklearn.__version__ >= "1.6" else \
    ["tolerance: 1e-14 (numpy's log and exp)"]


KERNEL = ["tolerance: 1e-12 (sums of kernels)"]
COUPLED = ["tolerance: 1e-12 (sums of kernels)", "tolerance proba: 1e-11 (coupled until they change by little)"]
NEAR = ["tolerance: 1e-10 (distances by their squares)"]
LIKELY = ["tolerance: 1e-11 (logarithms of likelihoods, up to 1e6)"]


def scaled(last): return make_pipeline(StandardScaler(), last)
def of_strings(last): return make_pipeline(ColumnTransformer([("codes", OrdinalEncoder(), ["plan", "region"])]), last)
def counted(t, seed): return frame(t, seed)[["age", "tenure_months", "monthly_charges"]].round().astype(float)


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
         lambda: IsolationForest(n_estimators=20, contamination=0.08, max_samples=64, max_features=0.5, random_state=0)),
    Case("iforest_features", "every feature, rows as given", frame, None,
         lambda: IsolationForest(n_estimators=12, max_samples=64, random_state=1)),
    Case("iforest_holes", "missing values", array_holes, None,
         lambda: IsolationForest(n_estimators=10, max_samples=64, random_state=0), "new"),
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
    # ---- votes
    Case("voting_soft", "two forests, weighed", array, words,
         lambda: VotingClassifier([("a", rf()), ("b", tree())], voting="soft", weights=[2, 1.5])),
    Case("voting_soft_three", "three members of three classes, alike", array, three,
         lambda: VotingClassifier([("a", rf(n_estimators=4)), ("b", tree()), ("c", small_hgb())], voting="soft"),
         tolerances=EXP),
    Case("voting_dropped", "one of three was dropped, with its weight", array, two,
         lambda: VotingClassifier([("a", rf()), ("b", "drop"), ("c", tree())], voting="soft", weights=[1, 5, 3])),
    Case("voting_hard", "votes", array, three,
         lambda: VotingClassifier([("a", rf(n_estimators=4)), ("b", tree()), ("c", small_gbc())])),
    Case("voting_hard_weights", "weighed votes, ties", array, four,
         lambda: VotingClassifier([("a", rf(n_estimators=4)), ("b", tree()), ("c", tree(max_depth=2)),
                                   ("d", tree(max_depth=3))], weights=[2, 1, 2, 1])),
    Case("voting_mixed", "pipelines with encoders of their own", mixed_holes, two,
         lambda: VotingClassifier([("a", encoded(impute_scale(), one_hot(), lr())),
                                   ("b", encoded("passthrough", ordinal(), small_hgb()))], voting="soft"),
         tolerances=LINEAR),
    Case("voting_regressor", "means", array, real, lambda: VotingRegressor([("a", rfr()), ("b", regression_tree())])),
    Case("voting_regressor_weights", "weighed means, in a pipeline", frame, real,
         lambda: make_pipeline(StandardScaler(), VotingRegressor([("a", rfr()), ("b", regression_tree()), ("c", Ridge())],
                                                                 weights=[3, 2, 0.5])),
         tolerances=["tolerance: 1e-12 (BLAS)"]),
    # ---- stacks
    Case("stacking", "second probabilities of two classes, behind them a linear model", array, words,
         lambda: StackingClassifier([("a", rf()), ("b", tree())], lr(), cv=2), tolerances=LINEAR),
    Case("stacking_trees", "a forest on forests", array, three,
         lambda: StackingClassifier([("a", rf(n_estimators=4)), ("b", tree())], rf(n_estimators=5), cv=2)),
    Case("stacking_passthrough", "and the columns themselves", frame, words,
         lambda: make_pipeline(StandardScaler(), StackingClassifier([("a", rf()), ("b", tree())], small_gbc(), cv=2,
                                                                    passthrough=True))),
    Case("stacking_decision", "decision functions", array, three,
         lambda: StackingClassifier([("a", small_gbc()), ("b", small_hgb())], tree(), stack_method="decision_function", cv=2)),
    Case("stacking_predict", "predicted classes", array, three,
         lambda: StackingClassifier([("a", rf()), ("b", tree()), ("c", "drop")], tree(max_depth=6), stack_method="predict",
                                    cv=2)),
    Case("stacking_mixed", "pipelines with encoders of their own, a pipeline behind them", mixed_holes, three,
         lambda: StackingClassifier([("a", encoded(impute_scale(), one_hot(), lr())),
                                     ("b", encoded("passthrough", ordinal(), small_hgb()))],
                                    make_pipeline(StandardScaler(), lr()), cv=2), tolerances=LINEAR),
    Case("stacking_calibrated", "calibrated members, a stack behind them", array, two,
         lambda: StackingClassifier([("a", calibrated(rf(n_estimators=3), cv=2)), ("b", tree())],
                                    StackingClassifier([("c", tree()), ("d", rf(n_estimators=3))], tree(), cv=2), cv=2)),
    Case("stacking_regressor", "a forest on a forest and a tree, with the columns", array, real,
         lambda: StackingRegressor([("a", rfr()), ("b", regression_tree())], rfr(), cv=2, passthrough=True)),
    Case("stacking_regressor_ridge", "the default: RidgeCV", array, real,
         lambda: StackingRegressor([("a", rfr()), ("b", regression_tree())], cv=2), tolerances=["tolerance: 1e-12 (BLAS)"]),
    # ---- bags
    Case("bagging", "trees on all columns", array, two, lambda: BaggingClassifier(tree(), 5, random_state=0)),
    Case("bagging_features", "subsets of the columns, some twice", array, three,
         lambda: BaggingClassifier(tree(), 6, max_features=0.6, bootstrap_features=True, random_state=0)),
    Case("bagging_named", "named columns", frame, words,
         lambda: BaggingClassifier(small_gbc(), 4, max_features=4, random_state=0)),
    Case("bagging_rare", "a class that some members have not seen", array, two,
         lambda: Rare(BaggingClassifier(tree(), 8, max_samples=25, random_state=0))),
    Case("bagging_votes", "members without probabilities", frame, three,
         lambda: make_pipeline(StandardScaler(), BaggingClassifier(LinearSVC(random_state=0), 5, random_state=0)),
         tolerances=LINEAR),
    Case("bagging_holes", "missing values", array_holes, words, lambda: BaggingClassifier(small_hgb(), 3, random_state=0)),
    Case("bagging_regressor", "subsets of the columns", array, real,
         lambda: BaggingRegressor(regression_tree(), 6, max_features=0.5, random_state=0)),
    # ---- boosting of anything
    Case("ada", "binary votes, or SAMME.R before 1.6", array, words, lambda: AdaBoostClassifier(tree(max_depth=2), n_estimators=10, random_state=0),
         tolerances=SAMME),
    Case("ada_three", "three classes", array, three, lambda: AdaBoostClassifier(tree(max_depth=3), n_estimators=8, random_state=0),
         tolerances=SAMME),
    Case("ada_four", "four classes", array, four, lambda: AdaBoostClassifier(tree(max_depth=3), n_estimators=8, random_state=0),
         tolerances=SAMME),
    *(Case(f"ada_samme_{name}", "SAMME as it was", array, target,
           lambda: AdaBoostClassifier(tree(max_depth=2), n_estimators=8, algorithm="SAMME", random_state=0), "old",
           tolerances=EXP) for name, target in [("two", two), ("three", three)]),
    Case("ada_pipeline", "behind encoders", mixed_holes, two,
         lambda: encoded(impute_scale(), one_hot(), AdaBoostClassifier(tree(max_depth=2), n_estimators=4, random_state=0)),
         tolerances=SAMME),
    Case("ada_regressor", "the weighted median", array, real,
         lambda: AdaBoostRegressor(regression_tree(), n_estimators=9, random_state=0)),
    # ---- targets
    *(Case(f"target_{name}", what, given, target, make, only, tolerances=tolerance)
      for name, what, given, target, make, only, tolerance in [
          ("log1p", "numpy's log1p and expm1", array, counts, lambda: TransformedTargetRegressor(rfr(), func=np.log1p,
           inverse_func=np.expm1), "", ["tolerance: 1e-15 (numpy's expm1)"]),
          ("log", "numpy's log and exp, around a pipeline", mixed, lambda t: counts(t) + 1,
           lambda: TransformedTargetRegressor(encoded("passthrough", ordinal(), rfr()), func=np.log, inverse_func=np.exp), "",
           ["tolerance: 1e-15 (numpy's exp)"]),
          ("standard", "a StandardScaler", array, real, lambda: TransformedTargetRegressor(rfr(), transformer=StandardScaler()), "", None),
          ("minmax", "a MinMaxScaler", array, real, lambda: TransformedTargetRegressor(rfr(), transformer=MinMaxScaler()), "", None),
          ("robust", "a RobustScaler, in a pipeline", frame, real, lambda: make_pipeline(
              StandardScaler(), TransformedTargetRegressor(regression_tree(), transformer=RobustScaler())), "", None),
          ("power", "a PowerTransformer", array, real, lambda: TransformedTargetRegressor(rfr(), transformer=PowerTransformer()),
           "", ["tolerance: 1e-13 (numpy's power)"]),
          ("box_cox", "a PowerTransformer of positive targets", array, lambda t: counts(t) + 1,
           lambda: TransformedTargetRegressor(rfr(), transformer=PowerTransformer(method="box-cox")), "",
           ["tolerance: 1e-13 (numpy's power)"]),
          ("two", "two targets, each by its own scale", array, pairs,
           lambda: TransformedTargetRegressor(rfr(max_depth=6), transformer=StandardScaler()), "", None),
          ("nothing", "no function at all", array, real, lambda: TransformedTargetRegressor(rfr()), "", None)]),
    Case("multi_output", "an estimator for each target", array, pairs,
         lambda: MultiOutputRegressor(GradientBoostingRegressor(n_estimators=8, random_state=0))),
    Case("multi_output_mixed", "pipelines", mixed_holes, pairs,
         lambda: MultiOutputRegressor(encoded("passthrough", ordinal(), HistGradientBoostingRegressor(max_iter=5)))),
    # ---- one against the rest
    Case("ovr_lr", "scores and probabilities of linear models", array, three, lambda: OneVsRestClassifier(lr()), tolerances=LINEAR),
    Case("ovr_rf", "probabilities only", array, three, lambda: OneVsRestClassifier(rf(n_estimators=4))),
    Case("ovr_rf_two", "two classes: one estimator", array, words, lambda: OneVsRestClassifier(rf())),
    Case("ovr_gbc_two", "two classes, a score", array, two, lambda: OneVsRestClassifier(small_gbc())),
    Case("ovr_svc", "scores only", frame, three,
         lambda: make_pipeline(StandardScaler(), OneVsRestClassifier(LinearSVC(random_state=0))), tolerances=LINEAR),
    Case("ovr_mixed", "around pipelines", mixed_holes, four,
         lambda: OneVsRestClassifier(encoded("passthrough", ordinal(), small_hgb(max_iter=3)))),
    Case("ovr_calibrated", "calibrated one against the rest", array, three,
         lambda: calibrated(OneVsRestClassifier(small_gbc(n_estimators=4)), cv=2)),
    # ---- kernels
    *(Case(f"svc_{kernel}", f"kernel {kernel}", frame, two, lambda kernel=kernel: scaled(SVC(kernel=kernel, coef0=0.5)),
           tolerances=KERNEL) for kernel in ("linear", "poly", "rbf", "sigmoid")),
    *(Case(f"svc_{name}", what, given, target, make, tolerances=tolerance)
      for name, what, given, target, make, tolerance in [
          ("three", "a score per class", frame, three, lambda: scaled(SVC()), KERNEL),
          ("four_ovo", "a score per pair", frame, four, lambda: scaled(SVC(decision_function_shape="ovo")), KERNEL),
          ("four_ties", "ties are broken by the scores", frame, four, lambda: scaled(SVC(C=0.01, break_ties=True)), KERNEL),
          ("proba", "probabilities of two classes", frame, words,
           lambda: scaled(SVC(probability=True, random_state=0)), COUPLED),
          ("proba_four", "probabilities of four classes", frame, four,
           lambda: scaled(SVC(probability=True, random_state=0)), COUPLED),
          ("nu_three", "NuSVC", frame, three, lambda: scaled(NuSVC(nu=0.3)), KERNEL),
          ("mixed", "behind encoders", mixed_holes, two, lambda: encoded(impute_scale(), one_hot(), SVC()), KERNEL),
          ("ovr_linear", "in one against the rest", frame, three,
           lambda: scaled(OneVsRestClassifier(SVC(kernel="linear"))), KERNEL),
          ("calibrated", "calibrated", frame, two, lambda: scaled(calibrated(SVC(kernel="rbf"), cv=2)), KERNEL)]),
    *(Case(name, "regression", frame, real, lambda make=make: scaled(make(C=50)), tolerances=KERNEL)
      for name, make in [("svr", SVR), ("nusvr", NuSVR)]),
    Case("one_class_svm", "anomalies", frame, None, lambda: scaled(OneClassSVM(nu=0.1)), tolerances=KERNEL),
    # ---- neighbours
    *(Case(f"knn_{name}", what, frame, target, lambda options=options: scaled(KNeighborsClassifier(**options)), tolerances=NEAR,
           within=1e6)
      for name, what, target, options in [
          ("uniform", "five of equal weight", two, {}),
          ("distance", "weighed by distance", three, {"weights": "distance", "n_neighbors": 7}),
          ("manhattan", "another metric", three, {"metric": "manhattan", "weights": "distance"}),
          ("chebyshev", "another metric", two, {"metric": "chebyshev"}),
          ("minkowski", "another metric", words, {"metric": "minkowski", "p": 3, "weights": "distance"}),
          ("cosine", "another metric, by brute force", words, {"metric": "cosine", "weights": "distance"}),
          ("brute", "all distances", three, {"algorithm": "brute", "weights": "distance"})]),
    Case("knr", "means of five", frame, real, lambda: scaled(KNeighborsRegressor()), tolerances=NEAR, within=1e6),
    Case("knr_distance", "weighed means, two targets", frame, pairs,
         lambda: scaled(KNeighborsRegressor(weights="distance")), tolerances=NEAR, within=1e6),
    # ---- Bayes, discriminants
    *(Case(f"{name}", what, given, target, make, tolerances=tolerance)
      for name, what, given, target, make, tolerance in [
          ("gnb", "normal distributions", frame, two, GaussianNB, LIKELY),
          ("gnb_three", "normal distributions, behind a scaler", frame, three, lambda: scaled(GaussianNB()), LIKELY),
          ("mnb", "counts", counted, three, MultinomialNB, LIKELY),
          ("cnb", "complements of counts", counted, three, ComplementNB, LIKELY),
          ("bnb", "above a threshold or not", frame, words, lambda: scaled(BernoulliNB(binarize=0.2)), LIKELY),
          ("bnb_three", "0 or 1 already", mixed, three, lambda: encoded("drop", one_hot(), BernoulliNB(binarize=None)), LIKELY),
          ("catnb", "categories", mixed, three, lambda: of_strings(CategoricalNB()), LIKELY),
          ("lda", "two classes", frame, two, lambda: scaled(LinearDiscriminantAnalysis()), LINEAR),
          ("lda_three", "three classes, another solver", frame, three,
           lambda: scaled(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")), LINEAR),
          ("qda", "two classes", frame, two, lambda: scaled(QuadraticDiscriminantAnalysis(reg_param=0.01)), LIKELY),
          ("qda_three", "three classes", frame, three, lambda: scaled(QuadraticDiscriminantAnalysis(reg_param=0.01)), LIKELY)]),
    # ---- networks
    *(Case(f"mlp_{name}", what, frame, target, lambda make=make, options=options: scaled(make(
        hidden_layer_sizes=(6, 4), max_iter=30, random_state=0, **options)), tolerances=["tolerance: 1e-12 (BLAS, numpy's tanh)"])
      for name, what, target, make, options in [
          ("relu", "two classes", words, MLPClassifier, {}),
          ("tanh", "three classes", three, MLPClassifier, {"activation": "tanh"}),
          ("logistic", "four classes", four, MLPClassifier, {"activation": "logistic"}),
          ("identity", "two classes", two, MLPClassifier, {"activation": "identity"}),
          ("regressor", "regression", real, MLPRegressor, {}),
          ("regressor_pairs", "two targets", pairs, MLPRegressor, {"activation": "tanh"})]),
    # ---- clusters
    Case("kmeans", "the nearest centre", frame, None, lambda: scaled(KMeans(4, n_init=2, random_state=0)), within=1e6),
    Case("kmeans_minibatch", "the nearest centre", frame, None,
         lambda: scaled(MiniBatchKMeans(n_clusters=5, n_init=2, random_state=0)), within=1e6),
]
