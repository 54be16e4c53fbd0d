"""The steps of the workbench: which are done, open or blocked, and what is open in each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import ipywidgets as ipw

from callconv_kit.widgets import parts
from callconv_kit.widgets.parts import tag
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

if TYPE_CHECKING:
    from callconv_kit.widgets.session import Session

STEPS = ("Open", "Map", "Prepare", "Review", "Check", "Deliver")

NAMED = 6
"""Open points that are named; of more the count is shown."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a step.

    open: how many things are open in it; what: names them, or says what blocks it.
    """

    state: Literal["done", "open", "blocked"]
    what: str = ""
    open: int = 0


def standings(session: "Session", wrong: int = 0, *, sent: bool = False) -> dict[str, Status]:
    """Where each step is.

    Args:
        session: of the workbench.
        wrong: fields of Map that hold something wrong.
        sent: whether the ready.csv of the last run was delivered.
    """
    if session.source is None:
        blocked = Status("blocked", "open an export first")
        return dict.fromkeys(STEPS, blocked) | {"Open": Status("open", "choose a file", 1)}
    found = {"Open": Status("done"), "Map": _mapping(session, wrong)}
    prepared = session.prepared
    if prepared is None:
        found["Prepare"] = Status("open", "not run yet", 1)
    elif not session.is_current:
        found["Prepare"] = Status("open", "something changed since the last run: run it again", 1)
    else:
        found["Prepare"] = Status("done")
    if prepared is None:
        return found | dict.fromkeys(STEPS[3:], Status("blocked", "run Prepare first"))
    left = session.rejected_open
    found["Review"] = Status("open", f"{many(left)} rejected", left) if left else Status("done")
    if prepared.problem is not None:
        return found | dict.fromkeys(
            STEPS[4:], Status("blocked", "too many rows are rejected: see Review")
        )
    valid = session.validation
    found["Check"] = (
        Status("open", "ready.csv is not validated yet", 1)
        if valid is None
        else Status("done" if valid.success else "open", "", 0 if valid.success else 1)
    )
    found["Deliver"] = Status("done") if sent else Status("open", "not delivered yet", 1)
    return found


def _mapping(session: "Session", wrong: int) -> Status:
    points = session.open_points()
    if not points and not wrong:
        return Status("done")
    points_shown = [f"{many(wrong, 'field')} wrong"] if wrong else []
    points_shown += points[:NAMED]
    if len(points) > NAMED:
        points_shown.append(f"{len(points) - NAMED} more")
    return Status("open", ", ".join(points_shown), len(points) + wrong)


class StepBar(ipw.VBox):
    """A button for each step, and one that goes to the next step where something is open.

    Args:
        chosen: called with the step that a person chose.
        leave: called with that step when a person pressed Next.
    """

    def __init__(self, chosen: Callable[[str], None], leave: Callable[[str], None]) -> None:
        self.value = STEPS[0]
        self._standings: dict[str, Status] = {}
        self._buttons = {name: parts.button(name, f"step-{name.lower()}") for name in STEPS}
        for name, button in self._buttons.items():
            button.on_click(lambda _, name=name: chosen(name))
        self._next = parts.button("Next", "next-step", primary=True)
        self._next.on_click(lambda _: leave(self.next_step))
        self._points = parts.named(ipw.HTML(), "open-points")
        super().__init__(
            [
                parts.named(ipw.HBox(list(self._buttons.values())), "steps"),
                parts.row(self._next, self._points),
            ]
        )

    @property
    def next_step(self) -> str:
        """The first step behind this one where something is open, else the first such step."""
        at = STEPS.index(self.value)
        for name in (*STEPS[at + 1 :], *STEPS[: at + 1]):
            if self._standings[name].state != "done":
                return name
        return STEPS[min(at + 1, len(STEPS) - 1)]

    def show(self, value: str, found: dict[str, Status]) -> None:
        """Show where the steps are, and which of them is on screen."""
        self.value, self._standings = value, found
        for number, (name, button) in enumerate(self._buttons.items(), 1):
            standing = found[name]
            done = "✓ " if standing.state == "done" else ""
            count = f" ({standing.open:,} open)" if standing.open else ""
            button.description = f"{done}{number} {name}{count}"
            here = "this page; " if name == value else ""
            what = f": {standing.what}" if standing.what else ""
            button.tooltip = f"{name}: {here}{standing.state}{what}"
            for state in ("done", "open", "blocked"):
                (button.add_class if state == standing.state else button.remove_class)(
                    f"callconv-is-{state}"
                )
            (button.add_class if name == value else button.remove_class)("callconv-here")
        following, now = self.next_step, found[value]
        self._next.description = f"Next: {following}"
        self._next.disabled = following == value
        message = f"Open here: {visible(now.what, 400)}." if now.state != "done" else "Done."
        self._points.value = tag("small", tag("span", message, role="status"))
