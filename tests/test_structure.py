"""The house: which module may know which, what a quick start loads, and the names that are fixed."""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import callconv_kit
from callconv_kit.demo import sample
from callconv_kit.model.codes import CODES, RULES, Severity

ROOT = Path(__file__).parents[1]

STOPS = """
    unreadable empty_file not_a_table no_header ambiguous_header column_missing unclosed_quote
    no_rows needs_timezone needs_date_order needs_encoding too_many_rejected output_failed
""".split()
LEAVES_OUT = """
    duplicate_row conflicting_duplicate caller_unknown left_out_by_rule not_answered not_a_call
    outbound child_leg call_in_progress already_sent outcome_unknown
""".split()
REJECTS = """
    field_count conflicting_duplicate changed_since_sent lookup_missing talk_exceeds_call
    required_missing broken_text digits_lost excel_error too_long
    identifier_invalid
    moment_invalid moment_without_time moment_zone_unknown moment_skipped moment_repeated
    moment_against_order event_in_future event_too_old
    phone_invalid phone_multiple phone_masked caller_unknown country_contradicts_number
    duration_invalid duration_out_of_range
    status_unknown status_needed country_unknown
    money_invalid money_ambiguous money_currency money_out_of_range
""".split()
WARNS = """
    times_all_midnight direction_unused
    encoding_guessed event_old country_corrected caller_maybe_unknown status_empty
    answer_without_talk voicemail_not_answered session_with_and_without_event
    identifier_maybe_rounded zip_invalid phone_type_unknown flag_unknown link_invalid
    reference_not_a_number formula_text times_all_midnight ivr_exceeds_call direction_unused
    country_from_digits cell_emptied not_ready_form
""".split()
CHANGES = """
    trimmed invisible_removed armour_removed empty_mark grouping_removed decimal_zero_removed
    moment_rewritten zone_applied fraction_dropped epoch_read serial_day_read phone_rewritten
    plus_restored extension_dropped keypad_letters_read country_filled country_corrected country_mapped
    duration_read duration_rounded unit_converted status_mapped value_mapped flag_mapped
    money_rewritten zip_cut zip_zero_restored line_break_replaced control_removed unicode_composed
    other_number_used talk_time_derived session_id_derived constant_set lookup_filled
    default_filled emptied
""".split()

LONGEST_MODULE = 475
"""Lines; one of more than about 400 is two."""


LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def test_imports_go_one_way():
    run = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


HEAVY = """
    pandas numpy pyarrow pydantic phonenumbers great_expectations matplotlib IPython ipykernel
    jupyter_core ipywidgets rich paramiko httpx openpyxl fsspec ftplib mock_server pyftpdlib
""".split()
QUICK = {
    "import callconv_kit": "import callconv_kit",
    "callconv --help": "from callconv_kit.cli import main; main(['--help'])",
    "callconv --version": "from callconv_kit.cli import main; main(['--version'])",
    "a command that does not exist": "from callconv_kit.cli import main; main(['prepair'])",
}


@pytest.mark.parametrize("statement", QUICK.values(), ids=QUICK)
def test_a_quick_start_loads_no_heavy_package(statement):
    code = f"import sys\n{statement}\nprint('loaded:', *sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.rpartition("loaded:")[2].split()}
    assert loaded & set(HEAVY) == set()
    assert "callconv_kit" in loaded


