"""Writes hostile XGBoost models: NAME.bin, and NAME.txt beside it with the exact message; and the models in which each has
one thing wrong, as good.json, good.ubj, good.legacy and good.pkl.

    python make.py FOLDER      the standard library is enough
"""
import copy, json, pathlib, pickle, struct, sys, types

CASES = {}
KNOWN = ("binary:hinge, binary:logistic, binary:logitraw, count:poisson, multi:softmax, multi:softprob, "
         "rank:map, rank:ndcg, rank:pairwise, reg:absoluteerror, reg:expectileerror, reg:gamma, reg:linear, "
         "reg:logistic, reg:pseudohubererror, reg:quantileerror, reg:squarederror, reg:squaredlogerror, "
         "reg:tweedie, survival:aft, survival:cox")


def tree(**changes):
    """f0 < 0.5, else the categories 2 and 33 of f1 to the right, else f1 < 1.5; a deleted node behind."""
    made = dict(
        id=0, tree_param=dict(num_deleted="1", num_feature="2", num_nodes="8", size_leaf_vector="1"),
        left_children=[1, -1, 3, 5, -1, -1, -1, -1], right_children=[2, -1, 4, 6, -1, -1, -1, -1],
        parents=[2147483647, 0, 0, 2, 2, 3, 3, 3], split_indices=[0, 0, 1, 1, 0, 0, 0, 0],
        split_conditions=[0.5, 1.25, 0.0, 1.5, -2.0, 4.0, 8.0, 99.0], default_left=[1, 0, 0, 1, 0, 0, 0, 0],
        split_type=[0, 0, 1, 0, 0, 0, 0, 0], base_weights=[0.0] * 8, loss_changes=[1.0] * 8, sum_hessian=[1.0] * 8,
        categories=[2, 33], categories_nodes=[2], categories_segments=[0], categories_sizes=[2])
    made.update(changes)
    return made


def model():
    return dict(version=[2, 1, 4], learner=dict(
        attributes={}, feature_names=["age", "plan"], feature_types=["float", "c"],
        learner_model_param=dict(base_score="2.5E-1", boost_from_average="1", num_class="0", num_feature="2", num_target="1"),
        objective=dict(name="reg:squarederror", reg_loss_param={}),
        gradient_booster=dict(name="gbtree", model=dict(
            gbtree_model_param=dict(num_parallel_tree="1", num_trees="2"), iteration_indptr=[0, 1, 2], tree_info=[0, 0],
            trees=[tree(), tree(id=1)]))))


def at(document, path):
    for key in path: document = document[key]
    return document


LEARNER = ("learner",)
PARAMETERS = ("learner", "learner_model_param")
BOOSTER = ("learner", "gradient_booster")
MODEL = ("learner", "gradient_booster", "model")
TREE = MODEL + ("trees", 1)


def changed(path, value):
    made = model()
    at(made, path[:-1])[path[-1]] = value
    return made


def without(path):
    made = model()
    del at(made, path[:-1])[path[-1]]
    return made


def text(document): return json.dumps(document, separators=(",", ":")).encode()


# ---- UBJSON

def size(n): return b"L" + struct.pack(">q", n)


def numbers(form, values):
    return b"[$" + form.encode() + b"#" + size(len(values)) + struct.pack(f">{len(values)}{dict(d='f', l='i', U='B', L='q')[form]}", *values)


FORMS = dict(left_children="l", right_children="l", parents="l", split_indices="l", split_conditions="d", default_left="U",
             split_type="U", base_weights="d", loss_changes="d", sum_hessian="d", categories="l", categories_nodes="l",
             categories_segments="L", categories_sizes="L")


def ubjson(value, key=""):
    if isinstance(value, bytes): return value
    if isinstance(value, dict):
        return b"{" + b"".join(size(len(k.encode())) + k.encode() + ubjson(v, k) for k, v in value.items()) + b"}"
    if isinstance(value, str): return b"S" + size(len(value.encode())) + value.encode()
    if key in FORMS: return numbers(FORMS[key], value)
    if isinstance(value, list): return b"[#" + size(len(value)) + b"".join(ubjson(v) for v in value)
    if isinstance(value, int): return b"L" + struct.pack(">q", value)
    return b"d" + struct.pack(">f", value)


# ---- the legacy binary form

