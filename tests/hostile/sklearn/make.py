"""Writes the NAME.pkl of this folder; run it with the python of the golden-new environment.

Each file is a fitted model with one thing wrong, and NAME.txt beside it is the message that it must give. A `bomb_`
holds the text REPEAT in a list; the test replaces it by 900,000 copies of the element before it, at a byte each.
"""
import copy, functools, pathlib, pickle, sys, types

import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier,
                              HistGradientBoostingRegressor, RandomForestClassifier)
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (FunctionTransformer, KBinsDiscretizer, LabelEncoder, Normalizer, OneHotEncoder,
                                   OrdinalEncoder, PolynomialFeatures, PowerTransformer, QuantileTransformer,
                                   StandardScaler)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree

HERE = pathlib.Path(__file__).parent
X = np.array([[0, 5], [1, 4], [2, 3], [3, 2], [4, 1], [5, 0]], float)
TABLE = pd.DataFrame({"plan": ["a", "b", "a", "b", "a", "b"], "size": X[:, 0]})
Y = np.array([0, 0, 1, 1, 0, 1])
THREE = np.array([0, 1, 2, 0, 1, 2])


class Reduced:
    """An object as its pickle would have it, whatever its class allows."""

    def __init__(self, cls, args=(), state=None):
        self.parts = cls, args, state

    def __reduce__(self):
        return self.parts


def foreign(module, name):
    """An instance of a class that is not installed."""
    parent = ""
    for part in module.split("."):
        parent = f"{parent}.{part}" if parent else part
        sys.modules.setdefault(parent, types.ModuleType(parent))
    cls = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, cls)
    return cls()


def with_(model, **attributes):
    model = copy.deepcopy(model)
    vars(model).update(attributes)
    return model


def without(model, name):
    model = copy.deepcopy(model)
    del vars(model)[name]
    return model


lr = LogisticRegression().fit(X, Y)
lr_named = LogisticRegression().fit(TABLE[["size"]].assign(age=1.0), Y)
linear = LinearRegression().fit(X, Y)
dtc = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)
dtr = DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, Y)
rf = RandomForestClassifier(1, max_depth=1, random_state=0).fit(X, Y)
gbc = GradientBoostingClassifier(n_estimators=1, max_depth=1, random_state=0).fit(X, Y)
gbr = GradientBoostingRegressor(n_estimators=1, max_depth=1, random_state=0).fit(X, Y)
hgb = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, max_leaf_nodes=2).fit(X, Y)
hgb3 = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, max_leaf_nodes=2).fit(X, THREE)
hgr = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1, max_leaf_nodes=2).fit(X, Y)
codes = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, max_leaf_nodes=2, categorical_features=[0]).fit(
    pd.DataFrame({"c": np.arange(40) % 2, "d": np.zeros(40)}), np.arange(40) % 2)
for boosted in (gbc, gbr, hgb, hgb3, hgr, codes):  # not read, and large
    vars(boosted).update(_rng=None, _feature_subsample_rng=None, _loss=None)
for boosted in (gbc, gbr):
    boosted.estimators_[0, 0].random_state = 0
scaled = Pipeline([("scale", StandardScaler()), ("lr", LogisticRegression())]).fit(X, Y)
plans = Pipeline([("ct", ColumnTransformer([("code", OrdinalEncoder(), ["plan"]), ("size", "passthrough", ["size"])])),
                  ("lr", LogisticRegression())]).fit(TABLE, Y)


def piped(*steps):
    return Pipeline([(f"s{i}", step) for i, step in enumerate(steps)])


def tree(base, change=None, values=None, state=None, kind=Tree):
    """`base` with another tree_: `change` edits the nodes."""
    old = base.tree_.__getstate__()
    nodes = old["nodes"].copy()
    nodes = change(nodes) if change else nodes
    whole = {"max_depth": 2, "node_count": len(nodes), "nodes": nodes, "values": old["values"] if values is None else values}
    whole.update(state or {})
    return with_(base, tree_=Reduced(kind, (2, np.array([1]), 1), whole))


def node(i, **fields):
    def change(nodes):
        for name, value in fields.items():
            nodes[name][i] = value
        return nodes
    return change


def hist(base, change=None, **state):
    """`base` with another first predictor."""
    first = base._predictors[0][0]
    nodes = first.nodes.copy()
    nodes = change(nodes) if change else nodes
    made = {**vars(first), "nodes": nodes, **state}
    return with_(base, _predictors=[[Reduced(type(first), (None, None, None), made)] + base._predictors[0][1:]])


