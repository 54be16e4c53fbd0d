"""Whether a preset says what its author means: its columns exist, and what a job has to add.

`preset.load` refuses what is wrong in itself (an unknown key, a status that does not exist). Here
the parts of a preset are held against each other: a rule over a column that no form of the export
has would never match, unnoticed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from callconv_kit.job.faults import JobFault
from callconv_kit.mapping.plan import CHILD, IDS_OF_IMPACT
from callconv_kit.mapping.preset import About, Form, Preset
from callconv_kit.model import spec
from callconv_kit.model.names import nearest_column, plain

CALLED = "CalledPhoneNumber"


class Checked(NamedTuple):
    """What was found in a preset.

    problems: errors; such a preset does not work as described.
    needs: required columns without a source in the preset, and how a job gives each.
    notes: what may be meant, and is worth a look.
    """

    problems: tuple[JobFault, ...]
    needs: Mapping[str, str]
    notes: tuple[str, ...]


def check(preset: Preset) -> Checked:
    """Hold the parts of a preset against each other."""
    problems = [*_unknown_columns(preset), *_forms(preset), *_without_effect(preset)]
    return Checked(tuple(problems), _needs(preset), tuple(_notes(preset)))


def _unknown_columns(preset: Preset) -> Iterator[JobFault]:
    """Columns that some part names, and that no form of the export has."""
    known = {plain(name) for name in preset.names}
    reported: set[tuple[str, str]] = set()
    for where, name in _named(preset):
        name = name.removeprefix(CHILD)
        if plain(name) in known or (where, name) in reported:
            continue
        reported.add((where, name))
        near = nearest_column(name, preset.names)
        yield JobFault(
            where,
            "names a column that no form and no alias of the preset has",
            f'"{name}"',
            hint=f'Did you mean "{near}"?' if near else "Add it to the columns of a form.",
        )


def _named(preset: Preset) -> Iterator[tuple[str, str]]:
    """Every column of the export that the preset names, with the place where it does."""
    for column, source in preset.settings.get("columns", {}).items():
        yield from ((f"[columns] {column}", name) for name in _names(source))
    yield from _named_in_about(preset.about)
    yield from _named_in_rules(preset.settings)


def _named_in_about(about: About) -> Iterator[tuple[str, str]]:
    yield from (("[preset] needs", name) for name in about.needs)
    for column, wanted in about.on_request.items():
        yield from ((f"[preset.on_request] {column}", name) for name in wanted.names)
    for word in ("destination", "tracking"):
        for name in getattr(about.called_number, word):
            yield f"[preset.called_number] {word}", name
    conditions: dict[str, list[list[str]]] = {
        "otherwise": [list(rule.when) for rule in about.otherwise],
        "no_talk": [list(rule.when) for rule in about.no_talk],
        "doubt": [[rule.fed_by, *rule.when] for rule in about.doubt],
        "conversion_rows": [
            [rule.source_column or "", *rule.when] for rule in about.conversion_rows
        ],
    }
    for key, rules in conditions.items():
        for number, names in enumerate(rules, 1):
            yield from ((f"[[preset.{key}]] (number {number})", name) for name in names if name)
    if about.corrections is not None:
        yield "[preset.corrections] id", about.corrections.id
        yield "[preset.corrections] corrects", about.corrections.corrects


def _named_in_rules(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for number, rule in enumerate(settings.get("leave_out", ()), 1):
        source = [rule["source_column"]] if rule.get("source_column") else []
        for name in (*source, *rule.get("when", {})):
            yield f"[[leave_out]] (number {number})", name
    for number, status in enumerate(settings.get("status", ()), 1):
        yield from ((f"[[status]] (number {number})", name) for name in status["when"])
    legs = settings.get("legs")
    if legs:
        yield from ((f"[legs] {key}", legs[key]) for key in ("key", "parent"))
        yield from (
            (f"[legs.take] {column}", name) for column, name in legs.get("take", {}).items()
        )


def _names(source: Any) -> tuple[str, ...]:
    if isinstance(source, Mapping):
        (source,) = source.values()
    return (source,) if isinstance(source, str) else tuple(source)


def _forms(preset: Preset) -> Iterator[JobFault]:
    for form in preset.about.form:
        yield from _form(form)
    widths = Counter(
        len(form.columns) for form in preset.about.form if form.headerless and not form.cells
    )
    for width, forms in widths.items():
        if forms > 1:
            yield JobFault(
                "[[preset.form]]",
                f"has {forms} headerless forms of {width} columns; only their cells differ",
                expected='such as cells = {status = "ANSWERED|BUSY"} in each of them',
            )


def _form(form: Form) -> Iterator[JobFault]:
    where = f'[[preset.form]] "{form.name}"'
    own = {plain(name) for name in form.columns}
    for key, names in (("needs", form.needs), ("cells", tuple(form.cells))):
        for name in names:
            if plain(name) not in own:
                near = nearest_column(name, form.columns)
                yield JobFault(
                    where,
                    f"has a column under {key} that is not among its columns",
                    f'"{name}"',
                    hint=f'Did you mean "{near}"?' if near else "Add it to columns.",
                )
    if form.headerless and form.needs:
        yield JobFault(where, "is headerless, so that needs has no effect", hint="Delete needs.")
    twice = [name for name, times in Counter(map(plain, form.columns)).items() if times > 1]
    for name in twice:
        yield JobFault(where, "names a column twice", f'"{name}"', hint="Delete one of the two.")


def _without_effect(preset: Preset) -> Iterator[JobFault]:
    """Tables over columns of the format that the preset does not map."""
    mapped = _mapped(preset) | set(preset.about.on_request)
    for table in ("values", "units"):
        for column in preset.settings.get(table, {}):
            if column in mapped or (column == "CallStatus" and preset.settings.get("status")):
                continue
            yield JobFault(
                f"[{table}.{column}]" if table == "values" else f"[units] {column}",
                "has no effect: the preset maps no column to it",
                hint=f'Add [columns] {column} = "the column that holds it".',
            )


def _mapped(preset: Preset) -> set[str]:
    settings, numbers = preset.settings, preset.about.called_number
    mapped = {*settings.get("columns", {}), *settings.get("legs", {}).get("take", {})}
    return mapped | ({CALLED} if numbers.destination or numbers.tracking else set())


def _needs(preset: Preset) -> dict[str, str]:
    """Required columns that the preset does not fill, and how a job does."""
    settings = preset.settings
    filled = _mapped(preset)
    filled |= {*settings.get("constants", {}), *settings.get("defaults", {})}
    if settings.get("talk_time", "column") == "call_if_answered":
        filled.add("TalkDuration")
    return {
        column: "under [constants] or by a [lookup]"
        if column in IDS_OF_IMPACT
        else _HOW.get(column, "under [columns] or [constants]")
        for column in spec.REQUIRED
        if column not in filled
    }


_HOW = {
    "CallProvider": "under [constants]",
    "CallSessionId": "by session_id_from, where the export has no call id",
    "TalkDuration": 'by talk_time = "call_if_answered", where the export has no talk time',
}


def _notes(preset: Preset) -> Iterator[str]:
    settings = preset.settings
    rules = settings.get("leave_out", ())
    if not any(rule.get("code") == "outbound" for rule in rules):
        yield (
            "No rule leaves out outbound calls. If the export holds them, add a [[leave_out]] "
            'with code = "outbound".'
        )
    if "CallStatus" not in _mapped(preset) and not settings.get("status"):
        yield (
            "No column gives CallStatus: impact.com treats an empty one as ANSWER. Map a column, "
            "or add [[status]] rules."
        )
    for form in preset.about.form:
        if not form.headerless and not form.needs:
            yield f'The form "{form.name}" has no needs: any header with its names is taken for it.'