def legacy(trees=2, nodes=3, width=0, booster=b"gbtree", objective=b"reg:squarederror", features=2, attributes=None, drop=()):
    out = b"binf" + struct.pack("<fIiiiIIIi", 0.25, features, 0, attributes is not None, 0, 1, 6, 1, 0) + bytes(100)
    for name in (objective, booster): out += struct.pack("<Q", len(name)) + name
    if booster == b"gblinear":
        return out + bytes(136) + struct.pack("<Q3f", 3, 1, 2, 3)
    out += struct.pack("<ii", trees, 1) + bytes(152)
    for _ in range(2):
        out += struct.pack("<6i", 1, nodes, 0, 0, features, width) + bytes(124)
        out += struct.pack("<iiiIf", -1, 1, 2, 1 << 31, 0.5)  # x0 < 0.5, missing to the left
        out += struct.pack("<iiiIf", 0, -1, -1, 0, 1.25) + struct.pack("<iiiIf", 0, -1, -1, 0, -2.0) + bytes(3 * 16)
    out += struct.pack("<2i", 0, 0)
    if booster == b"dart": out += struct.pack("<Q", len(drop)) + struct.pack(f"<{len(drop)}f", *drop)
    if attributes is not None:
        out += struct.pack("<Q", len(attributes))
        for pair in attributes:
            for word in pair: out += struct.pack("<Q", len(word)) + word
    return out


# ---- pickles

class Named:
    """Pickled as an instance of a class that is not here."""
    def __init__(self, module, name, state): self.module, self.name, self.state = module, name, state


def pickled(module, name, state):
    made = types.ModuleType(module)
    made.__dict__[name] = type(name, (), {"__module__": module})
    parts = module.split(".")
    for i in range(1, len(parts)): sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    sys.modules[module] = made

    def build(value):
        if not isinstance(value, Named): return value
        kind = type(value.name, (), {"__module__": value.module})
        holder = sys.modules.setdefault(value.module, types.ModuleType(value.module))
        setattr(holder, value.name, kind)
        instance = kind()
        instance.__dict__.update(value.state)
        return instance
    instance = made.__dict__[name]()
    instance.__dict__.update({k: build(v) for k, v in state.items()})
    return pickle.dumps(instance, 4)


def booster(handle, **state): return Named("xgboost.core", "Booster", dict(handle=handle, **state))
def wrapper(name="XGBRegressor", **state): return pickled("xgboost.sklearn", name, state)


def case(name, data, message):
    assert name not in CASES, name
    CASES[name] = (data if isinstance(data, bytes) else text(data)), message


# ---- JSON

J = text(model())
case("json_cut", J[:-1], "byte 1668: the JSON ends here, ',' or '}' expected; the file looks truncated")
case("json_cut_in_a_number", J[:J.index(b"1.25") + 2],
     "byte 725: the JSON ends here, a value expected; the file looks truncated")
case("json_cut_in_a_text", J[:J.index(b"age") + 2],
     "byte 66: the JSON ends here, the end of a text expected; the file looks truncated")
case("json_behind", J + b"x", "byte 1669: found 'x', the end of the file expected")
case("json_escape", J.replace(b'"age"', b'"a\\qe"'), "byte 63: a bad escape in this text")
case("json_utf8", J.replace(b'"age"', b'"a\xffe"'), "byte 65: found the byte ff, UTF-8 text expected")
case("json_word", J.replace(b"1.25", b"1.2x"), "byte 726: found 'x', ',' or ']' expected")
case("json_nothing", J.replace(b"1.25", b""), "byte 723: found ',', a value expected")
case("json_name", J.replace(b'"categories"', b'categories', 1), "byte 965: found 'c', a name in '\"' expected")
case("json_colon", J.replace(b'"categories":', b'"categories"', 1), "byte 977: found '[', ':' expected")
case("json_deep", b'{"learner":{"x":' + b"[" * 100, "byte 78: more than 64 objects and arrays inside of each other")
case("no_learner", {"version": [2, 1, 4]}, 'byte 18: there is no "learner", so it is no model of XGBoost')
case("learner_twice", J.replace(b'"version"', b'"learner":{},"version"'), 'byte 32: "learner" stands there twice')
case("learner_in_model_twice", b'{"Model":{"learner":{}},"learner":{}}', 'byte 34: learner: there is one in "Model" already')
case("learner_is_a_list", b'{"learner":[]}', "byte 11: learner: found an array, an object expected")
case("model_twice", changed(BOOSTER + ("gbtree",), {"model": {}}),
     "byte 1685: learner.gradient_booster.gbtree.model: it stands there a second time")
