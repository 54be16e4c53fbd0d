"""Mutation testing of the rules: `python -m tests.mutants --seed 1 --count 200`.

Each mutant changes one place of a rule, and the tests of that rule must fail. A sample is drawn
evenly from the areas below, and kept with its results in a session file, so an interrupted run
goes on where it stopped; `--retry` runs the survivors again, after new tests. Survivors that no
test can kill, because the mutant behaves the same, are listed with the reason in
`equivalent_mutants.toml`.

Not mutmut: since version 3 it changes the bodies of functions alone, and most of our rules are
tables and patterns at the top of a module. Not cosmic-ray: it has one test command for all
modules, and starts Python for each mutant; here a mutant is a fork with everything imported, in
which only the tests that run the changed line are run.
"""

import argparse
import ast
import importlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
SLOWER = 4
"""A mutant that takes so many times as long as the unchanged tests is endless."""

OPTIONS = (
    "-x -q --override-ini=addopts= --import-mode=importlib -m not(long)and(not(benchmark))"
    " -p no:cacheprovider -p no:nbval -p no:anyio -p no:typeguard"
    " -W ignore::pytest.PytestAssertRewriteWarning"
)
"""Of pytest. Plugins that no test of a rule needs take longer to start than many of the tests."""


class Area(NamedTuple):
    """Modules that hold rules of one kind, and the tests that must notice a change there."""

    modules: str
    tests: str


