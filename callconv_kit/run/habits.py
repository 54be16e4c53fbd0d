"""How most cells of a column are written, where single cells can't be read without knowing it.

A serial day with few decimals lost digits, unless its column shows that zeros were dropped; eleven
digits are a whole international number only where the column's numbers carry country codes. Both
are rare, so a column is counted when the first such cell is met, over the whole file: what becomes
of a row must not depend on the block in which it is read.
"""

import copy
from weakref import WeakKeyDictionary

from callconv_kit.coercion.columns import Habit, Kernels
from callconv_kit.job import Job
from callconv_kit.mapping import filling
from callconv_kit.mapping.plan import Plan
from callconv_kit.model import texts
from callconv_kit.reading import Table


class Habits:
    """The habits of the columns of a run's inputs, each counted once."""

    def __init__(self, job: Job, kernels: Kernels) -> None:
        self._job = job
        self._kernels = kernels
        self._known: WeakKeyDictionary[Table, dict[str, bool]] = WeakKeyDictionary()

    def of(self, table: Table, plan: Plan) -> Habit:
        """Whether more than half of the cells of a column of this input have its habit."""

        def has(column: str) -> bool:
            known = self._known.setdefault(table, {})
            if column not in known:
                known[column] = self._count(table, plan, column)
            return known[column]

        return has

    def _count(self, table: Table, plan: Plan, column: str) -> bool:
        feed = plan.feeds.get(column)
        if feed is None or column in self._job.constants:
            return False
        of, having = 0, 0
        # A table keeps an account of the reading that is under way: this one has its own.
        for batch in copy.copy(table).batches():
            if max(feed.positions) >= len(batch.cells):
                return False  # fed by the other leg of a call
            cells = filling.fed(column, batch.cells, feed, self._job, self._kernels).cells
            held = cells.values.filter(texts.mask(texts.present(cells.values)))
            seen, with_habit = self._kernels.habit(column, held)
            of, having = of + seen, having + with_habit
        return 2 * having > of