case("children_twice", J.replace(b'"default_left"', b'"left_children":[],"default_left"', 1),
     'byte 755: learner.gradient_booster.model.trees[0]: "left_children" stands there twice')
case("attribute_twice", J.replace(b'"attributes":{}', b'"attributes":{"a":"1","a":"2"}'),
     'byte 52: learner.attributes: "a" stands there twice')
case("weight_drop_twice", changed(BOOSTER, dict(name="dart", weight_drop=[1, 1], model=dict(model()["learner"]["gradient_booster"]["model"], weight_drop=[1, 1]))),
     "byte 1698: learner.gradient_booster.model.weight_drop: it stands there a second time")
case("no_version", without(("version",)), "the file has no version, and what its numbers mean depends on it")
case("version_of_two", changed(("version",), [2, 1]), "byte 15: version: three numbers expected")
case("version_text", changed(("version",), "2.1.4"), "byte 11: version: found a text, an array of numbers expected")
case("dump", b'[\n  { "nodeid": 0, "leaf": 0.5 }\n]',
     "this is a dump of XGBoost's trees, which lacks what a prediction needs; write the model with save_model")
case("dump_of_one_tree", b'  { "nodeid": 0, "leaf": 0.5 }',
     "this is a dump of XGBoost's trees, which lacks what a prediction needs; write the model with save_model")
case("dump_as_text", b"booster[0]:\n0:leaf=0.5\n",
     "this is a dump of XGBoost's trees, which lacks what a prediction needs; write the model with save_model")
case("dump_of_one_tree_as_text", b"0:[f0<0.5] yes=1,no=2,missing=2\n",
     "this is a dump of XGBoost's trees, which lacks what a prediction needs; write the model with save_model")

# ---- the learner's parameters
case("objective", changed(LEARNER + ("objective", "name"), "reg:mine"),
     f'the objective "reg:mine" can\'t be served; {KNOWN} can')
case("no_objective", without(LEARNER + ("objective",)), "there is no objective")
case("objective_number", changed(LEARNER + ("objective", "name"), 3),
     "byte 249: learner.objective.name: found a number, a text expected")
case("booster_unknown", changed(BOOSTER + ("name",), "gbforest"),
     "the booster \"gbforest\" can't be served; gbtree, dart and gblinear can")
case("base_score", changed(PARAMETERS + ("base_score",), "a half"),
     'byte 143: learner.learner_model_param.base_score: found the text "a half", a number or several expected')
case("base_score_list", changed(PARAMETERS + ("base_score",), "[0.5"),
     'byte 143: learner.learner_model_param.base_score: found the text "[0.5", a number or several expected')
case("base_score_number", changed(PARAMETERS + ("base_score",), 0.5),
     "byte 143: learner.learner_model_param.base_score: found a number, a text with a number or several expected")
case("base_scores", changed(PARAMETERS + ("base_score",), "[1,2,3]"), "base_score has 3 values, the model has 1 outputs")
case("base_score_nan", changed(PARAMETERS + ("base_score",), "nan"), "base_score nan can't be one of reg:squarederror")
case("no_base_score", without(PARAMETERS + ("base_score",)), "there is no base_score")
made = changed(PARAMETERS + ("base_score",), "1.5")
made["learner"]["objective"]["name"] = "binary:logistic"
case("base_score_of_logistic", made, "base_score 1.5 can't be one of binary:logistic")
case("num_feature_0", changed(PARAMETERS + ("num_feature",), "0"), "num_feature is 0; between 1 and 1048576 expected")
case("num_feature_large", changed(PARAMETERS + ("num_feature",), "2147483647"),
     "num_feature is 2147483647; between 1 and 1048576 expected")
case("num_feature_text", changed(PARAMETERS + ("num_feature",), "two"),
     'byte 207: learner.learner_model_param.num_feature: found the text "two", an integer expected')
case("num_feature_half", changed(PARAMETERS + ("num_feature",), 2.5),
     "byte 207: learner.learner_model_param.num_feature: an integer expected")
