"""Writes the ensemble_*.pkl of this folder, as make.py does the others: fitted ensembles with one thing wrong."""
import copy, pathlib, pickle, sys

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (AdaBoostClassifier, BaggingClassifier, IsolationForest, StackingClassifier,
                              StackingRegressor, VotingClassifier, VotingRegressor)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import QuantileTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

sys.setrecursionlimit(100_000)
HERE = pathlib.Path(__file__).parent
X = np.array([[0, 5], [1, 4], [2, 3], [3, 2], [4, 1], [5, 0]] * 2, float)
Y = np.array([0, 0, 1, 1, 0, 1] * 2)
THREE = np.array([0, 1, 2, 0, 1, 2] * 2)


def with_(model, **attributes):
    model = copy.copy(model)
    vars(model).update(attributes)
    return model


def tree(): return DecisionTreeClassifier(max_depth=1, random_state=0)


voting = VotingClassifier([("a", tree())], voting="soft").fit(X, Y)
means = VotingRegressor([("a", DecisionTreeRegressor(max_depth=1))]).fit(X, Y)
stack = StackingClassifier([("a", tree())], tree(), cv=2).fit(X, Y)
bag = BaggingClassifier(tree(), 1, random_state=0).fit(X, Y)
ada = AdaBoostClassifier(tree(), n_estimators=1).fit(X, Y)
sigmoid = CalibratedClassifierCV(tree(), cv=2, ensemble=False).fit(X, Y)
isotonic = CalibratedClassifierCV(tree(), cv=2, ensemble=False, method="isotonic").fit(X, Y)
fixed = FixedThresholdClassifier(tree()).fit(X, Y)
forest = IsolationForest(n_estimators=1, max_samples=4, random_state=0).fit(X)
svc = SVC().fit(X, Y)
knn = KNeighborsClassifier(3).fit(X, Y)
mlp = MLPClassifier((2,), max_iter=2, random_state=0).fit(X, Y)
gnb = GaussianNB().fit(X, Y)
rest = OneVsRestClassifier(tree()).fit(X, THREE)
target = TransformedTargetRegressor(LinearRegression(), transformer=QuantileTransformer(n_quantiles=5)).fit(X, Y)
plain = tree().fit(X, Y)
for model in (forest, ada, bag, mlp):  # not read
    vars(model).update(_seeds=None, _random_state=None, _optimizer=None)


def around(model, times):
    for _ in range(times):
        model = with_(voting, estimators_=[model])
    return model


def fan(model, times):  # each twice inside of the next
    for _ in range(times):
        model = with_(voting, estimators_=[model, model], weights=None)
    return model


def itself():
    model = with_(voting)
    model.estimators_ = [model]
    return model


def fold(model, **attributes):
    return with_(model, calibrated_classifiers_=[with_(model.calibrated_classifiers_[0], **attributes)])


def curve(**attributes):
    return fold(isotonic, calibrators=[with_(isotonic.calibrated_classifiers_[0].calibrators[0], **attributes)])


