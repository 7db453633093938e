"""Golden cases of scikit-learn's transformers."""
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (FunctionTransformer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder,
                                   RobustScaler, StandardScaler)

from cases import Case, encoded, gbc, hgb, impute_scale, lr, one_hot, ordinal, three, two
from tables import NUMBERS, array, array_holes, classes, frame, holes, mixed, mixed_holes, unnamed

STRINGS = ["plan", "region", "campaign"]


# ---- tables ----------------------------------------------------------------------------------------------------------

def strings_holes(t, seed): return holes(t[["plan", "region", "campaign"]].assign(age=t.age.astype(float)), seed,
                                         ["plan", "region"])[["plan", "region", "campaign", "age"]]
def two_holes(t, seed): return unnamed(holes(t[NUMBERS], seed, ["income", "balance"]))
def minus_ones(t, seed): return array_holes(t, seed).fillna(-1)
def question_marks(t, seed):
    table = mixed_holes(t, seed)
    return table.assign(plan=table.plan.fillna("?"), region=table.region.fillna("?"))
def nothing(t, seed): return unnamed(t[NUMBERS].assign(tenure_months=np.nan))
def float32(t, seed): return array(t, seed).astype("float32")
def float32_holes(t, seed): return array_holes(t, seed).astype("float32")
def nested(t, seed): return mixed(t, seed)


def with_none(table): return table.astype(object).where(table.notna(), None)
def with_na(table):
    strings = [c for c in table if c in STRINGS]
    return table.assign(**{c: table[c].astype(object).where(table[c].notna(), pd.NA) for c in strings})


# ---- estimators ------------------------------------------------------------------------------------------------------

def few(): return gbc(n_estimators=20)
def text_impute(**options): return make_pipeline(SimpleImputer(**({"strategy": "most_frequent"} | options)), one_hot())
def of_strings(strings, last, columns=STRINGS): return make_pipeline(ColumnTransformer([("strings", strings, columns)]), last)
def infrequent(**options): return OneHotEncoder(**({"handle_unknown": "infrequent_if_exist", "min_frequency": 90} | options))
def half(x): return x / 2


COLUMN_FORMS = [
    ("slice", "columns by slices of positions", array,
     lambda: ColumnTransformer([("a", StandardScaler(), slice(0, 3)), ("b", MinMaxScaler(), slice(-2, None))])),
    ("names", "columns by slices of names, a pandas Index and a scalar", mixed,
     lambda: ColumnTransformer([("a", StandardScaler(), slice("age", "tenure_months")),
                                ("b", one_hot(), pd.Index(["plan", "region"])),
                                ("c", MinMaxScaler(), ["ratio"])])),
    ("mask", "columns by a mask of bools, as array and as list", array,
     lambda: ColumnTransformer([("a", StandardScaler(), np.array([True, False, True, False, False, True])),
                                ("b", RobustScaler(), [False, True, False, True, False, False])])),
    ("negative", "columns counted from the end", array,
     lambda: ColumnTransformer([("a", StandardScaler(), [-1, 0, -3]), ("b", "passthrough", [1])])),
    ("selector", "columns by callables", mixed,
     lambda: ColumnTransformer([("a", StandardScaler(), make_column_selector(dtype_include=np.number)),
                                ("b", one_hot(), make_column_selector(dtype_exclude=np.number))])),
    ("remainder", "the remaining columns passed through", array,
     lambda: ColumnTransformer([("a", StandardScaler(), [1, 4])], remainder="passthrough")),
    ("remainder_names", "the remaining columns passed through, by name", frame,
     lambda: ColumnTransformer([("a", StandardScaler(), ["income"])], remainder="passthrough")),
    ("remainder_scaled", "the remaining columns scaled", array,
     lambda: ColumnTransformer([("a", StandardScaler(), [1, 4]), ("b", "drop", [0])], remainder=MinMaxScaler())),
    ("weights", "a weight on the outputs of a part", mixed,
     lambda: ColumnTransformer([("a", StandardScaler(), NUMBERS), ("b", one_hot(), ["plan"])],
                               transformer_weights={"b": 0.25})),
    ("empty", "a part without columns, and a dropped one", array,
     lambda: ColumnTransformer([("a", StandardScaler(), []), ("b", MinMaxScaler(), [2, 3]), ("c", "drop", [0])])),
    ("nested", "a ColumnTransformer in a ColumnTransformer", mixed,
     lambda: ColumnTransformer([("numbers", ColumnTransformer([("a", StandardScaler(), ["age", "income"]),
                                                               ("b", "passthrough", ["ratio"])]), NUMBERS),
                                ("strings", one_hot(), ["campaign"])])),
    ("twice", "one column in two parts", frame,
     lambda: ColumnTransformer([("a", StandardScaler(), ["age", "income"]), ("b", MinMaxScaler(), ["income"])])),
    ("union", "a FeatureUnion with weights", array,
     lambda: FeatureUnion([("a", StandardScaler()), ("b", make_pipeline(RobustScaler(), MinMaxScaler())),
                           ("c", "drop")], transformer_weights={"b": 3.0})),
    ("union_passthrough", "a FeatureUnion that passes its columns through", array,
     lambda: FeatureUnion([("a", "passthrough"), ("b", MaxAbsScaler())])),
]


