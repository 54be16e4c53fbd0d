"""Every code that an error of the kit can carry is known to `callconv explain` and the reference.

The codes are read from the source: each call that makes an error names its code as a text, as a
constant of the kit, or hands on the code that it was given.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import callconv_kit
from callconv_kit.cli.main import main
from callconv_kit.delivery.fault_texts import explained
from callconv_kit.model.codes import CODES
from callconv_kit.model.examples import ERROR_CODES

SOURCES = sorted(Path(callconv_kit.__file__).parent.rglob("*.py"))
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "codes.md"

ERRORS = {"CallConvError", "UsageError", "InputError", "DeliveryError", "OutcomeUnknown"}
"""Their first argument is the code; `click.UsageError` has none."""


def test_the_walk_reads_a_code_in_every_way_in_which_it_is_written():
    text = """
GIVEN = "by_constant"
class Fault:
    code: str
    default: str = ""
def helper(code, said):
    return UsageError(code, said, "", "", "")
def by_name(late):
    code = "by_name" if late else late.pop()
    return UsageError(code, "", "", "", "")
def all_of_it(failure):
    raise UsageError("by_text", "", "", "", "")
    raise errors.InputError(code="by_keyword", problem="")
    raise UsageError(GIVEN, "", "", "", "")
    raise helper("by_helper", "")
    raise helper("one" if failure else "other", "")
    raise DeliveryError(failure.code, "", "", "", "")
    raise click.UsageError("Not a code.")
    Fault("by_table")
"""
    assert codes_in([ast.parse(text)]) == {
        *(
            "by_text",
            "by_keyword",
            "by_constant",
            "by_helper",
            "by_name",
            "one",
            "other",
            "by_table",
        )
    }


def test_the_walk_refuses_a_code_that_it_cannot_read():
    with pytest.raises(AssertionError, match="UsageError"):
        codes_in([ast.parse('raise UsageError("no_" + what, "", "", "", "")')])


def test_every_code_of_an_error_is_explained():
    found = codes_of_the_kit()
    assert len(found) > 100
    assert found - known() == set()


def test_no_error_code_is_explained_that_no_error_carries():
    found = codes_of_the_kit()
    assert set(ERROR_CODES) - found - {"usage"} == set()
    assert set(ERROR_CODES) & (set(CODES) | set(explained())) == set()


@pytest.mark.parametrize("name", ERROR_CODES)
def test_explain_and_the_reference_know_each_of_them(name, capsys):
    assert main(["explain", name]) == 0
    said = capsys.readouterr().out
    meaning, statuses, what_to_do = ERROR_CODES[name]
    assert said.startswith(f"{name}: {meaning}\n")
    assert f"exit status {statuses}" in said
    assert what_to_do in said
    assert f"| `{name}` |" in REFERENCE.read_text(encoding="utf-8")


@cache
def codes_of_the_kit():
    return codes_in([ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES])


def known():
    return {*CODES, *explained(), *ERROR_CODES}


def codes_in(trees):
    """Every code that the errors in these modules can carry."""
    constants = {
        target.id: node.value.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    makers = dict.fromkeys(ERRORS, 0) | {
        name: place for tree in trees for name, place in takes_a_code(tree)
    }
    found = set()
    for tree in trees:
        for call in calls_of(tree, makers):
            given = code_of(call, makers)
            values = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
            for value in values:
                if isinstance(value, ast.Name) and value.id in constants:
                    found.add(constants[value.id])
                elif isinstance(value, ast.Constant):
                    found.add(value.value)
                else:
                    assert handed_on(value), f"no code in {ast.unparse(call)[:100]}"
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        for function in functions:
            if next(calls_of(function, makers), None) is not None:
                found |= {text for node in ast.walk(function) for text in assigned(node)}
    return {code for code in found if code}


def assigned(node):
    """The texts that `code = …` may give to a name on its way to an error."""
    if isinstance(node, ast.Assign) and any(ast.unparse(to) == "code" for to in node.targets):
        value = node.value
        for one in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
            if isinstance(one, ast.Constant):
                yield one.value


def takes_a_code(tree):
    """Functions and classes of faults with a parameter or field `code`, and its place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
            makes = {name_of(call) for call in ast.walk(node) if isinstance(call, ast.Call)}
            if "code" in names and makes & (ERRORS | {"delivery_error", "PydanticCustomError"}):
                yield node.name, names.index("code")
        elif isinstance(node, ast.ClassDef) and node.name.endswith("Fault"):
            fields = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]
            if "code" in fields:
                yield node.name, fields.index("code")


def calls_of(tree, makers):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in makers:
            ours = not ast.unparse(node.func).startswith("click.")
            if ours and code_of(node, makers) is not None:
                yield node


def name_of(call):
    if isinstance(call.func, ast.Attribute):
        return call.func.attr if isinstance(call.func.value, ast.Name) else ""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def code_of(call, makers):
    for keyword in call.keywords:
        if keyword.arg == "code":
            return keyword.value
    place = makers[name_of(call)]
    return call.args[place] if len(call.args) > place else None


def handed_on(value):
    """Whether it is the code that a function was given, or that of another error."""
    text = ast.unparse(value)
    return text == "code" or text.endswith((".code", "['code']"))
