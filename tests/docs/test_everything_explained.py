"""Everything that a user can set, read or call is explained on the site.

Each kind of thing has a table: the names that the code knows, and the names that its page explains
with the words that it has for them. A name without words fails.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import griffe
import pytest

import callconv_kit
import mock_server
from callconv_kit.cli.main import COMMANDS, EXIT_STATUSES, group
from callconv_kit.delivery.fault_texts import explained
from callconv_kit.job import PRESETS, reference
from callconv_kit.job.settings import Job
from callconv_kit.mapping.preset import About, Form
from callconv_kit.model.codes import CODES, RULES
from callconv_kit.model.spec import NAMES
from mock_server import MockImportServer, pytest_plugin
from mock_server.__main__ import parser
from mock_server.faults import BY_NAME, FaultBook
from mock_server.programs import BUSINESS_RULES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CODE = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What is below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, _, rest = f"\n{text}".partition(f"\n{heading}\n")
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[tuple[str, str]]:
    """Each name in the first cell of a table's rows, with the words of the others."""
    for line in text.splitlines():
        if line.startswith("| ") and "`" in line:
            first, *others = re.split(r"(?<!\\)\|", line.strip()[1:-1])
            for names in CODE.findall(first):
                yield names, " ".join(others).strip()


def headings(text: str, level: str) -> dict[str, str]:
    found = re.findall(rf"^({level}) (\S.*)$", text, re.MULTILINE)
    return {name.strip("[]"): section(text, f"{marks} {name}").strip() for marks, name in found}


def options(command: str) -> list[str]:
    """The options of a command, by their long names."""
    if command == "mock-server":
        long = [action.option_strings[-1] for action in parser()._actions]
        return [option for option in long if option != "--help"]
    loaded = group.get_command(click.Context(group), command)
    assert loaded is not None
    return [
        max(parameter.opts, key=len)
        for parameter in loaded.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]


def of_command(command: str) -> dict[str, str]:
    """Option → its words on the page of the commands, or of the mock server."""
    text = page("reference/commands.md")
    found = dict(rows(section(text, f"### callconv {command}")))
    if command == "mock-server":
        found = dict(rows(page("mock_server.md")))
    return {
        option: words for cell, words in found.items() for option in re.findall(r"--[\w-]+", cell)
    }


def fixtures() -> list[str]:
    """The pytest fixtures that the kit gives, and their marker."""
    found = [
        name
        for name, value in vars(pytest_plugin).items()
        if type(value).__name__ == "FixtureFunctionDefinition"
    ]
    return [*found, pytest_plugin.MARKER]


def in_code(text: str) -> dict[str, str]:
    """Each name in backticks with the line in which it is explained."""
    return {
        word: line.strip()
        for line in text.splitlines()
        for code in CODE.findall(line)
        for word in re.findall(r"\w+", code)
    }


def preset_keys() -> list[str]:
    forms = [f"form.{name}" for name in Form.model_fields]
    return [*(name for name in About.model_fields if name != "form"), *forms]


KINDS = {
    "settings": (list(reference.settings()), headings(page("job.md"), "#{2,3}")),
    "columns": (
        list(NAMES),
        headings((ROOT / "expectations/columns.md").read_text(encoding="utf-8"), "#{2,3}"),
    ),
    "codes": (list(CODES), dict(rows(page("reference/codes.md")))),
    "codes of a delivery": (list(explained()), dict(rows(page("reference/codes.md")))),
    "rules": (list(RULES), dict(rows(page("reference/codes.md")))),
    "commands": (
        [f"callconv {name}" for name in COMMANDS],
        headings(page("reference/commands.md"), "###"),
    ),
    "exit statuses": (
        [str(status) for status in EXIT_STATUSES],
        dict(re.findall(r"^\| (\d+) \| (.+) \|$", page("reference/exit_statuses.md"), re.M)),
    ),
    "presets": (list(PRESETS), headings(page("reference/presets.md"), "##")),
    "keys of a preset": (preset_keys(), dict(rows(page("how-to/write_a_preset.md")))),
    "faults": (list(BY_NAME), dict(rows(page("mock_server.md")))),
    "reasons": (
        [rule.reason for rule in BUSINESS_RULES],
        dict(rows(section(page("mock_server.md"), "### Reasons"))),
    ),
    "parameters of a fault": (
        [name for name in inspect.signature(FaultBook.arm).parameters if name != "self"],
        in_code(page("mock_server.md")),
    ),
    "fixtures": (fixtures(), in_code(page("mock_server.md"))),
    **{
        f"options of {command}": (options(command), of_command(command))
        for command in COMMANDS
        if options(command)
    },
}
"""Kind → the names that the code knows, and the names that a page explains with their words."""