PREPROCESSING = [
    Case("text_impute_lr", "missing strings take the most frequent one", mixed_holes, two,
         lambda: encoded(impute_scale(), text_impute(), lr())),
    Case("text_impute_gbc", "missing strings take the most frequent one", mixed_holes, three,
         lambda: encoded(impute_scale(), text_impute(), few())),
    Case("text_constant_lr", "missing strings take a constant", mixed_holes, classes("no", "yes"),
         lambda: encoded(impute_scale(), text_impute(strategy="constant", fill_value="none"), lr())),
    Case("text_constant_default_hgb", "missing strings take the default constant, then a code", mixed_holes, two,
         lambda: encoded("passthrough", make_pipeline(SimpleImputer(strategy="constant"), ordinal()), hgb(max_iter=15))),
    Case("text_constant_closed_lr", "an imputed column whose encoder refuses unknown strings", mixed_holes, two,
         lambda: encoded(impute_scale(), make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), lr())),
    Case("text_none_lr", "None stands for a missing string", strings_holes, two,
         lambda: of_strings(text_impute(missing_values=None), lr()), shown=with_none),
    Case("text_na_lr", "pandas.NA stands for a missing string", strings_holes, two,
         lambda: of_strings(text_impute(missing_values=pd.NA), lr()), shown=with_na),
    Case("text_marker_lr", "a question mark stands for a missing string", question_marks, two,
         lambda: encoded(impute_scale(), text_impute(missing_values="?"), lr())),
    Case("text_marker_closed_lr", "the same; the encoder refuses unknown strings", question_marks, two,
         lambda: encoded(impute_scale(), make_pipeline(SimpleImputer(missing_values="?", strategy="most_frequent"),
                                                       OneHotEncoder()), lr())),
    Case("text_indicator_lr", "missing strings are filled and told of", mixed_holes, two,
         lambda: encoded(impute_scale(), ColumnTransformer(
             [("fill", text_impute(), [0, 1]), ("tell", MissingIndicator(features="all"), [0, 1])]), lr())),
    Case("object_impute_lr", "one imputer over numbers and strings", mixed_holes, two,
         lambda: make_pipeline(SimpleImputer(strategy="most_frequent"), ColumnTransformer(
             [("numbers", StandardScaler(), slice(0, 6)), ("strings", one_hot(), [-3, -2, -1])]), lr())),
    Case("marker_gbc", "-1 stands for a missing number", minus_ones, two,
         lambda: make_pipeline(SimpleImputer(missing_values=-1), few())),
    Case("marker_constant_lr", "-1 stands for a missing number; a constant takes its place", minus_ones, two,
         lambda: make_pipeline(SimpleImputer(missing_values=-1, strategy="constant", fill_value=0.5), StandardScaler(), lr())),
    *(Case(f"impute_{strategy}_gbc", f"missing numbers: {strategy}", array_holes, two,
           lambda strategy=strategy: make_pipeline(SimpleImputer(strategy=strategy), few()))
      for strategy in ["mean", "median", "most_frequent", "constant"]),
    Case("impute_float32_gbc", "fitted on float32", float32_holes, two, lambda: make_pipeline(SimpleImputer(), few())),
    Case("impute_constant_float32_gbc", "fitted on float32: the constant is rounded to it", float32_holes, two,
         lambda: make_pipeline(SimpleImputer(strategy="constant", fill_value=0.1), few())),
    Case("impute_indicator_gbc", "told of as well", array_holes, two,
         lambda: make_pipeline(SimpleImputer(add_indicator=True), few())),
    Case("impute_indicator_some_lr", "told of where the training data had holes", two_holes, two,
         lambda: make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), lr())),
    Case("indicator_union_gbc", "a FeatureUnion of imputer and indicator", array_holes, two,
         lambda: make_pipeline(FeatureUnion([("fill", SimpleImputer()), ("tell", MissingIndicator(features="all"))]), few())),
    Case("indicator_strict_hgb", "an indicator that refuses holes where the training data had none", two_holes, two,
         lambda: make_pipeline(FeatureUnion([("as is", "passthrough"), ("tell", MissingIndicator())]), hgb(max_iter=15))),
    Case("impute_empty_gbc", "a column without values is dropped", nothing, two,
         lambda: make_pipeline(SimpleImputer(), few())),
    Case("impute_keep_empty_gbc", "a column without values is kept", nothing, two,
         lambda: make_pipeline(SimpleImputer(keep_empty_features=True), few()), "new"),

    *(Case(f"{name}_gbc", f"behind a {type(make()).__name__}", given, two,
           lambda make=make: make_pipeline(make(), few()))
      for name, given, make in [
          ("minmax", frame, MinMaxScaler), ("minmax_range", array, lambda: MinMaxScaler((-3, 0.7))),
          ("minmax_clip", array, lambda: MinMaxScaler((0.1, 1.3), clip=True)), ("maxabs", array, MaxAbsScaler),
          ("robust", frame, RobustScaler), ("robust_variance", array, lambda: RobustScaler(unit_variance=True)),
          ("robust_no_centre", array, lambda: RobustScaler(with_centering=False)),
          ("robust_no_scale", array, lambda: RobustScaler(with_scaling=False)),
          ("minmax_float32", float32, MinMaxScaler), ("robust_float32", float32, RobustScaler),
          ("scaled_float32", float32, StandardScaler)]),
    *(Case(f"{name}_hgb", f"behind a {type(make()).__name__}, with missing values", array_holes, two,
           lambda make=make: make_pipeline(make(), hgb(max_iter=15)))
      for name, make in [("minmax_clip", lambda: MinMaxScaler(clip=True)), ("robust", RobustScaler), ("maxabs", MaxAbsScaler)]),
    Case("maxabs_clip_gbc", "clipped to [-1, 1]", array, two, lambda: make_pipeline(MaxAbsScaler(clip=True), few()), "new"),

    *(Case(f"onehot_{name}_gbc", text, mixed_holes, two,
           lambda make=make: encoded(impute_scale(), make(), few()))
      for name, text, make in [
          ("drop_first", "without the first category", lambda: OneHotEncoder(drop="first", handle_unknown="ignore")),
          ("drop_binary", "without the first of two categories",
           lambda: make_pipeline(SimpleImputer(strategy="constant", fill_value="basic"),
                                 OneHotEncoder(drop="if_binary", handle_unknown="ignore"))),
          ("infrequent", "rare categories, and unknown ones, share a column", infrequent),
          ("infrequent_most", "at most three columns", lambda: infrequent(min_frequency=None, max_categories=3)),
          ("infrequent_share", "rare by their share", lambda: infrequent(min_frequency=0.2)),
          ("infrequent_ignore", "rare categories share a column, unknown ones have none",
           lambda: infrequent(handle_unknown="ignore")),
          ("infrequent_drop", "rare categories share a column, the first is dropped", lambda: infrequent(drop="first")),
          ("float32", "zeros and ones in float32", lambda: OneHotEncoder(dtype=np.float32, handle_unknown="ignore"))]),
    Case("onehot_drop_given_lr", "without given categories; others are refused", mixed, two,
         lambda: encoded(StandardScaler(), OneHotEncoder(drop=["premium", "south"]), lr())),
    Case("onehot_warn_lr", "unknown categories count as rare ones, with a warning", mixed, two,
         lambda: encoded(StandardScaler(), infrequent(handle_unknown="warn"), lr()), "new"),
    Case("onehot_numbers_gbc", "categories that are numbers", lambda t, seed: unnamed(
        pd.DataFrame({"a": t.age // 10, "b": t.tenure_months // 12, "c": t.ratio})), two,
        lambda: make_pipeline(ColumnTransformer([("codes", one_hot(), [0, 1])], remainder="passthrough"), few())),
    *(Case(f"ordinal_{name}_hgb", text, mixed_holes, two,
           lambda make=make: encoded("passthrough", make(), hgb(max_iter=15)), only)
      for name, text, make, only in [
          ("unknown_nan", "unknown categories are missing values", lambda: OrdinalEncoder(
              handle_unknown="use_encoded_value", unknown_value=np.nan), ""),
          ("missing", "a code for missing categories", lambda: OrdinalEncoder(
              handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), ""),
          ("infrequent", "rare categories share a code", lambda: OrdinalEncoder(
              handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=90), "new"),
          ("infrequent_most", "at most three codes; missing ones have one of their own", lambda: OrdinalEncoder(
              handle_unknown="use_encoded_value", unknown_value=99, max_categories=3, encoded_missing_value=77), "new")]),

    *(Case(f"function_{name}", text, given, two, make)
      for name, text, given, make in [
          ("log1p_lr", "logarithms of some columns", frame, lambda: make_pipeline(ColumnTransformer(
              [("log", FunctionTransformer(np.log1p), ["income", "age"])], remainder="passthrough"), StandardScaler(), lr())),
          ("log_gbc", "logarithms: 0 and below are refused", frame, lambda: make_pipeline(ColumnTransformer(
              [("log", FunctionTransformer(np.log), ["income"])], remainder="passthrough"), few())),
          ("sqrt_impute_gbc", "roots of negative numbers are missing, and then filled", array, lambda: make_pipeline(
              FunctionTransformer(np.sqrt), SimpleImputer(), few())),
          ("abs_log_lr", "functions of functions", array, lambda: make_pipeline(
              FunctionTransformer(np.abs), FunctionTransformer(np.log1p), StandardScaler(), lr())),
          ("square_gbc", "squares", array, lambda: make_pipeline(FunctionTransformer(np.square), few())),
          ("identity_gbc", "no function", array, lambda: make_pipeline(FunctionTransformer(), few())),
          ("validated_hgb", "no function, but nothing may be missing", array, lambda: make_pipeline(
              FunctionTransformer(validate=True), hgb(max_iter=15))),
          ("clip_gbc", "clipped by keyword arguments", array, lambda: make_pipeline(
              FunctionTransformer(np.clip, kw_args={"a_min": -10, "a_max": 1000.5}), few())),
          ("nan_to_num_gbc", "missing values are -7", array_holes, lambda: make_pipeline(
              FunctionTransformer(np.nan_to_num, kw_args={"nan": -7.0}), few())),
          ("exp_lr", "exponentials", array, lambda: make_pipeline(StandardScaler(), FunctionTransformer(np.exp), lr())),
          ("tanh_sin_lr", "bounded functions", array, lambda: make_pipeline(
              StandardScaler(), FeatureUnion([("tanh", FunctionTransformer(np.tanh)), ("cbrt", FunctionTransformer(np.cbrt)),
                                              ("sign", FunctionTransformer(np.sign))]), lr()))]),

    *(Case(f"columns_{name}_gbc", text, given, two, lambda make=make: make_pipeline(make(), few()))
      for name, text, given, make in COLUMN_FORMS),
    Case("columns_pandas_lr", "two ColumnTransformers; the second selects by the names of the first", mixed, two,
         lambda: make_pipeline(
             ColumnTransformer([("a", StandardScaler(), NUMBERS), ("b", "passthrough", ["plan"])]).set_output(transform="pandas"),
             ColumnTransformer([("c", MinMaxScaler(), ["a__income", "a__age"]), ("d", one_hot(), ["b__plan"])]), lr()), "new"),
    Case("columns_passed_text_lr", "strings passed through to a second ColumnTransformer", mixed, two,
         lambda: make_pipeline(ColumnTransformer([("a", "passthrough", ["plan", "age"]), ("b", StandardScaler(), ["income"])]),
                               ColumnTransformer([("c", one_hot(), [0]), ("d", "passthrough", [1, 2])]), lr())),
]