AREAS = (
    Area("coercion/moment* coercion/zones coercion/date_with_time",
         "coercion/test_moment coercion/test_moment_vector coercion/test_date_with_time"
         " coercion/test_sums run/test_cell_cases"),
    Area("coercion/*phone* coercion/nanp coercion/regions coercion/calling_codes",
         "coercion/test_phone coercion/test_phone_columns coercion/test_regions run/test_habits"
         " run/test_cell_cases"),
    Area("coercion/c[!a]* coercion/duration coercion/flag coercion/identifier coercion/link"
         " coercion/money coercion/postal coercion/s* coercion/text coercion/universal",
         "coercion/test_[!m]* coercion/test_money run/test_cell_cases"),
    Area("run/call_checks run/check run/habits run/suggestions run/fixes model/notes",
         "model/test_* run/test_habits run/test_lost_digits run/test_suggestions run/test_fixes"
         " run/test_check run/test_warnings_about_all_rows checking/test_*"),
    Area("run/duplicate* run/keys run/settling run/resolving run/held_rows",
         "run/test_duplicates run/test_keys run/test_on_conflict run/test_rounded_ids"
         " run/test_settling run/test_held_rows run/test_fixes run/test_rejected_share"
         " run/test_suggestions mapping/test_lookup mapping/test_vendor_facts"),
    Area("mapping/*",
         "mapping/test_job_rules mapping/test_lookup mapping/test_related_columns"
         " mapping/test_vendor_* cli/test_presets run/test_habits run/test_warnings_about_all_rows"),
    Area("delivery/connection_faults delivery/outcomes delivery/forecast delivery/archive"
         " delivery/lock delivery/nightly delivery/sent_* delivery/row_keys delivery/segments"
         " delivery/reconcile",
         "delivery/test_border delivery/test_forecast delivery/test_lock delivery/test_nightly"
         " delivery/test_ledger delivery/test_settling delivery/test_archive"
         " delivery/test_restored_ledger delivery/test_results"),
    Area("writing/aside writing/audit writing/lines writing/ready writing/tally reading/whole_rows"
         " reading/reimport",
         "writing/test_* reading/test_reimport reading/test_shape run/test_touches_nothing"
         " run/test_fixes"),
)  # fmt: skip

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Change(NamedTuple):
    """One possible change of a tree: where, what was and what becomes there, and how to do it."""

    line: int
    before: str
    after: str
    apply: Callable[[], None]
    last_line: int


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every change of a module that a test should notice, in the order of its text."""
    tables = {
        id(inner)
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not _is_all(statement)
        for inner in ast.walk(statement)
    }
    for node in _code(tree):
        if isinstance(node, ast.Compare):
            yield from _of_comparison(node)
        elif isinstance(node, ast.BoolOp):
            for at in range(len(node.values)):
                kept = node.values[:at] + node.values[at + 1 :]
                yield _change(node, "values", kept, f"drop {ast.unparse(node.values[at])}")
        elif isinstance(node, ast.If | ast.IfExp):
            yield _change(
                node, "test", ast.Constant(value=False), f"never {ast.unparse(node.test)}"
            )
        elif isinstance(node, ast.BinOp | ast.Slice | ast.Subscript):
            yield from _of_offsets(node)
        elif id(node) in tables and isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            yield from _of_table(node)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but annotations, decorators and blocks for type checkers."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_for_type_checkers(child):
                continue
            yield child
            yield from _code(child)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _is_all(statement: ast.Assign | ast.AnnAssign) -> bool:
    return "__all__" in ast.unparse(statement)[:10] or "TypeAlias" in ast.unparse(statement)


def _change(node: ast.AST, field: str, value: object, after: str = "") -> Change:
    before = ast.unparse(node)

    def apply() -> None:
        setattr(node, field, value)

    if not after:
        old = getattr(node, field)
        apply()
        after = ast.unparse(node)
        setattr(node, field, old)
    line = getattr(node, "lineno", 0)
    # Only the condition of an `if` changes, not its body.
    last = node.test if isinstance(node, ast.If) else node
    return Change(line, before, after, apply, getattr(last, "end_lineno", line))


def _of_comparison(node: ast.Compare) -> Iterator[Change]:
    for at, operator in enumerate(node.ops):
        other = COMPARISONS[type(operator)]()
        yield _change(node, "ops", [*node.ops[:at], other, *node.ops[at + 1 :]])
        limit = node.comparators[at]
        if _is_number(limit) and not isinstance(operator, ast.Is | ast.IsNot):
            yield _change(limit, "value", limit.value + 1, f"{ast.unparse(node)} with one more")


def _of_offsets(node: ast.BinOp | ast.Slice | ast.Subscript) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        return  # the size of a buffer
    for field in ("left", "right", "lower", "upper", "slice"):
        number = getattr(node, field, None)
        if _is_number(number):
            yield _change(node, field, ast.Constant(value=number.value + 1))


def _is_number(node: object) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _of_table(node: ast.Tuple | ast.List | ast.Set | ast.Dict) -> Iterator[Change]:
    items = node.values if isinstance(node, ast.Dict) else node.elts
    if len(items) < 2:
        return
    for at, item in enumerate(items):
        entry = ast.unparse(item)
        if isinstance(node, ast.Dict):
            key = node.keys[at]
            entry = f"{ast.unparse(key) if key else '**'}: {entry}"
        yield Change(
            item.lineno, entry, "drop this entry", _dropped(node, at), item.end_lineno or 0
        )


def _dropped(node: ast.AST, at: int) -> Callable[[], None]:
    def apply() -> None:
        for field in ("keys", "values", "elts"):
            if hasattr(node, field):
                del getattr(node, field)[at]

    return apply


class Mutant(NamedTuple):
    """One change of one module; `number` is its place among the module's equal changes."""

    area: int
    module: str
    before: str
    after: str
    number: int


