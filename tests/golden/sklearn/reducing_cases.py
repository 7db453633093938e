"""Golden cases of scikit-learn's transformers that change distributions, mix columns or select some of them."""
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import (RFE, GenericUnivariateSelect, SelectFdr, SelectFpr, SelectFromModel, SelectFwe,
                                       SelectKBest, SelectPercentile, SequentialFeatureSelector, VarianceThreshold,
                                       f_classif, mutual_info_classif)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (Binarizer, KBinsDiscretizer, Normalizer, PolynomialFeatures, PowerTransformer,
                                   QuantileTransformer, StandardScaler)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from cases import Case, encoded, gbc, hgb, lr, one_hot, three, two
from tables import NUMBERS, array, array_holes, classes, frame, holes, mixed, mixed_holes, unnamed

FUNCTIONS = ["tolerance: 1e-12 (logarithms, powers and normal quantiles of numpy and scipy; BLAS)"]
BLAS = ["tolerance: 1e-12 (BLAS adds the products in an order of its own)"]


def few(): return gbc(n_estimators=20)
def few_hgb(): return hgb(max_iter=15)
def positive(t, seed): return unnamed(t[NUMBERS].assign(balance=t.balance.abs() + 1, tenure_months=t.tenure_months + 1))
def float32(t, seed): return array(t, seed).astype("float32")
def steps(t, seed): return unnamed(t[NUMBERS].assign(age=t.age // 10, ratio=0.25))  # repeated values, a constant
def quantiles(**options): return QuantileTransformer(**({"n_quantiles": 100, "random_state": 0} | options))
def bins(**options): return KBinsDiscretizer(**options)


def small_lr(): return LogisticRegression(max_iter=3000)
def small_forest(): return RandomForestClassifier(10, max_depth=4, random_state=0, n_jobs=1)
def l1(): return LogisticRegression(penalty="l1", solver="liblinear", C=0.05)


SELECTORS = [
    ("variance", "columns that vary", array_holes, lambda: VarianceThreshold(), ""),
    ("variance_much", "columns that vary much", array, lambda: VarianceThreshold(200.0), ""),
    ("k_best", "the three best columns", array, lambda: SelectKBest(f_classif, k=3), ""),
    ("k_all", "all columns", array, lambda: SelectKBest(f_classif, k="all"), ""),
    ("k_nan", "a column without a score", steps, lambda: SelectKBest(f_classif, k=5), ""),
    ("percentile", "the better half", frame, lambda: SelectPercentile(f_classif, percentile=50), ""),
    ("percentile_third", "the best third", array, lambda: SelectPercentile(f_classif, percentile=34), ""),
    ("fpr", "by false positives", array, lambda: SelectFpr(alpha=0.01), ""),
    ("fdr", "by false discoveries", array, lambda: SelectFdr(alpha=0.01), ""),
    ("fwe", "by family-wise errors", array, lambda: SelectFwe(alpha=0.01), ""),
    ("generic", "the two best columns, generically", array, lambda: GenericUnivariateSelect(mode="k_best", param=2), ""),
    ("model_lr", "weights above their mean", array, lambda: make_pipeline(StandardScaler(), SelectFromModel(small_lr())), ""),
    ("model_three", "norms of three rows of weights", array, lambda: make_pipeline(
        StandardScaler(), SelectFromModel(LinearSVC(random_state=0), norm_order=2, threshold="0.9*mean")), ""),
    ("model_l1", "weights that are not 0", array, lambda: make_pipeline(StandardScaler(), SelectFromModel(l1())), "old"),
    ("model_l1_given", "weights above a number", array, lambda: make_pipeline(
        StandardScaler(), SelectFromModel(small_lr(), threshold=0.05)), ""),
    ("model_forest", "importances above their median", array, lambda: SelectFromModel(small_forest(), threshold="median"), ""),
    ("model_trees", "importances above 1.25 times the mean", array, lambda: SelectFromModel(
        ExtraTreesClassifier(10, max_depth=4, random_state=0), threshold="1.25*mean"), ""),
    ("model_tree", "importances of one tree", array, lambda: SelectFromModel(DecisionTreeClassifier(max_depth=3, random_state=0)), ""),
    ("model_gbc", "the two most important columns", array, lambda: SelectFromModel(
        GradientBoostingClassifier(n_estimators=5, random_state=0), max_features=2, threshold=-np.inf), ""),
    ("rfe", "columns eliminated one by one", frame, lambda: RFE(small_forest(), n_features_to_select=3), ""),
    ("sequential", "columns added one by one", array, lambda: SequentialFeatureSelector(
        DecisionTreeClassifier(max_depth=2, random_state=0), n_features_to_select=2, cv=2), ""),
]

REDUCING = [
    *(Case(f"quantile_{name}", text, given, two, make, tolerances=tolerances)
      for name, text, given, make, tolerances in [
          ("gbc", "uniform quantiles", frame, lambda: make_pipeline(quantiles(), few()), None),
          ("hgb", "uniform quantiles of columns with holes", array_holes, lambda: make_pipeline(quantiles(), hgb(max_iter=15)), None),
          ("steps_gbc", "repeated quantiles", steps, lambda: make_pipeline(quantiles(n_quantiles=50), few()), None),
          ("float32_gbc", "fitted on float32", float32, lambda: make_pipeline(quantiles(), few()), None),
          ("normal_lr", "normal quantiles", array, lambda: make_pipeline(quantiles(output_distribution="normal"), lr()), FUNCTIONS)]),
    *(Case(f"power_{name}", text, given, two, make, tolerances=FUNCTIONS)
      for name, text, given, make in [
          ("lr", "Yeo-Johnson", frame, lambda: make_pipeline(PowerTransformer(), lr())),
          ("plain_lr", "Yeo-Johnson, not standardised", array, lambda: make_pipeline(PowerTransformer(standardize=False), StandardScaler(), lr())),
          ("box_cox_lr", "Box-Cox: of positive numbers", positive, lambda: make_pipeline(PowerTransformer(method="box-cox"), lr())),
          ("hgb", "Yeo-Johnson of columns with holes", array_holes, lambda: make_pipeline(PowerTransformer(), hgb(max_iter=15)))]),
    *(Case(f"bins_{name}_gbc", text, array, two, lambda options=options: make_pipeline(bins(**options), few()))
      for name, text, options in [
          ("ordinal", "the number of the bin", {"encode": "ordinal", "n_bins": 7}),
          ("onehot", "a column for each bin", {"n_bins": 4, "strategy": "uniform"}),
          ("dense", "a column for each bin, dense", {"encode": "onehot-dense", "n_bins": [2, 3, 4, 5, 6, 7]}),
          ("kmeans", "edges between clusters", {"encode": "ordinal", "strategy": "kmeans"})]),
    Case("binarizer_gbc", "above a threshold or not", array, two, lambda: make_pipeline(FeatureUnion(
        [("bits", Binarizer(threshold=40.0)), ("as is", "passthrough")]), few())),
    *(Case(f"polynomial_{name}", text, given, two, make, tolerances=tolerances, within=1e5)
      for name, text, given, make, tolerances in [
          ("gbc", "squares and products", frame, lambda: make_pipeline(PolynomialFeatures(), few()), None),
          ("cubes_lr", "up to three factors, no constant", array, lambda: make_pipeline(
              StandardScaler(), PolynomialFeatures(3, include_bias=False), lr()), BLAS),
          ("interactions_gbc", "products of different columns", array, lambda: make_pipeline(
              PolynomialFeatures(3, interaction_only=True), few()), None),
          ("least_gbc", "two and three factors", array, lambda: make_pipeline(PolynomialFeatures((2, 3)), few()), None),
          ("encoded_lr", "products of one-hot columns", mixed, lambda: make_pipeline(
              encoded(StandardScaler(), one_hot(), PolynomialFeatures(include_bias=False)), lr()), BLAS)]),
    *(Case(f"normalizer_{norm}_lr", f"rows divided by their {norm} norm", array, two,
           lambda norm=norm: make_pipeline(StandardScaler(), Normalizer(norm), lr()), tolerances=BLAS, within=1e5)
      for norm in ["l1", "l2", "max"]),
    *(Case(f"{name}", text, given, two, make, tolerances=BLAS, within=1e5)
      for name, text, given, make in [
          ("pca_lr", "three components", frame, lambda: make_pipeline(StandardScaler(), PCA(3), lr())),
          ("pca_whiten_lr", "whitened", array, lambda: make_pipeline(StandardScaler(), PCA(4, whiten=True), lr())),
          ("pca_raw_lr", "of values as they are", array, lambda: make_pipeline(PCA(5), StandardScaler(), lr())),
          ("pca_float32_lr", "fitted on float32", float32, lambda: make_pipeline(StandardScaler(), PCA(3), lr())),
          ("pca_impute_lr", "behind an imputer", array_holes, lambda: make_pipeline(SimpleImputer(), StandardScaler(), PCA(3), lr())),
          ("svd_lr", "singular vectors", array, lambda: make_pipeline(StandardScaler(), TruncatedSVD(3, random_state=0), lr()))]),
    *(Case(f"select_{name}_gbc", text, given, three if name == "model_three" else two,
           lambda make=make, last=few_hgb if name == "variance" else few: make_pipeline(make(), last()), only)
      for name, text, given, make, only in SELECTORS),
]

try:
    from sklearn.preprocessing import TargetEncoder

    REDUCING += [
        Case("target_lr", "categories stand for the mean of the target", mixed_holes, two, lambda: make_pipeline(ColumnTransformer(
            [("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
             ("strings", TargetEncoder(random_state=0), ["plan", "region", "campaign"])]), lr()), "new"),
        Case("target_three_gbc", "one number for each of three classes", mixed, three, lambda: encoded(
            StandardScaler(), TargetEncoder(random_state=0), few()), "new")]
except ImportError:
    pass