def test_preparing_a_file_from_the_shell_needs_neither_pandas_nor_delivery(tmp_path):
    code = (
        "import sys; from callconv_kit.cli.main import main; "
        f"main(['prepare', {str(sample('export.csv'))!r}, '--job', "
        f"{str(sample('callconv.toml'))!r}, '--out', {str(tmp_path / 'out')!r}, '--quiet', "
        "'--now', '2026-11-24T12:00:00Z']); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (tmp_path / "out" / "ready.csv").exists()
    unneeded = {"pandas", "numpy.ma", "callconv_kit.delivery", "asyncio"}
    assert not unneeded & set(run.stdout.split())


def test_each_command_is_listed_with_a_line_of_help():
    from callconv_kit.cli.main import COMMANDS, group

    context = group.make_context("callconv", [], resilient_parsing=True)
    for name, (_, line) in COMMANDS.items():
        assert group.get_command(context, name) is not None
        assert line.endswith(".")


def test_every_name_that_the_package_promises_is_there():
    for name in callconv_kit.__all__:
        assert getattr(callconv_kit, name) is not None
        assert name in dir(callconv_kit)
    with pytest.raises(AttributeError, match="no attribute 'Prepare'"):
        callconv_kit.Prepare  # noqa: B018 # the access itself is tested


PUBLISHED = {
    "the file stops": (STOPS, Severity.STOP),
    "the row is left out": (LEAVES_OUT, Severity.LEFT_OUT),
    "the row is rejected": (REJECTS, Severity.ERROR),
    "a warning": (WARNS, Severity.WARNING),
}
TWO_FATES = {"conflicting_duplicate": Severity.ERROR, "caller_unknown": Severity.LEFT_OUT}
"""Codes that stand in two lists, and the severity that the table gives them."""


@pytest.mark.parametrize(("names", "severity"), PUBLISHED.values(), ids=PUBLISHED)
def test_each_published_code_stands_in_the_table_with_its_severity(names, severity):
    for name in names:
        assert CODES[name].severity is TWO_FATES.get(name, severity), name


def test_no_published_code_or_rule_is_missing():
    published = {name for names, _ in PUBLISHED.values() for name in names}
    assert published - set(CODES) == set()
    assert set(CHANGES) - set(RULES) == set()


def test_each_code_and_rule_has_words_that_fit_into_a_sentence():
    for code in CODES.values():
        assert code.name == code.name.lower()
        assert code.problem == code.problem.strip(" .")
        assert code.remedy == code.remedy.strip(" .")
    for words in RULES.values():
        assert words == words.strip(" .")


def test_no_module_is_much_longer_than_400_lines():
    modules = [*ROOT.glob("callconv_kit/**/*.py"), *ROOT.glob("mock_server/**/*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    assert {str(path): lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_path_of_a_machine_and_no_private_address_stands_in_a_file():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout")
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".ipynb", ".html", ".json"}:
            text = path.read_text(encoding="utf-8")
            hits = re.findall(r"(?<![\w.])/(?:root|home|Users)/[a-z]\w*|/wor[k]/\w+", text)
            if hits and path.name != "test_structure.py":
                found[name] = hits[:3]
    assert found == {}


ELSEWHERE = {
    "df",
    "phonenumbers",
    "pa",
    "stat",
    "concurrent",
    "render",
    "outer",
    "job",
    "prepared",
    "connection",
}
"""Beginnings of dotted names in backticks that mean no module of ours."""


def test_docstrings_name_modules_and_fields_that_exist():
    """`module.Name` in backticks, and the fields that a class describes."""
    trees = {path: ast.parse(path.read_text()) for path in sources()}
    known = {f"{module_of(path)}.{name}" for path in trees for name in names_in(trees[path])}
    known |= {f"{a}.{b}" for path in trees for a, b in pairwise(path.with_suffix("").parts)}
    gone = []
    for path, tree in trees.items():
        for module, name in re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", path.read_text()):
            if module not in ELSEWHERE and name not in SUFFIXES and f"{module}.{name}" not in known:
                gone.append(f"{path.name}: {module}.{name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (fields := names_in(node)):
                described = re.findall(r"^([a-z_]+): ", ast.get_docstring(node) or "", re.MULTILINE)
                fields |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
                fields |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
                gone += [f"{path.name}: {node.name}.{x}" for x in described if x not in fields]
    assert gone == []


SUFFIXES = {"csv", "toml", "json", "html", "xlsx", "py", "sqlite", "md", "key", "lock"}


def sources():
    root = Path(callconv_kit.__file__).parent
    return [*root.rglob("*.py"), *(root.parent / "mock_server").rglob("*.py")]


def module_of(path):
    return path.parent.name if path.stem == "__init__" else path.stem


def names_in(node):
    """The names that a module or a class binds, those in branches too."""
    found = set()
    for part in node.body:
        if isinstance(part, ast.If | ast.Try):
            found |= names_in(part)
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(part.name)
        elif isinstance(part, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in part.names}
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            found |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
    return found