def mutants_of(module: Path, area: int) -> list[tuple[Mutant, Change]]:
    """All mutants of a module; their changes share one tree, so at most one may be applied."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for change in changes(ast.parse(module.read_text("utf-8"))):
        number = seen[change[1:3]] = seen.get(change[1:3], -1) + 1
        name = module.relative_to(ROOT / "callconv_kit").as_posix()
        found.append((Mutant(area, name, change.before, change.after, number), change))
    return found


def chosen(seed: int, count: int) -> list[Mutant]:
    """A sample, drawn evenly from the areas."""
    generator = random.Random(seed)
    sample: list[Mutant] = []
    for number, area in enumerate(AREAS):
        modules = [
            path
            for path in sorted((ROOT / "callconv_kit").rglob("*.py"))
            if _matches(path.relative_to(ROOT / "callconv_kit").with_suffix(""), area.modules)
        ]
        pool = [mutant for path in modules for mutant, _ in mutants_of(path, number)]
        share = (count - len(sample)) // (len(AREAS) - number)
        sample += generator.sample(pool, min(share, len(pool)))
    generator.shuffle(sample)
    return sample


def _matches(path: Path, patterns: str) -> bool:
    return any(fnmatch(path.as_posix(), pattern) for pattern in patterns.split())


def tests_of(area: Area) -> list[str]:
    """The test files of an area, in the order in which they are named."""
    paths = (path for name in area.tests.split() for path in sorted(ROOT.glob(f"tests/{name}.py")))
    return list(dict.fromkeys(path.relative_to(ROOT).as_posix() for path in paths))


class Watched:
    """A pytest plugin: which tests run which lines, and how long each takes."""

    def __init__(self, data: Path) -> None:
        from coverage import Coverage

        self.seconds: dict[str, float] = {}
        self._data = data
        self._coverage = Coverage(
            data_file=str(data), config_file=False, include=["*/callconv_kit/*"]
        )

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        self._data.with_suffix(".json").write_text(json.dumps(self.seconds))


class Selected:
    """A pytest plugin that runs these tests alone, the quickest first."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._seconds),
            key=lambda item: self._seconds[item.nodeid],
        )


def survives(mutant: Mutant, copy: Path) -> str:
    """`killed`, `survived`, `endless`, or `gone` where the code is not that of the sample."""
    module = ROOT / "callconv_kit" / mutant.module
    found = dict(mutants_of(module, mutant.area)) if module.is_file() else {}
    if mutant not in found:
        return "gone"
    text = module.read_text("utf-8")
    tree = ast.parse(text)
    list(changes(tree))[list(found).index(mutant)].apply()
    target = copy / "callconv_kit" / mutant.module
    seconds, runs_line = _that_run(found[mutant], target, mutant.area, copy)
    tests = tests_of(AREAS[mutant.area])
    if runs_line:
        tests = [name for name in tests if any(test.startswith(name) for test in seconds)]
        rounds = [(tests, [Selected(seconds)])]
    else:  # the line runs when the module is imported: any test may notice
        # Those that are named after the module kill most of its mutants, and start sooner.
        own = [name for name in tests if f"test_{target.stem}" in name]
        rounds = [(own, []), (tests, [])] if own else [(tests, [])]
    target.write_text(ast.unparse(ast.fix_missing_locations(tree)), "utf-8")
    try:
        limit = SLOWER * sum(seconds.values()) + 60
        passes = all(_passes(tests, copy, limit, plugins) for tests, plugins in rounds)
        return "survived" if passes else "killed"
    except TimeoutError:
        return "endless"
    finally:
        target.write_text(text, "utf-8")


def _that_run(change: Change, module: Path, area: int, copy: Path) -> tuple[dict[str, float], bool]:
    """The tests that run a changed line, in seconds each, or all; and whether there are any.

    A line that runs when the module is imported counts as run where the names that it sets are
    used.
    """
    from coverage import CoverageData

    data = copy / f"area-{area}.lines"
    if not data.exists():
        tests = tests_of(AREAS[area])
        if not _passes(tests, copy, 3600, [Watched(data)]):
            sys.exit("tests fail without a mutant:\n" + (copy / "last.log").read_text())
    seconds: dict[str, float] = json.loads(data.with_suffix(".json").read_text())
    lines = CoverageData(str(data))
    lines.read()

    def that_run(path: Path, numbers: Iterable[int]) -> dict[str, float]:
        contexts = lines.contexts_by_lineno(str(path))
        tests = {test for number in numbers for test in contexts.get(number, ())}
        return {test: seconds[test] for test in tests if test in seconds}

    if _is_in_function(change.line, module):
        selected = that_run(module, range(change.line, change.last_line + 1))
        return (selected, True) if selected else (seconds, False)
    selected = {}
    if names := _names_set_at(change.line, module):
        used = re.compile(rf"\b(?:{'|'.join(names)})\b")
        for path in (copy / "callconv_kit").rglob("*.py"):
            text = path.read_text("utf-8").split("\n")
            selected |= that_run(path, (at for at, line in enumerate(text, 1) if used.search(line)))
    return (selected, True) if selected else (seconds, False)