@pytest.mark.parametrize(("names", "explained"), KINDS.values(), ids=KINDS)
def test_each_name_is_explained(names: list[str], explained: dict[str, str]) -> None:
    assert {name for name in names if len(explained.get(name, "").split()) < 2} == set()


def test_the_walk_meets_everything() -> None:
    assert {kind for kind, (names, _) in KINDS.items() if not names} == set()
    assert set(fixtures()) >= {"call_import_server", "call_import_server_tls"}


def test_each_key_of_a_json_output_is_explained() -> None:
    text = page("json.md")
    keys = list(rows(text))
    assert len(keys) > 200
    assert [name for name, words in keys if not words] == []


# -- Python ---------------------------------------------------------------------------------------

SHOWN = re.findall(r"^::: (\S+)$", page("reference/python.md"), re.MULTILINE)
LOADER = griffe.GriffeLoader(search_paths=[ROOT])
for package in ("callconv_kit", "mock_server"):
    LOADER.load(package)
LOADER.resolve_aliases()


def documented(name: str) -> griffe.Object:
    found = LOADER.modules_collection[name]
    return found.final_target if isinstance(found, griffe.Alias) else found


def of_docstring(thing: griffe.Object, kind: griffe.DocstringSectionKind) -> dict[str, str]:
    """Name → description, of the arguments or attributes in a docstring."""
    if thing.docstring is None:
        return {}
    return {
        entry.name.lstrip("*"): entry.description
        for part in thing.docstring.parse("google")
        if part.kind is kind
        for entry in part.value
    }


def undescribed(thing: griffe.Object) -> Iterator[str]:
    """What the docstrings of a function or class leave out: itself, arguments, public members."""
    if thing.docstring is None:
        yield "its docstring"
    if thing.is_function:
        words = thing.docstring.value if thing.docstring else ""
        for parameter in thing.parameters:
            name = parameter.name.lstrip("*")
            if name not in ("self", "cls") and not re.search(
                rf"`{name}`|^ *\**{name}: ", words, re.M
            ):
                yield f"its argument {name}"
    elif thing.is_class:
        yield from undescribed_members(thing)


def undescribed_members(thing: griffe.Class) -> Iterator[str]:
    kinds = (griffe.DocstringSectionKind.attributes, griffe.DocstringSectionKind.parameters)
    classes = (thing, *thing.mro())
    known = {name for one in classes for kind in kinds for name in of_docstring(one, kind)}
    if thing.path.startswith("callconv_kit.job."):
        known |= set(Job.model_fields) | {key.rpartition(".")[2] for key in reference.settings()}
    for name, member in thing.all_members.items():
        if name.startswith("_") or name == "model_config" or name in known:
            continue
        own = member.final_target if isinstance(member, griffe.Alias) else member
        if own.docstring is None:
            yield name
        elif own.is_function:
            yield from (f"{name}: {missing}" for missing in undescribed(own))


@pytest.mark.parametrize("name", SHOWN)
def test_a_python_name_has_its_words(name: str) -> None:
    assert list(undescribed(documented(name))) == []


def test_every_public_python_name_is_in_the_reference_and_nothing_else_is() -> None:
    public = {
        *(f"callconv_kit.{name}" for name in callconv_kit.__all__),
        *(f"mock_server.{name}" for name in mock_server.__all__),
    }
    assert public <= set(SHOWN)
    others = [name for name in SHOWN if name not in public]
    # What a public name returns or passes its arguments on to.
    assert [name for name in others if name.split(".")[1] not in ("delivery", "suite")] == []


def test_dir_shows_the_public_names_only() -> None:
    assert set(dir(callconv_kit)) == {*callconv_kit.__all__, "__all__", "__version__"}
    assert set(inspect.signature(MockImportServer).parameters) <= set(
        of_docstring(
            documented("mock_server.MockImportServer"), griffe.DocstringSectionKind.parameters
        )
    )