def mapper(base, **state):
    return with_(base, _bin_mapper=Reduced(type(base._bin_mapper), (), {**vars(base._bin_mapper), **state}))


def nested(depth, inner, name="deeper"):
    for _ in range(depth):
        inner = Pipeline([(name, inner)])
    return inner


def step(i, **attributes):
    changed = copy.deepcopy(plans if i == "ct" else scaled)
    changed.steps = [(n, with_(s, **attributes) if n == i else s) for n, s in changed.steps]
    return changed


def encoder(fitted, width=1, **attributes):
    return piped(with_(fitted, **attributes), with_(lr, n_features_in_=width, coef_=np.ones((1, min(width, 9)))))


def indices(**positions):
    return step("ct", _transformer_to_input_indices={**plans[0]._transformer_to_input_indices, **positions})


def dropped(nodes):  # the nodes without one of their fields
    return nodes[[n for n in nodes.dtype.names if n != "threshold"]].copy()


one = OneHotEncoder(handle_unknown="ignore").fit(X[:, :1])
ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(X[:, :1])

def repeated(items):
    return [*items, "REPEAT"]


def deep_fan(levels, width, inner):
    for _ in range(levels):
        step = ("again", inner)
        inner = Pipeline([step] * width)
    return inner


lr6 = LogisticRegression().fit(np.eye(6), Y)
infrequent = OneHotEncoder(min_frequency=3).fit(X[:, :1])
mixed = with_(one, categories_=[np.array([1, "a"], dtype=object)])
two_missing = with_(one, categories_=[np.array(["a", None, np.nan], dtype=object)])
texts = OneHotEncoder().fit(TABLE[["plan"]])
wide = 900_001
net = foreign("skorch.classifier", "NeuralNet")
told = SimpleImputer(add_indicator=True).fit(np.where(np.arange(len(X))[:, None] % 3, X, np.nan))
filled = SimpleImputer(strategy="most_frequent").fit(TABLE[["plan"]])
chosen = SelectFromModel(LogisticRegression()).fit(X, Y)
quantiles = QuantileTransformer(n_quantiles=3).fit(X)
cut = KBinsDiscretizer(2).fit(X)