case("num_feature_million", dict(without(LEARNER + ("feature_names",)), learner=dict(without(LEARNER + ("feature_names",))["learner"], learner_model_param=dict(
    model()["learner"]["learner_model_param"], num_feature="1048576"))), "num_feature: up to here the model takes more than 4 times its file plus 64 MB of memory; the file is "
     "damaged or made to fill the memory")
case("num_class_negative", changed(PARAMETERS + ("num_class",), "-3"), "num_class is -3; between 0 and 1048576 expected")
case("num_class_large", changed(PARAMETERS + ("num_class",), "99999999999"),
     "num_class is 99999999999; between 0 and 1048576 expected")
case("num_target_large", changed(PARAMETERS + ("num_target",), "1048577"),
     "num_target is 1048577; between 0 and 1048576 expected")
made = model()
made["learner"]["objective"]["name"] = "multi:softprob"
case("one_class", made, "multi:softprob of 1 class")
case("feature_names_short", changed(LEARNER + ("feature_names",), ["age"]), "1 feature names for 2 features")
case("feature_names_equal", changed(LEARNER + ("feature_names",), ["age", "age"]),
     "two features are named 'age'; rename one before fitting")
case("feature_names_number", changed(LEARNER + ("feature_names",), ["age", 3]),
     "byte 69: learner.feature_names[1]: found a number, a text expected")
case("best_iteration", changed(LEARNER + ("attributes",), {"best_iteration": "7", "scikit_learn": "{}"}),
     "the attribute best_iteration is 7, the model has 2 iterations")
case("best_iteration_text", changed(LEARNER + ("attributes",), {"best_iteration": "x", "scikit_learn": "{}"}),
     'the attribute best_iteration is "x", a whole number expected')
case("scikit_learn", changed(LEARNER + ("attributes",), {"scikit_learn": "[]"}),
     "the attribute scikit_learn: byte 0: found an array, an object expected")
case("scikit_learn_cut", changed(LEARNER + ("attributes",), {"scikit_learn": '{"missing":'}),
     "the attribute scikit_learn: byte 11: the JSON ends here, a value expected; the file looks truncated")
case("attribute_number", changed(LEARNER + ("attributes",), {"a": 1}),
     "byte 48: learner.attributes: found a number, a text expected")
made = changed(LEARNER + ("attributes",), {"scikit_learn": '{"_estimator_type":"classifier","classes_":["a","b","c"]}'})
case("three_labels_of_two", made, "3 labels for 2 classes")
made = changed(LEARNER + ("attributes",), {"scikit_learn": '{"_estimator_type":"classifier"}'})
made["learner"]["objective"]["name"] = "count:poisson"
case("classifier_by_poisson", made,
     "a classifier with the objective count:poisson can't be served; fit it with binary:logistic or multi:softprob")

# ---- the forest
case("num_trees", changed(MODEL + ("gbtree_model_param", "num_trees"), "3"), "num_trees is 3, there are 2 trees")
case("num_parallel_tree", changed(MODEL + ("gbtree_model_param", "num_parallel_tree"), "-1"),
     "num_parallel_tree is -1; between 1 and 1048576 expected")
case("tree_info_short", changed(MODEL + ("tree_info",), [0]), "tree_info has 1 elements for 2 trees")
case("tree_info_past", changed(MODEL + ("tree_info",), [0, 1]), "tree 1 adds to output 1 of 1")
case("tree_info_negative", changed(MODEL + ("tree_info",), [0, -1]), "tree 1 adds to output -1 of 1")
case("indptr_start", changed(MODEL + ("iteration_indptr",), [1, 2]),
     "iteration_indptr does not ascend from 0 to 2, the number of trees")
case("indptr_end", changed(MODEL + ("iteration_indptr",), [0, 1, 3]),
     "iteration_indptr does not ascend from 0 to 2, the number of trees")
case("indptr_descends", changed(MODEL + ("iteration_indptr",), [0, 2, 1, 2]),
     "iteration_indptr does not ascend from 0 to 2, the number of trees")
case("weight_drop_short", changed(MODEL + ("weight_drop",), [1.0]), "weight_drop has 1 elements for 2 trees")
case("trees_number", changed(MODEL + ("trees",), 3),
     "byte 450: learner.gradient_booster.model.trees: found a number, an array expected")
case("tree_is_a_number", changed(MODEL + ("trees",), [tree(), 3]),
     "byte 1058: learner.gradient_booster.model.trees[1]: found a number, an object expected")