def _is_in_function(line: int, module: Path) -> bool:
    return any(
        node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    )


def _names_set_at(line: int, module: Path) -> list[str]:
    """The names that the statement of this line sets in its module, and those made of them."""
    names: set[str] = set()
    for statement in ast.parse(module.read_text("utf-8")).body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if statement.lineno <= line <= (statement.end_lineno or 0) or found & names:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names |= {
                node.id
                for target in targets
                for node in ast.walk(target)
                if isinstance(node, ast.Name)
            }
    return sorted(names)


def _passes(tests: list[str], copy: Path, limit: float, plugins: list[object]) -> bool:
    """Whether the tests pass on the copy, in a child that has the libraries imported already.

    Raises:
        TimeoutError: they take longer than the limit, in seconds.
    """
    child = os.fork()
    if not child:
        _run_in_child(tests, copy, plugins)
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError


def _run_in_child(tests: list[str], copy: Path, plugins: list[object]) -> None:
    import pytest  # in each child: its plugins mark modules when it starts

    os.setpgid(0, 0)
    os.chdir(copy)
    log = os.open(copy / "last.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = 1
    try:
        status = pytest.main([*OPTIONS.split(), *tests], plugins)
    finally:
        sys.stdout.flush()
        os._exit(int(status))


def run(session: Path, *, retry: bool, minutes: float) -> None:
    """Run what the session has not run yet, and print one line for each mutant."""
    mutants = [Mutant(*entry) for entry in json.loads(session.read_text())["mutants"]]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        _copied_to(copy)
        ends = time.monotonic() + minutes * 60
        for mutant in mutants:
            known = json.loads(session.read_text())["results"]
            key = json.dumps(mutant)
            if known.get(key) in ("killed", "gone") or (key in known and not retry):
                continue
            if time.monotonic() > ends:
                break
            verdict = survives(mutant, copy)
            _say(f"{verdict:9} {mutant.module}: {mutant.before} -> {mutant.after}")
            state = json.loads(session.read_text())
            state["results"][key] = verdict
            session.write_text(json.dumps(state, indent=0))


def _copied_to(copy: Path) -> None:
    """Lay out a copy of the tree to change, and let this process and its children import it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().strip("\0").split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    sys.path.insert(0, str(copy))
    os.environ["PYTHONPATH"] = str(copy)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    for library in (
        "click",
        "coverage",
        "hypothesis",
        "openpyxl",
        "pandas",
        "phonenumbers",
        "pyarrow.compute",
        "pyarrow.csv",
        "pyarrow.parquet",
        "pydantic",
        "pyftpdlib.handlers",
    ):
        importlib.import_module(library)


def report(session: Path) -> None:
    """Print the totals, and the survivors that no reason explains."""
    state = json.loads(session.read_text())
    explained = {
        (entry["module"], entry["before"], entry["after"])
        for entry in tomllib.loads(EQUIVALENT.read_text("utf-8"))["mutant"]
    }
    open_ = 0
    counts: dict[str, int] = {}
    for key, verdict in state["results"].items():
        mutant = Mutant(*json.loads(key))
        if verdict == "survived" and mutant[1:4] in explained:
            verdict = "equivalent"
        elif verdict == "survived":
            open_ += 1
            _say(f"survivor  {mutant.module}: {mutant.before} -> {mutant.after}")
        counts[verdict] = counts.get(verdict, 0) + 1
    _say(f"{sum(counts.values())} of {len(state['mutants'])} mutants: {counts}; to kill: {open_}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Draw the sample on the first run; then go on with it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=600, help="stop after these; go on later")
    parser.add_argument("--retry", action="store_true", help="run the survivors again")
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutants", help="for the session")
    options = parser.parse_args()
    session = options.folder / f"seed-{options.seed}-{options.count}.json"
    if not session.exists():
        options.folder.mkdir(exist_ok=True)
        mutants = chosen(options.seed, options.count)
        session.write_text(json.dumps({"mutants": mutants, "results": {}}))
    run(session, retry=options.retry, minutes=options.minutes)
    report(session)


if __name__ == "__main__":
    main()