CASES = {
    # ---- what can't be served, and what to do
    "step_of_another_library": piped(foreign("category_encoders.woe", "WOEEncoder"), lr),
    "step_not_supported": piped(foreign("sklearn.preprocessing._polynomial", "SplineTransformer"), lr),
    "step_is_a_function": piped(np.log1p, lr),
    "model_not_supported": foreign("sklearn.gaussian_process._gpc", "GaussianProcessClassifier"),
    "model_of_another_library": scaled.__class__([("scale", scaled[0]), ("net", net)]),
    "a_dict_of_models": {"scaler": scaled[0], "model": scaled[1]},
    "a_tuple": (lr, 0.5),
    "a_text": "model",
    "none": None,
    "an_empty_pipeline": Pipeline([("a", "passthrough"), ("b", None)]),
    "a_scaler_alone": scaled[0],
    "never_fitted": LogisticRegression(),
    "never_fitted_pipeline": piped(StandardScaler(), GradientBoostingClassifier()),
    "search_without_refit": GridSearchCV(LogisticRegression(), {"C": [1.0]}, refit=False, cv=2).fit(X, Y),
    "no_version": Reduced(LogisticRegression, (), {k: v for k, v in vars(lr).items()}),
    "nested_17_deep": nested(17, lr),
    "function_transformer": piped(FunctionTransformer(np.cumsum).fit(X), lr),
    "function_transformer_partial": piped(FunctionTransformer(functools.partial(np.round, decimals=2)).fit(X), lr),
    "function_with_arguments": piped(FunctionTransformer(np.log1p, kw_args={"where": True}).fit(X), lr),
    "function_with_a_gap": piped(FunctionTransformer(np.reciprocal).fit(X), lr),
    "labels_alone": LabelEncoder().fit(["a", "b"]),
    "imputer_indicator": piped(with_(told, indicator_=with_(told.indicator_, features_=np.array([2]))), lr),
    "imputer_marker": piped(with_(SimpleImputer().fit(X), missing_values=b"-"), lr),
    "imputer_of_texts": piped(with_(filled, missing_values=-1), lr),
    "imputer_with_nan": piped(with_(SimpleImputer(strategy="mean", keep_empty_features=True).fit(X),
                                    statistics_=np.array([np.nan, 1])), lr),
    "onehot_infrequent": piped(with_(infrequent, _default_to_infrequent_mappings=[np.full(6, 6)]), lr),
    "onehot_infrequent_few": piped(with_(infrequent, _default_to_infrequent_mappings=[np.array([0])]), lr),
    "onehot_mixed": piped(mixed, lr),
    "onehot_two_missing": piped(two_missing, lr),
    "onehot_behind_scaler": piped(StandardScaler().fit(X[:, :1]), OneHotEncoder().fit(X[:, :1]), lr6),
    "onehot_text_behind_scaler": piped(StandardScaler().fit(X[:, :1]), texts, lr),
    "weights_of_parts": step("ct", transformer_weights={"code": "2"}),
    "text_and_number": Pipeline([("ct", with_(plans[0], _transformer_to_input_indices={"code": [0], "size": [0]})),
                                 plans.steps[1]]),
    "boosting_from_a_stratified_guess": with_(gbc, init_=with_(gbc.init_, strategy="stratified")),
    "boosting_loss": with_(gbc, loss="poisson"),
    "boosting_loss_regression": with_(gbr, loss="log_loss"),
    "hist_loss": with_(hgr, loss="hinge"),
    "hist_classifier_loss": with_(hgb, loss="hinge"),
    "two_targets_forest": with_(rf, n_outputs_=2),
    "no_targets_linear": with_(LinearRegression().fit(X, X), coef_=np.zeros((0, 2))),
    "tweedie_link": with_(TweedieRegressor().fit(X, Y), link="sqrt"),
    "ridge_of_several_labels": RidgeClassifier().fit(X, np.eye(2, dtype=int)[Y]),
    "selector_of_nothing": piped(SelectKBest(k=0).fit(X, Y), lr),
    "selector_threshold": piped(with_(chosen, threshold="two*mean"), lr),
    "selector_of_another_library": piped(with_(chosen, estimator_=net, n_features_in_=2), lr),
    "polynomial_of_many": piped(with_(PolynomialFeatures().fit(X), _max_degree=1000), lr),
    "polynomial_of_all": Pipeline([("a", with_(PolynomialFeatures().fit(X), n_features_in_=2000, _max_degree=3)),
                                   ("b", lr)]),
    "quantiles_descending": piped(with_(quantiles, quantiles_=quantiles.quantiles_[::-1].copy()), lr),
    "power_method": piped(with_(PowerTransformer().fit(X), method="tukey"), lr),
    "bins_without_edges": piped(with_(cut, bin_edges_=np.array([np.array([1.0]), np.array([1.0, 2.0])], dtype=object)), lr),
    "pca_shape": piped(with_(PCA(1).fit(X), components_=np.zeros((1, 3))), lr),
    "normalizer_norm": piped(with_(Normalizer().fit(X), norm="l3"), lr),
    "one_class": with_(dtc, classes_=np.array([1])),
    "no_classes": with_(dtc, classes_=np.array([], dtype=int)),
    "none_is_a_class": with_(dtc, classes_=np.array(["a", None], dtype=object)),
    "always_missing_column": step("scale", mean_=np.array([np.nan, 1]), scale_=np.array([np.nan, 1])),
    "scaled_out_of_range": piped(with_(scaled[0], mean_=np.array([1e300, 0]), scale_=np.array([1.0, 1])), gbc),
    # ---- what does not fit together
    "no_columns": with_(lr, n_features_in_=0),
    "minus_one_columns": with_(lr, n_features_in_=-1),
    "a_billion_columns": with_(lr, n_features_in_=10**9),
    "a_million_columns": with_(lr, n_features_in_=10**6),
    "columns_as_text": with_(lr, n_features_in_="2"),
    "three_columns_for_a_tree_of_two": with_(dtc, n_features_in_=1),
    "names_of_one_column": with_(lr_named, feature_names_in_=np.array(["size"], dtype=object)),
    "names_twice": with_(lr_named, feature_names_in_=np.array(["size", "size"], dtype=object)),
    "names_as_numbers": with_(lr_named, feature_names_in_=np.array([1, 2])),
    "step_gives_other_columns": piped(with_(one, n_features_in_=1), lr),
    "class_twice": with_(dtc, classes_=np.array([1, 1])),
    "classes_missing": without(dtc, "classes_"),
    "classes_of_lists": with_(dtc, classes_=[[0], [1]]),
    "coef_too_short": with_(lr, coef_=np.ones((1, 1))),
    "coef_too_long": with_(lr, coef_=np.ones((2, 2))),
    "coef_transposed": with_(lr, coef_=np.ones((2, 1))),
    "coef_of_texts": with_(lr, coef_=np.array([["a", "b"]])),
    "coef_nan": with_(lr, coef_=np.array([[1, np.nan]])),
    "coef_missing": without(lr, "coef_"),
    "intercept_of_three": with_(lr, intercept_=np.ones(3)),
    "intercept_infinite": with_(lr, intercept_=np.array([np.inf])),
    "intercept_none": with_(linear, intercept_=None),
    "mean_too_short": step("scale", mean_=np.ones(1)),
    "scale_zero": step("scale", scale_=np.array([1.0, 0])),
    "scale_missing": step("scale", scale_=None),
    "statistics_too_long": piped(with_(SimpleImputer().fit(X), statistics_=np.ones(3)), lr),
    "statistics_nested": piped(with_(SimpleImputer().fit(X), statistics_=np.array([1, "a"], dtype=object)), lr),
    # ---- trees
    "tree_without_nodes": tree(dtc, lambda n: n[:0], values=np.ones((0, 1, 2))),
    "tree_child_out_of_range": tree(dtc, node(0, right_child=99)),
    "tree_child_negative": tree(dtc, node(0, right_child=-7)),
    "tree_child_itself": tree(dtc, node(0, left_child=0)),
    "tree_cycle": tree(dtc, node(2, left_child=0)),
    "tree_child_shared": tree(dtc, node(0, right_child=1)),
    "tree_unreachable": tree(dtc, node(0, left_child=-1)),
    "tree_feature_past_the_end": tree(dtc, node(0, feature=2)),
    "tree_feature_negative": tree(dtc, node(0, feature=-5)),
    "tree_threshold_nan": tree(dtc, node(0, threshold=np.nan)),
    "tree_values_of_three": tree(dtc, values=np.ones((5, 1, 3))),
    "tree_values_too_few": tree(dtc, values=np.ones((2, 1, 2))),
    "tree_values_flat": tree(dtc, values=np.ones(10)),
    "tree_values_nan": tree(dtc, values=np.full((5, 1, 2), np.nan)),
    "tree_values_missing": tree(dtc, values={}),
    "tree_nodes_as_numbers": tree(dtc, lambda n: np.ones(5)),
    "tree_nodes_in_two_dimensions": tree(dtc, lambda n: n[:4].reshape(2, 2)),
    "tree_nodes_without_thresholds": tree(dtc, lambda n: n[[f for f in n.dtype.names if f != "threshold"]].copy()),
    "tree_nodes_none": with_(dtc, tree_=Reduced(Tree, (2, np.array([1]), 1), {"nodes": None})),
    "tree_of_another_class": tree(dtc, kind=foreign("sklearn.tree._fast", "Tree").__class__),
    "tree_none": with_(dtc, tree_=None),
    "tree_regression_of_two": tree(dtr, values=np.ones((5, 1, 2))),
    "forest_without_trees": with_(rf, estimators_=[]),
    "forest_of_a_number": with_(rf, estimators_=3),
    "forest_of_linear_models": with_(rf, estimators_=[lr]),
    "boosting_stages_flat": with_(gbc, estimators_=gbc.estimators_.ravel()),
    "boosting_stages_of_two": with_(gbc, estimators_=np.repeat(gbc.estimators_, 2, axis=1)),
    "boosting_stages_as_list": with_(gbc, estimators_=[[gbc.estimators_[0, 0]]]),
    "boosting_none_in_stage": with_(gbc, estimators_=np.array([[None]], dtype=object)),
    "boosting_rate_text": with_(gbc, learning_rate="fast"),
    "boosting_rate_infinite": with_(gbc, learning_rate=np.inf),
    "boosting_prior_of_three": with_(gbc, init_=with_(gbc.init_, class_prior_=np.ones(3) / 3)),
    "boosting_prior_nan": with_(gbc, init_=with_(gbc.init_, class_prior_=np.array([1, np.nan]))),
    "boosting_constant_of_two": with_(gbr, init_=with_(gbr.init_, constant_=np.ones((1, 2)))),
    # ---- histogram boosting
    "hist_three_trees_of_two_classes": with_(hgb, n_trees_per_iteration_=3),
    "hist_iteration_too_short": with_(hgb3, _predictors=[hgb3._predictors[0][:2]]),
    "hist_iteration_none": with_(hgb, _predictors=[None]),
    "hist_baseline_of_two": with_(hgb, _baseline_prediction=np.ones((1, 2))),
    "hist_baseline_nan": with_(hgb, _baseline_prediction=np.array([[np.nan]])),
    "hist_child_out_of_range": hist(hgb, node(0, left=4_000_000_000)),
    "hist_child_itself": hist(hgb, node(0, right=0)),
    "hist_feature_past_the_end": hist(hgb, node(0, feature_idx=2)),
    "hist_threshold_nan": hist(hgb, node(0, num_threshold=np.nan)),
    "hist_value_infinite": hist(hgb, node(1, value=np.inf)),
    "hist_set_out_of_range": hist(codes, node(0, bitset_idx=1)),
    "hist_categories_of_a_number": hist(codes, node(0, feature_idx=1)),
    "hist_sets_too_narrow": hist(codes, raw_left_cat_bitsets=np.zeros((1, 7), np.uint32)),
    "hist_sets_missing": hist(codes, raw_left_cat_bitsets=None),
    "hist_categories_of_three_columns": mapper(codes, is_categorical_=np.ones(3, np.uint8)),
    "hist_category_256": mapper(codes, bin_thresholds_=[np.array([0.0, 256]), np.array([0.5])]),
    "hist_category_negative": mapper(codes, bin_thresholds_=[np.array([-1.0]), np.array([0.5])]),
    "hist_category_nan": mapper(codes, bin_thresholds_=[np.array([np.nan]), np.array([0.5])]),
    "hist_category_lists_too_few": mapper(codes, bin_thresholds_=[]),
    "hist_encoder_out_of_range": with_(codes, _preprocessor=with_(
        codes._preprocessor, _transformer_to_input_indices={"encoder": [70_000], "numerical": [1]})),
    # ---- encoders and columns
    "onehot_of_two_columns": encoder(one, categories_=[np.array([1.0]), np.array([2.0])]),
    "onehot_category_twice": encoder(one, 2, categories_=[np.array([1.0, 1.0])]),
    "onehot_text_twice": encoder(texts, 2, categories_=[np.array(["a", "a"], dtype=object)]),
    "onehot_category_list": encoder(one, categories_=[[[1.0]]]),
    "onehot_drop_out_of_range": encoder(one, _drop_idx_after_grouping=np.array([9], dtype=object)),
    "onehot_drop_of_two": encoder(one, _drop_idx_after_grouping=np.array([0, 0], dtype=object)),
    "onehot_drop_negative": encoder(one, _drop_idx_after_grouping=np.array([-1], dtype=object)),
    "ordinal_unknown_value_text": encoder(ordinal, unknown_value="x"),
    "column_out_of_range": indices(size=[2]),
    "column_negative": indices(size=[-3]),
    "column_as_text": indices(size=["width"]),
    "column_slice": indices(size=slice(0, 2, 2)),
    "column_mask": indices(size=[True]),
    "columns_of_a_part_missing": step("ct", _transformer_to_input_indices={}),
    "parts_without_names": step("ct", transformers_=[plans[0].named_transformers_["code"]]),
    "parts_missing": step("ct", transformers_=None),
    # ---- files that say little and ask for much
    "bomb_fan_of_pipelines": deep_fan(15, 40, lr),
    "bomb_trees": with_(rf, estimators_=repeated(rf.estimators_)),
    "bomb_iterations": with_(hgb, _predictors=repeated(hgb._predictors)),
    "bomb_scalers": Pipeline(repeated([("again", scaled[0])])),
    "bomb_categories": encoder(with_(ordinal, n_features_in_=wide), wide, categories_=repeated([np.arange(2000, dtype=np.int16)])),
    "bomb_names": with_(lr, n_features_in_=wide, feature_names_in_=repeated(["n" * 3000])),
    "bomb_classes": with_(dtc, classes_=repeated(["c" * 3000])),
    "bomb_parts": step("ct", transformers_=repeated(plans[0].transformers_[:1])),
}

for old in HERE.glob("*.pkl"):
    old.unlink()
for name, made in CASES.items():
    (HERE / f"{name}.pkl").write_bytes(pickle.dumps(made, protocol=3))  # without frames, so that a bomb can be filled

import make_ensembles  # noqa: E402, F401  writes the ensemble_*.pkl
import make_texts  # noqa: E402, F401  writes the text_*.pkl