case("linear_weights", changed(BOOSTER, dict(name="gblinear", model=dict(weights=[1.0, 2.0]))),
     "2 weights, (2 features + 1) x 1 outputs expected")
case("linear_infinite", changed(BOOSTER, dict(name="gblinear", model=dict(weights=[1.0, float("inf"), 2.0]))),
     "linear: output 0: the weight of feature 1 is inf")
case("encodings_short", changed(MODEL + ("cats",), dict(enc=[{}])),
     'byte 1682: learner.gradient_booster.model.cats.enc[0]: neither "offsets" nor "type"')
case("encoding_type", changed(MODEL + ("cats",), dict(enc=[dict(offsets=[], values=[]), dict(type=3, values=[1])])),
     "byte 1730: learner.gradient_booster.model.cats.enc[1]: categories of the type 3; 7 to 16 expected")
case("encoding_offsets", changed(MODEL + ("cats",), dict(enc=[dict(offsets=[], values=[]), dict(offsets=[0, 2, 1], values=[97, 98])])),
     "byte 1743: learner.gradient_booster.model.cats.enc[1]: offsets that do not ascend from 0 to 2")
case("encoding_bytes", changed(MODEL + ("cats",), dict(enc=[dict(offsets=[], values=[]), dict(offsets=[0, 1], values=[300])])),
     "byte 1739: learner.gradient_booster.model.cats.enc[1]: texts expected as bytes")
made = changed(MODEL + ("cats",), dict(enc=[dict(offsets=[], values=[]), dict(offsets=[0, 1], values=[-1])]))
case("encoding_not_ascii", made,
     "feature 1: its categories are not all ASCII, which XGBoost before 3.4 cuts in the wrong places; train with a newer "
     "one, or with other texts")
made["version"] = [3, 4, 0]
case("encoding_utf8", copy.deepcopy(made), "feature 1: category 0 is not UTF-8")
case("encoding_twice", changed(MODEL + ("cats",), dict(enc=[dict(offsets=[], values=[]), dict(offsets=[0, 1, 2], values=[97, 97])])),
     'step 1 (columns): part 2 "categories": step 1 (ordinal): column 0: category "a" stands there twice')

# ---- a tree
def tree_case(name, message, **changes): case("tree_" + name, changed(TREE, tree(**changes)), message)


SPLIT = tree()
tree_case("num_nodes", "tree 1: num_nodes is 9, left_children has 8 elements", tree_param=dict(SPLIT["tree_param"], num_nodes="9"))
tree_case("num_nodes_text", 'byte 1128: learner.gradient_booster.model.trees[1].tree_param.num_nodes: found the text "many", an integer expected', tree_param=dict(SPLIT["tree_param"], num_nodes="many"))
tree_case("empty", "tree 1: it has no nodes", **{k: [] for k in FORMS}, tree_param={})
for name in ("right_children", "split_indices", "split_conditions", "default_left", "split_type"):
    tree_case(name + "_short", f"tree 1: {name} has 7 elements, left_children has 8", **{name: SPLIT[name][:-1]})