CASES = {
    "nested_1000": around(plain, 1000),
    "of_itself": itself(),
    "fan_of_two": fan(plain, 400),
    "no_members": with_(voting, estimators_=[]),
    "members_missing": with_(voting, estimators_=None),
    "member_text": with_(voting, estimators_=["tree"]),
    "member_none": with_(voting, estimators_=[None]),
    "member_regression": with_(voting, estimators_=[LinearRegression().fit(X, Y)]),
    "member_of_three_classes": with_(voting, estimators_=[tree().fit(X, THREE)]),
    "member_without_probabilities": with_(voting, estimators_=[svc]),
    "member_classifies": with_(means, estimators_=[plain]),
    "weights_too_few": with_(voting, estimators_=[plain, plain], weights=[1]),
    "stack_method_missing": with_(stack, stack_method_=[]),
    "stack_method_unknown": with_(stack, stack_method_=["decision_function"]),
    "stack_final_of_itself": with_(stack, final_estimator_=stack),
    "stack_final_regression": with_(stack, final_estimator_=LinearRegression().fit(X[:, :1], Y)),
    "stack_final_of_two_columns": with_(stack, final_estimator_=plain),
    "stack_text_classes": with_(stack, stack_method_=["predict"], estimators_=[tree().fit(X, np.array(["a", "b"])[Y])]),
    "bag_features_missing": with_(bag, estimators_features_=[]),
    "bag_feature_out_of_range": with_(bag, estimators_features_=[np.array([0, 2])]),
    "bag_features_too_few": with_(bag, estimators_features_=[np.array([0])]),
    "bag_class_unknown": with_(bag, estimators_=[tree().fit(X, THREE)]),
    "ada_weights_zero": with_(ada, estimator_weights_=np.zeros(1)),
    "ada_weights_missing": with_(ada, estimator_weights_=None),
    "ada_weights_nan": with_(ada, estimator_weights_=np.array([np.nan])),
    "ada_class_unknown": with_(ada, estimators_=[tree().fit(X, Y + 7)]),
    "calibrated_nothing": with_(sigmoid, calibrated_classifiers_=[]),
    "calibrated_without_calibrators": fold(sigmoid, calibrators=[]),
    "calibrated_by_a_tree": fold(sigmoid, calibrators=[plain]),
    "calibrated_regression": fold(sigmoid, estimator=LinearRegression().fit(X, Y)),
    "calibrated_class_unknown": fold(sigmoid, estimator=tree().fit(X, Y + 7)),
    "calibrated_temperatures": fold(sigmoid, method="temperature", calibrators=[1, 2]),
    "calibrated_slope_nan": fold(sigmoid, calibrators=[with_(sigmoid.calibrated_classifiers_[0].calibrators[0], a_=np.nan)]),
    "isotonic_not_ascending": curve(X_thresholds_=np.array([1.0, 0.0]), y_thresholds_=np.array([0.0, 1.0])),
    "isotonic_lengths": curve(X_thresholds_=np.array([1.0])),
    "threshold_nan": with_(fixed, threshold=np.nan),
    "threshold_text": with_(fixed, threshold="high"),
    "threshold_class_unknown": with_(fixed, pos_label="yes"),
    "threshold_of_three": with_(fixed, estimator_=tree().fit(X, THREE)),
    "threshold_decision_of_a_tree": with_(fixed, response_method="decision_function"),
    "isolation_without_trees": with_(forest, estimators_=[]),
    "isolation_feature_out_of_range": with_(forest, estimators_features_=[np.array([5])]),
    "isolation_of_one_row": with_(forest, _max_samples=1),
    "dummy_at_random": DummyClassifier(strategy="uniform").fit(X, Y),
    "dummy_constant_unknown": with_(DummyClassifier(strategy="constant", constant=1).fit(X, Y), constant=5),
    "svc_precomputed": with_(svc, kernel="precomputed"),
    "svc_own_kernel": with_(svc, kernel=np.dot),
    "svc_counts": with_(svc, _n_support=np.array([1, 1], np.int32)),
    "svc_counts_negative": with_(svc, _n_support=np.array([-1, 1], np.int32)),
    "svc_intercepts": with_(svc, _intercept_=np.zeros(2)),
    "svc_vectors": with_(svc, support_vectors_=np.zeros((3, 3))),
    "svc_degree": with_(svc, degree=1 << 40),
    "knn_of_nothing": with_(knn, _fit_X=np.zeros((0, 2)), _y=np.zeros(0, int)),
    "knn_class_out_of_range": with_(knn, _y=np.full(12, 9)),
    "knn_own_weights": with_(knn, weights=np.sqrt),
    "knn_metric": with_(knn, effective_metric_="hamming"),
    "mlp_activation": with_(mlp, activation="softsign"),
    "mlp_layer_too_wide": with_(mlp, coefs_=[mlp.coefs_[0], np.zeros((3, 1))]),
    "mlp_without_layers": with_(mlp, coefs_=[]),
    "gnb_variance_zero": with_(gnb, var_=np.zeros((2, 2))),
    "gnb_means": with_(gnb, theta_=np.zeros((2, 3))),
    "mnb_minus_infinity": with_(MultinomialNB().fit(X, Y), feature_log_prob_=np.full((2, 2), -np.inf)),
    "rest_of_two": with_(rest, estimators_=rest.estimators_[:2]),
    "rest_of_regressions": with_(rest, estimators_=[LinearRegression().fit(X, Y)] * 3),
    "target_by_quantiles": target,
    "target_of_a_classifier": with_(target, regressor_=plain),
}

for name, made in CASES.items():
    (HERE / f"ensemble_{name}.pkl").write_bytes(pickle.dumps(made, protocol=3))
for copies, name in ((voting, "bomb_members"), (bag, "bomb_bag")):  # the text REPEAT as in make.py
    made = with_(copies, estimators_=[plain, "REPEAT"], weights=None, estimators_features_=[np.array([0, 1])] * 2)
    (HERE / f"{name}.pkl").write_bytes(pickle.dumps(made, protocol=3))
