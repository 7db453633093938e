"""Writes hostile LightGBM models: NAME.bin, and NAME.txt beside it with the exact message.

    python make.py FOLDER      the standard library is enough

Each is a small model with one thing wrong.
"""
import json, pathlib, pickle, sys, types

TREES = ["""Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=5 4
threshold=0.5 0
decision_type=10 1
left_child=-1 -2
right_child=1 -3
leaf_value=0.25 -0.5 0.75
leaf_weight=1 1 1
leaf_count=4 4 4
cat_boundaries=0 2
cat_threshold=5 1
is_linear=0
shrinkage=0.1
""", """Tree=1
num_leaves=2
num_cat=0
split_feature=0
split_gain=3
threshold=1.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=1 2
is_linear=1
leaf_const=0.5 0.25
num_features=0 2
leaf_features= 0 1
leaf_coeff= 3 4
shrinkage=0.1
"""]
HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=age plan
feature_infos=[0:9] -1:0:2:37
tree_sizes=200 201
"""
TAIL = """end of trees

feature_importances:
age=2

parameters:
[boosting: gbdt]
[categorical_feature: 1]
end of parameters

pandas_categorical:null
"""
GOOD = HEAD + "\n" + "\n\n".join(TREES) + "\n\n" + TAIL
CASES = {}


def case(name, text, message):
    assert name not in CASES, name
    CASES[name] = text if isinstance(text, bytes) else text.encode(), message


def edit(name, old, new, message):
    assert GOOD.count(old) == 1, (name, old, GOOD.count(old))
    case(name, GOOD.replace(old, new), message)


def line(text, of=GOOD):
    """The number of the line that starts with it."""
    return next(i for i, l in enumerate(of.split("\n"), 1) if l.startswith(text))


CUT = "; it is cut short"

# ---- the header
case("only_tree", "tree\n", "the text ends on line 1, before the first tree" + CUT)
case("no_trees", HEAD + "\n" + TAIL, "there is no tree in it: nothing was trained, or its trees were left out")
case("two_lines", "tree\ntree\n", "the text ends on line 2, before the first tree" + CUT)
edit("no_version", "version=v4\n", "", "line 1: no version=... follows")
edit("version_5", "version=v4", "version=v5", "line 2, version: 'v5'; v2, v3 and v4 are read (LightGBM 2 to 4)")
edit("version_twice", "label_index=0", "version=v4", "line 5, version: it stands on line 2 too")
edit("no_classes", "num_class=1\n", "", "line 1: no num_class=... follows")
edit("zero_classes", "num_class=1", "num_class=0", "line 3, num_class: 0; 1 to 2147483647 expected")
edit("classes_text", "num_class=1", "num_class=one", "line 3, num_class: 'one' is not a whole number")
edit("zero_trees_an_iteration", "num_tree_per_iteration=1", "num_tree_per_iteration=0",
     "line 4, num_tree_per_iteration: 0; 1 to 2147483647 expected")
edit("trees_an_iteration", "num_tree_per_iteration=1", "num_tree_per_iteration=3",
     f"line {line('end of trees')}: 2 trees before it, not a multiple of the 3 trees of an iteration")
edit("many_trees_an_iteration", "num_tree_per_iteration=1", "num_tree_per_iteration=2147483647",
     f"line {line('end of trees')}: 2 trees before it, not a multiple of the 2147483647 trees of an iteration")
edit("outputs_of_binary", "num_tree_per_iteration=1", "num_tree_per_iteration=2",
     "line 7, objective: 'binary' has one raw score, the trees give 2")
edit("no_feature_idx", "max_feature_idx=1\n", "", "line 1: no max_feature_idx=... follows")
edit("feature_idx_negative", "max_feature_idx=1", "max_feature_idx=-1", "line 6, max_feature_idx: -1; 0 to 1048575 expected")
edit("feature_idx_billion", "max_feature_idx=1", "max_feature_idx=1000000000",
     "line 6, max_feature_idx: 1000000000; 0 to 1048575 expected")
edit("feature_idx_large", "max_feature_idx=1", "max_feature_idx=1000000",
     "line 6, max_feature_idx: 1000000, more features than feature_names on line 8 has")
edit("feature_idx_overflow", "max_feature_idx=1", "max_feature_idx=99999999999999999999999",
     "line 6, max_feature_idx: 99999999999999999999999; 0 to 1048575 expected")
edit("no_names", "feature_names=age plan\n", "", "line 1: no feature_names=... follows")
edit("names_of_one", "feature_names=age plan", "feature_names=aaage",
     "line 8, feature_names: 1 words for 2 features (max_feature_idx=1)")
edit("names_of_three", "feature_names=age plan", "feature_names=age plan x",
     "line 8, feature_names: 3 words for 2 features (max_feature_idx=1)")
edit("names_twice", "feature_names=age plan", "feature_names=age age", "line 8, feature_names: two features are named 'age'")
case("names_not_utf8", GOOD.replace("age plan", "ageX plan").encode().replace(b"ageX", b"age\xff"),
     "line 8, feature_names: 'age\\xff' is not UTF-8")
edit("no_infos", "feature_infos=[0:9] -1:0:2:37\n", "", "line 1: no feature_infos=... follows")
edit("infos_of_one", "feature_infos=[0:9] -1:0:2:37", "feature_infos=[0:9]",
     "line 9, feature_infos: 1 words for 2 features (max_feature_idx=1)")
edit("objective_unknown", "objective=binary sigmoid:1", "objective=magic sigmoid:1", "line 7, objective: 'magic' is not known here")
edit("objective_empty", "objective=binary sigmoid:1", "objective=", "line 7, objective: '' is not known here")
edit("no_sigmoid", "objective=binary sigmoid:1", "objective=binary", "line 7, objective: no sigmoid:... stands there")
for name, value in [("zero", "0"), ("negative", "-1"), ("text", "steep"), ("nan", "nan"), ("behind", "1x")]:
    edit(f"sigmoid_{name}", "sigmoid:1", f"sigmoid:{value}", f"line 7, objective: 'sigmoid:{value}'; a number above 0 expected")
edit("one_class", "objective=binary sigmoid:1", "objective=multiclass num_class:1",
     "line 7, objective: num_class is 1, the trees give 1 raw scores")
edit("classes_of_objective", "objective=binary sigmoid:1", "objective=multiclass num_class:3",
     "line 7, objective: num_class is 3, the trees give 1 raw scores")
edit("tree_sizes_of_three", "tree_sizes=200 201", "tree_sizes=200 201 202", "line 10, tree_sizes: 3 sizes, 2 trees follow")

# ---- trees
edit("tree_lost", "Tree=1", "Tree=2", f"line {line('Tree=1')}, Tree: '2' is tree number 1 of the file; a tree is lost, or "
     "their order")
edit("tree_not_a_number", "Tree=1", "Tree=x", f"line {line('Tree=1')}, Tree: 'x' is tree number 1 of the file; a tree is lost, or "
     "their order")
edit("line_between_trees", "shrinkage=0.1\n\n\nTree=1", "shrinkage=0.1\n\nhello\nTree=1",
     f"line {line('Tree=1') - 1}: 'hello' stands where a tree starts or 'end of trees'")
edit("line_in_a_tree", "split_gain=5 4", "split_gain 5 4",
     f"line {line('split_gain=5 4')}: 'split_gain 5 4' stands in a tree, where all lines are name=value")
edit("field_twice", "split_gain=5 4", "num_leaves=3", f"line {line('split_gain=5')}, num_leaves: it stands on line 13 too")
FIRST, SECOND = line("Tree=0"), line("Tree=1")
for key in ("num_leaves=3", "split_feature=0 1", "threshold=0.5 0", "left_child=-1 -2", "right_child=1 -3",
            "leaf_value=0.25 -0.5 0.75", "cat_boundaries=0 2", "cat_threshold=5 1", "leaf_const=0.5 0.25",
            "num_features=0 2", "leaf_features= 0 1", "leaf_coeff= 3 4"):
    name = key.split("=")[0]
    tree = SECOND if name in ("leaf_const", "num_features", "leaf_features", "leaf_coeff") else FIRST
    edit(f"no_{name}", key + "\n", "", f"line {tree}: the tree has no {name}")


def field(name, old, new, what, at=None):
    """`at`: the start of the line that the message names; None: the one that is edited."""
    at = at or old
    edit(name, old, new, f"line {line(at)}, {at.split('=')[0].split(':')[0]}: {what}")


field("no_leaves", "num_leaves=3", "num_leaves=0", "0; 1 to 1073741823 expected")
field("leaves_billion", "num_leaves=3", "num_leaves=1000000000", f"1000000000, more than leaf_value on line {line('leaf_value=0.25')} has")
field("leaves_2_to_31", "num_leaves=3", "num_leaves=2147483648", "2147483648; 1 to 1073741823 expected")
field("leaves_of_two_values", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.250 -0.5", "2 numbers, 3 expected")
field("leaves_of_four_values", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 0.75 1", "4 numbers, 3 expected")
field("leaf_text", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 high", "'high' is not a number")
field("leaf_nan", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 nan", "'nan' is not a finite number")
field("leaf_infinite", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 -inf", "'-inf' is not a finite number")
field("leaf_too_large", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 1e999", "'1e999' is not a finite number")
field("leaf_long", "leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 " + "x" * 100, f"'{'x' * 40}...' is not a number")
field("threshold_nan", "threshold=0.5 0", "threshold=nan 0", "'nan' is not a finite number")
field("set_infinite", "threshold=0.5 0", "threshold=0.5 inf", "split 1 takes category set inf of 1")
field("threshold_hexadecimal", "threshold=0.5 0", "threshold=0x5 0", "'0x5' is not a number")
field("feature_past_the_end", "split_feature=0 1", "split_feature=0 2", "2; 0 to 1 expected")
field("feature_negative", "split_feature=0 1", "split_feature=-1 1", "-1; 0 to 1 expected")
field("feature_fraction", "split_feature=0 1", "split_feature=0.5 1", "'0.5' is not a whole number")
field("decision_type_16", "decision_type=10 1", "decision_type=16 1", "16; 0 to 11 expected")
field("missing_type_3", "decision_type=10 1", "decision_type=12 1", "12; 0 to 11 expected")
field("decision_type_negative", "decision_type=10 1", "decision_type=-118 1", "-118; 0 to 11 expected")
field("child_past_the_end", "right_child=1 -3", "right_child=2 -3", "2; -3 to 1 expected")
field("leaf_past_the_end", "right_child=1 -3", "right_child=1 -4", "-4; -3 to 1 expected")
edit("child_itself", "right_child=1 -3", "right_child=0 -3", f"line {FIRST}: split 0 of the tree is a child twice")
edit("child_shared", "left_child=-1 -2", "left_child=1 -2", f"line {FIRST}: split 1 of the tree is a child twice")
edit("leaf_shared", "left_child=-1 -2", "left_child=-1 -1", f"line {FIRST}: leaf 0 of the tree is a child twice")
edit("cycle", "left_child=-1 -2", "left_child=-1 0", f"line {FIRST}: split 0 of the tree is a child twice")
case("split_lost", GOOD.replace("left_child=-1 -2", "left_child=-1 1").replace("right_child=1 -3", "right_child=-2 -3"),
     f"line {FIRST}: split 1 of the tree is nobody's child")
field("set_past_the_end", "threshold=0.5 0", "threshold=0.5 1", "split 1 takes category set 1 of 1")
field("set_negative", "threshold=0.5 0", "threshold=0.5 -1", "split 1 takes category set -1 of 1")
field("set_fraction", "threshold=0.5 0", "threshold=0.5 0.5", "split 1 takes category set 0.5 of 1")
case("set_without_sets", GOOD.replace("num_cat=1", "num_cat=0", 1),
     f"line {line('threshold=0.5 0')}, threshold: split 1 takes category set 0 of 0")
field("sets_billion", "num_cat=1", "num_cat=1000000000", "2 numbers, 1000000001 expected", "cat_boundaries=0 2")
field("boundaries_of_three", "cat_boundaries=0 2", "cat_boundaries=0 1 2", "3 numbers, 2 expected")
field("boundaries_from_one", "cat_boundaries=0 2", "cat_boundaries=1 2", "starts with 1, 0 expected")
field("boundaries_negative", "cat_boundaries=0 2", "cat_boundaries=0 -2", "-2; 0 to 1073741823 expected")
case("boundaries_descend", GOOD.replace("num_cat=1", "num_cat=2", 1).replace("cat_boundaries=0 2", "cat_boundaries=0 2 1"),
     f"line {line('cat_boundaries')}, cat_boundaries: 1 stands behind 2; they ascend")
field("words_of_three", "cat_threshold=5 1", "cat_threshold=5 1 1", "3 numbers, 2 expected")
field("words_billion", "cat_boundaries=0 2", "cat_boundaries=0 1000000000", "2 numbers, 1000000000 expected",
      "cat_threshold=5 1")
field("word_too_large", "cat_threshold=5 1", "cat_threshold=5 4294967296", "4294967296; 0 to 4294967295 expected")
case("linear_2", GOOD.replace("is_linear=1", "is_linear=2"), f"line {line('is_linear=1')}, is_linear: 2; 0 to 1 expected")
field("linear_nan", "leaf_const=0.5 0.25", "leaf_const=0.5 nan", "'nan' is not a finite number")
field("linear_terms_negative", "num_features=0 2", "num_features=0 -2", "-2; 0 to 3 expected")
field("linear_terms_billion", "num_features=0 2", "num_features=0 1000000000", "1000000000; 0 to 3 expected")
field("linear_features_of_three", "leaf_features= 0 1", "leaf_features= 0 1 1", "3 numbers, 2 expected")
field("linear_feature_past_the_end", "leaf_features= 0 1", "leaf_features= 0 2", "2; 0 to 1 expected")
field("linear_weights_of_one", "leaf_coeff= 3 4", "leaf_coeff= 3", "1 number, 2 expected")
field("linear_weight_infinite", "leaf_coeff= 3 4", "leaf_coeff= 3 inf", "'inf' is not a finite number")

# ---- cut short, and what follows the trees
case("cut_in_a_tree", GOOD[:GOOD.index("right_child=-2\n")], f"line {SECOND}: the tree has no leaf_value")
case("cut_between_trees", GOOD[:GOOD.index("Tree=1") - 1],
     f"the text ends on line {SECOND - 2}, in or behind tree 0, without 'end of trees'" + CUT)
case("cut_behind_the_trees", GOOD[:GOOD.index("feature_importances")],
     f"the text ends on line {line('end of trees') + 1} without 'end of parameters'" + CUT)
case("cut_in_the_parameters", GOOD[:GOOD.index("[categorical_feature")],
     f"the text ends on line {line('[boosting')} without 'end of parameters'" + CUT)
case("cut_in_pandas", GOOD[:GOOD.index("_categorical:null")],
     f"line {line('pandas_categorical')}: 'pandas' is the start of pandas_categorical:; the text is cut short")
field("pandas_cut", "pandas_categorical:null", 'pandas_categorical:[["a",', "byte 6: the document ends where a value was expected")
PANDAS = [
    ("not_json", "hello", "byte 0: expected a value, found 'h'"),
    ("object", '{"plan": []}', "a list of lists of categories was expected"),
    ("number", "3", "a list of lists of categories was expected"),
    ("flat", '["a","b"]', "a list of lists of categories was expected"),
    ("deep", '[[["a"]]]', "a list in a list of categories"),
    ("very_deep", "[" * 1000 + "]" * 1000, "a list in a list of categories"),
    ("null", '[["a",null]]', "null among the categories"),
    ("mixed", '[["a",1]]', "list 0 has texts and numbers; the categories of a column are one or the other"),
    ("mixed_back", '[[1,"a"]]', "list 0 has texts and numbers; the categories of a column are one or the other"),
    ("too_few", '[["a","b"]]', "list 0 has 2 categories, and feature 'plan', whose they would be, is -1:0:2:37"),
    ("ordered", '[["a","b","c","d","e","f","g","h","i","j"],' + json.dumps([str(i) for i in range(38)]) + ',["a"]]',
     "categories of 3 columns, 1 columns were trained as categorical, and the file does not tell which are which (ordered "
     "categories?); train with unordered categories, or on numbers"),
]
for name, value, message in PANDAS:
    edit(f"pandas_{name}", "pandas_categorical:null", "pandas_categorical:" + value,
         f"line {line('pandas_categorical')}, pandas_categorical: {message}")
edit("pandas_twice", "pandas_categorical:null", "pandas_categorical:" + json.dumps([["a"] * 38]),
     "step 1 (columns): part 2 \"categories\": step 1 (ordinal): column 0: category \"a\" stands there twice")

# ---- pickles
for module, names in {"lightgbm": [], "lightgbm.basic": ["Booster"],
                      "lightgbm.sklearn": ["LGBMClassifier", "LGBMRegressor", "LGBMRanker"]}.items():
    sys.modules[module] = types.ModuleType(module)
    for name in names:
        setattr(sys.modules[module], name, type(name, (), {"__module__": module}))
GIVEN = GOOD.replace("binary sigmoid:1", "regression")


def pickled(name, **state):
    module = "basic" if name == "Booster" else "sklearn"
    it = getattr(sys.modules[f"lightgbm.{module}"], name)()
    vars(it).update(state)
    return it


def booster(text, **state): return pickled("Booster", _handle=text, best_iteration=-1, **state)
def dump(name, it, message): case("pickle_" + name, pickle.dumps(it, 4), message)


HANDLE = "Booster._handle: "
WRAPPED = "._Booster._handle: "
dump("never_fitted", pickled("LGBMClassifier", _Booster=None), "LGBMClassifier: it has no _Booster: it was never fitted")
dump("without_text", pickled("Booster", best_iteration=1), "Booster: it holds no text of its trees; save it with LightGBM 3.3 or later")
dump("text_none", pickled("Booster", _handle=None), "Booster: it holds no text of its trees; save it with LightGBM 3.3 or later")
dump("text_number", booster(3), HANDLE + "found the int 3, expected a text")
dump("text_bytes", booster(b"tree"), HANDLE + "found 4 bytes, expected a text")
dump("text_empty", booster(""), HANDLE + "line 1: it is not 'tree', with which a LightGBM model starts")
dump("text_cut", booster(GOOD[:60]), HANDLE + "the text ends on line 5, before the first tree" + CUT)
dump("of_another_class", pickled("LGBMRegressor", _Booster=pickled("LGBMRanker")),
     "LGBMRegressor._Booster: found an object of class lightgbm.sklearn.LGBMRanker, expected a lightgbm.basic.Booster")
dump("best_iteration_text", pickled("Booster", _handle=GOOD, best_iteration="all"),
     "Booster.best_iteration: found the text 'all', expected an integer")
dump("no_labels", pickled("LGBMClassifier", _Booster=booster(GOOD), _objective="binary"),
     "LGBMClassifier: no attribute '_classes' (there are: _Booster, _objective); was it fitted before it was saved?")
dump("three_labels", pickled("LGBMClassifier", _Booster=booster(GOOD), _objective="binary", _classes=[0, 1, 2]),
     "LGBMClassifier" + WRAPPED + "line 7, objective: the trees tell 2 classes apart, the classifier has 3")
dump("classifier_of_numbers", pickled("LGBMClassifier", _Booster=booster(GIVEN), _objective="regression", _classes=[0, 1]),
     "LGBMClassifier" + WRAPPED + "line 7, objective: 'regression' gives no probabilities, in an LGBMClassifier; save it as an "
     "LGBMRegressor")
dump("classifier_of_nothing", pickled("LGBMClassifier", _Booster=booster(GOOD.replace("objective=binary sigmoid:1\n", "")),
                                      _objective="none", _classes=[0, 1]),
     "LGBMClassifier" + WRAPPED + "the objective is custom or none, so that the classifier has no probabilities; save its booster_ "
     "instead, whose raw scores can be served")
dump("early_stop", pickled("LGBMClassifier", _Booster=booster(GOOD), _objective="binary", _classes=[0, 1],
                           _other_params={"pred_early_stop": True}),
     "LGBMClassifier._other_params['pred_early_stop']: predictions that stop early can't be served; make the model without this "
     "parameter")
case("dump_model", json.dumps({"name": "tree", "version": "v4", "tree_info": []}),
     "this is the JSON of LightGBM's dump_model(), which is made for people to read; save the model with "
     "booster.save_model('model.txt'), or pickle it")

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name, (data, message) in CASES.items():
        (folder / f"{name}.bin").write_bytes(data)
        (folder / f"{name}.txt").write_text(message + "\n")
    (folder / "good.model").write_text(GOOD)
    print(len(CASES), "cases")