tree_case("child_past", "tree 1: node 3 has the child 8 of 8 nodes", left_children=[1, -1, 3, 8, -1, -1, -1, -1])
tree_case("child_negative", "tree 1: node 3 has the child -2 of 8 nodes", left_children=[1, -1, 3, -2, -1, -1, -1, -1])
tree_case("right_child_negative", "tree 1: node 3 has the child -1 of 8 nodes", right_children=[2, -1, 4, -1, -1, -1, -1, -1])
tree_case("child_itself", "tree 1: node 3 has two parents, or is its own ancestor", left_children=[1, -1, 3, 3, -1, -1, -1, -1])
tree_case("child_root", "tree 1: node 0 has two parents, or is its own ancestor", left_children=[1, -1, 3, 0, -1, -1, -1, -1])
tree_case("child_shared", "tree 1: node 4 has two parents, or is its own ancestor", left_children=[1, -1, 3, 4, -1, -1, -1, -1])
tree_case("child_large", "byte 1180: learner.gradient_booster.model.trees[1].left_children: element 3 is no integer of 32 bits", left_children=[1, -1, 3, 4294967296, -1, -1, -1, -1])
tree_case("child_half", "byte 1180: learner.gradient_booster.model.trees[1].left_children: element 3 is no integer of 32 bits", left_children=[1, -1, 3, 5.5, -1, -1, -1, -1])
tree_case("child_text", "byte 1180: learner.gradient_booster.model.trees[1].left_children: found a text, a number expected", left_children=[1, -1, 3, "5", -1, -1, -1, -1])
tree_case("feature_past", "tree 1: node 3 splits on feature 2 of 2", split_indices=[0, 0, 1, 2, 0, 0, 0, 0])
tree_case("feature_negative", "tree 1: node 3 splits on feature -1 of 2", split_indices=[0, 0, 1, -1, 0, 0, 0, 0])
tree_case("threshold_nan", "tree 1: node 3: its threshold is not a number", split_conditions=[0.5, 1.25, 0.0, float("nan"), -2.0, 4.0, 8.0, 99.0])
tree_case("leaf_nan", "tree 1: node 4: the leaf's value is nan", split_conditions=[0.5, 1.25, 0.0, 1.5, float("nan"), 4.0, 8.0, 99.0])
tree_case("leaf_infinite", "tree 1: node 4: the leaf's value is -inf", split_conditions=[0.5, 1.25, 0.0, 1.5, float("-inf"), 4.0, 8.0, 99.0])
tree_case("default_left_large", "byte 1384: learner.gradient_booster.model.trees[1].default_left: element 3 is no integer of 8 bits", default_left=[1, 0, 0, 256, 0, 0, 0, 0])
tree_case("leaf_width", "tree 1: its leaves have 3 values, 1 expected", tree_param=dict(SPLIT["tree_param"], size_leaf_vector="3"))
tree_case("category_negative", "tree 1: node 2: category -1; 0 to 16777215 expected", categories=[2, -1])
tree_case("category_large", "tree 1: node 2: category 16777216; 0 to 16777215 expected", categories=[2, 16777216])
tree_case("categories_none", "tree 1: node 2 splits on categories and lists none", categories=[], categories_nodes=[], categories_segments=[], categories_sizes=[])
tree_case("categories_past", "tree 1: node 2: 2 categories from 1 of 2", categories_segments=[1])
tree_case("categories_negative", "tree 1: node 2: 2 categories from -1 of 2", categories_segments=[-1])
tree_case("categories_of_size_0", "tree 1: node 2: 0 categories from 0 of 2", categories_sizes=[0])
tree_case("categories_overflow", "tree 1: node 2: 9223372036854775807 categories from 9223372036854775807 of 2", categories_segments=[2**63 - 1], categories_sizes=[2**63 - 1])
tree_case("categories_node_past", "tree 1: categories_nodes names node 8 of 8", categories_nodes=[8])
tree_case("categories_node_twice", "tree 1: node 2 stands twice in categories_nodes", categories_nodes=[2, 2], categories_segments=[0, 0], categories_sizes=[1, 1])
tree_case("categories_lists", "tree 1: categories_nodes has 2 elements, categories_segments 1, categories_sizes 1", categories_nodes=[2, 3])
made = model()
made["learner"]["learner_model_param"]["num_target"] = "2"
for one in at(made, MODEL)["trees"]:
    one["tree_param"]["size_leaf_vector"], one["base_weights"] = "2", [0.5] * 16
case("vectors_of_one_output", changed(MODEL + ("trees",), at(made, MODEL)["trees"]),
     "tree 0: its leaves have 2 values, 1 expected")
short = copy.deepcopy(made)
at(short, TREE)["base_weights"] = [0.5] * 15
case("vectors_short", short, "tree 1: base_weights has 15 elements, 16 for 8 nodes expected")
odd = copy.deepcopy(made)
at(odd, TREE)["leaf_weights"] = [0.5] * 15
case("vectors_odd", odd, "tree 1: leaf_weights has 15 elements, a multiple of 2 expected")
row = copy.deepcopy(made)
at(row, TREE)["leaf_weights"] = [0.5] * 10
case("vectors_row", row, "tree 1: node 1: its values are row -1 of 5")
infinite = copy.deepcopy(made)
at(infinite, TREE)["base_weights"][2] = float("inf")
case("vectors_infinite", infinite, "forest: tree 1, node 8: the leaf's value 0 is inf")
dart = copy.deepcopy(made)
at(dart, MODEL)["weight_drop"] = [1.0, 1.0]
case("vectors_dart", dart, "dart with trees of several outputs, which XGBoost does not train")

# ---- UBJSON
U = ubjson(model())
case("ubjson_cut", U[:-1], "byte 2710: a marker of 1 bytes, but 0 are left; the file looks truncated")
case("ubjson_cut_in_an_array", U[:U.index(b"left_children") + 40],
     "byte 980: an array of 8 numbers of 4 bytes, but 14 bytes are left; the file looks truncated")
case("ubjson_cut_in_a_text", U[:U.index(b"age") + 1],
     "byte 136: a text of 3 bytes, but 1 are left; the file looks truncated")
case("ubjson_behind", U + b"x", "byte 2711: 1 bytes behind the end of the model")
LEFT = numbers("l", tree()["left_children"])
case("ubjson_count", U.replace(LEFT, LEFT.replace(size(8), size(2**40)), 1),
     "byte 980: an array of 1099511627776 numbers of 4 bytes, but 1718 bytes are left; the file looks truncated")
case("ubjson_count_negative", U.replace(LEFT, LEFT.replace(size(8), size(-1)), 1), "byte 984: the length -1")
case("ubjson_count_float", U.replace(LEFT, LEFT.replace(size(8), b"d\0\0\0\0"), 1),
     "byte 984: found the marker 'd', a length expected")
case("ubjson_count_of_nothing", U.replace(LEFT, LEFT.replace(b"#", b"x"), 1), "byte 983: found the marker 'x', '#' expected")
case("ubjson_type", U.replace(LEFT, LEFT.replace(b"$l", b"$S"), 1),
     "byte 982: found the marker 'S', the type of an array's numbers expected")
case("ubjson_int64", U.replace(LEFT, numbers("L", [1, -1, 3, 2**40, -1, -1, -1, -1]), 1),
     "byte 980: learner.gradient_booster.model.trees[0].left_children: element 3 is no integer of 32 bits")
case("ubjson_key_length", U.replace(size(3) + b"age", size(2**62) + b"age"),
     "byte 136: a text of 4611686018427387904 bytes, but 2575 are left; the file looks truncated")
case("ubjson_utf8", U.replace(b"age", b"a\xffe"), "byte 137: the text is not UTF-8")
case("ubjson_marker", U.replace(b"S" + size(3) + b"age", b"?" + size(3) + b"age"),
     "byte 126: found the marker '?', a value expected")
case("ubjson_char", U.replace(b"S" + size(3) + b"age", b"Ca"),
     "byte 126: a value of the UBJSON type 'C', which XGBoost does not write")
case("ubjson_array_of_a_million", U.replace(b"[#" + size(2) + b"S" + size(3) + b"age", b"[#" + size(10**6) + b"S" + size(3) + b"age"),
     "byte 153: learner.feature_names[2]: found a number, a text expected")
case("ubjson_deep", b"{" + size(7) + b"learner{" + size(1) + b"x" + b"[" * 100,
     "byte 90: more than 64 objects and arrays inside of each other")
case("ubjson_twice", U.replace(size(8) + b"num_feat", size(8) + b"num_feat", 1).replace(size(9) + b"num_class", size(10) + b"num_target", 1),
     'byte 375: learner.learner_model_param: "num_target" stands there twice')

# ---- the legacy binary form
B = legacy()
case("legacy_cut_in_nodes", B[:B.index(struct.pack("<f", 1.25))],
     "byte 338: 2 trees, but 184 bytes are left; the file looks truncated")
case("legacy_cut", B[:-1],
     "byte 850: the trees' outputs: 2 numbers of 4 bytes, but 7 bytes are left; the file looks truncated")
case("legacy_trees", legacy(trees=2**31 - 1), "byte 338: 2147483647 trees, but 520 bytes are left; the file looks truncated")
case("legacy_trees_negative", legacy(trees=-1), "byte 338: -1 trees")
case("legacy_nodes", legacy(nodes=2**30),
     "tree 0: byte 486: its nodes of 21474836480 bytes, but 372 are left; the file looks truncated")
case("legacy_no_nodes", legacy(nodes=0), "tree 0: byte 486: 0 nodes")
case("legacy_vectors", legacy(width=3), "tree 0: byte 486: leaves of 3 values, which this format can't hold")
case("legacy_feature", legacy(features=0), "num_feature is 0; between 1 and 1048576 expected")
case("legacy_booster", legacy(booster=b"gbforest"),
     "the booster \"gbforest\" can't be served; gbtree, dart and gblinear can")
case("legacy_dart", legacy(booster=b"dart", drop=[1.0]), "weight_drop has 1 elements for 2 trees")
case("legacy_dart_count", legacy(booster=b"dart", drop=[1.0, 1.0]).replace(struct.pack("<Q2f", 2, 1, 1), struct.pack("<Q2f", 2**61, 1, 1)),
     "byte 864: the trees' weights: 2305843009213693952 numbers of 4 bytes, but 8 bytes are left; the file looks truncated")
case("legacy_attributes", legacy(attributes=[(b"a", b"b")])[:-1],
     "byte 883: an attribute of 1 bytes, but 0 are left; the file looks truncated")
case("legacy_attributes_count", legacy(attributes=[]) [:-8] + struct.pack("<Q", 2**63),
     "byte 866: the length of an attribute's name, but 0 bytes are left; the file looks truncated")
case("legacy_base64", b"bs64" + B,
     "the first bytes (62 73) are of no known model format; a pickle or a skops, XGBoost or LightGBM file was expected")

# ---- pickles
GOOD = dict(missing=float("nan"), n_estimators=2)
case("pickle_not_fitted", wrapper(**GOOD), "XGBRegressor: it has no _Booster: it was never fitted")
case("pickle_not_fitted_none", wrapper(**GOOD, _Booster=None), "XGBRegressor: it has no _Booster: it was never fitted")
case("pickle_no_handle", wrapper(**GOOD, _Booster=Named("xgboost.core", "Booster", {})),
     "XGBRegressor._Booster: no attribute 'handle' (there are: ); was it fitted before it was saved?")
case("pickle_handle_text", wrapper(**GOOD, _Booster=booster("model")),
     "XGBRegressor._Booster.handle: found the text 'model', expected the bytes of a booster")
case("pickle_handle_empty", wrapper(**GOOD, _Booster=booster(b"")),
     "XGBRegressor._Booster.handle: it is neither JSON nor UBJSON nor the legacy binary format; XGBoost 1.2 and older pickled boosters in a form of their own: save the model with save_model")
case("pickle_handle_old", wrapper(**GOOD, _Booster=booster(b"CONFIG-offset:" + bytes(8) + B)),
     "XGBRegressor._Booster.handle: it is neither JSON nor UBJSON nor the legacy binary format; XGBoost 1.2 and older pickled boosters in a form of their own: save the model with save_model")
case("pickle_handle_cut", wrapper(**GOOD, _Booster=booster(U[:-1])),
     "XGBRegressor._Booster.handle: byte 2710: a marker of 1 bytes, but 0 are left; the file looks truncated")
case("pickle_handle_tree", wrapper(**GOOD, _Booster=booster(text(changed(TREE, tree(split_indices=[9] * 8))))),
     "XGBRegressor: tree 1: node 0 splits on feature 9 of 2")
case("pickle_booster_tree", pickled("xgboost.core", "Booster", dict(handle=text(changed(TREE, tree(split_indices=[9] * 8))))),
     "Booster: tree 1: node 0 splits on feature 9 of 2")
case("pickle_missing", wrapper(missing="none", _Booster=booster(J)),
     "XGBRegressor.missing: found the text 'none', expected a number")
case("pickle_best", wrapper(**GOOD, _Booster=booster(text(changed(("version",), [1, 7, 6])), best_iteration=9)),
     "XGBRegressor: the attribute best_iteration is 9, the model has 2 iterations")
case("pickle_best_text", wrapper(**GOOD, _Booster=booster(text(changed(("version",), [1, 7, 6])), best_iteration="first")),
     "XGBRegressor._Booster.best_iteration: found the text 'first', expected an integer")
case("pickle_labels", wrapper("XGBClassifier", **GOOD, classes_=["a", "b", "c"], _Booster=booster(J)),
     "XGBClassifier: 3 labels for 2 classes")

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for old in [*folder.glob("*.bin"), *folder.glob("*.txt")]:
        old.unlink()
    for name, (data, message) in CASES.items():
        (folder / f"{name}.bin").write_bytes(data)
        (folder / f"{name}.txt").write_text(message + "\n")
    for name, data in dict(json=J, ubj=U, legacy=B, pkl=wrapper(**GOOD, _Booster=booster(U))).items():
        (folder / f"good.{name}").write_bytes(data)
    print(f"{len(CASES)} cases")
