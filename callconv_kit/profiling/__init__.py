"""What an export is: whose, how laid out, what its columns hold, and what a job must still say.

seen = inspect("calls.csv")                      # changes nothing; seen.proposals holds evidence
for question in questions(seen): ...             # what a person must answer or look at
seen = refined("calls.csv", seen, answers)       # what the answers tell of the rest
draft = draft_of(seen, answers, accept="likely") # the text of a job
outlook("calls.csv", draft, seen).ready          # what prepare would say
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.job import Job
from callconv_kit.profiling.answering import Answers, refined, settled
from callconv_kit.profiling.columns import Profile
from callconv_kit.profiling.draft import Draft, draft_of, with_share
from callconv_kit.profiling.inspection import Inspection, inspect
from callconv_kit.profiling.lookup_file import lookup_file
from callconv_kit.profiling.outlook import Outlook, Reason, outlook
from callconv_kit.profiling.proposal import Proposal, Proposals
from callconv_kit.profiling.questions import Question, questions, written
from callconv_kit.profiling.recognition import Fit, recognize
from callconv_kit.profiling.times import Times
from callconv_kit.reading import Input

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Answers",
    "Draft",
    "Fit",
    "Inspection",
    "Outlook",
    "Profile",
    "Proposal",
    "Proposals",
    "Question",
    "Reason",
    "Times",
    "draft_of",
    "inspect",
    "lookup_file",
    "outlook",
    "propose",
    "questions",
    "recognize",
    "refined",
    "settled",
    "with_share",
]


COLUMNS = ("column", "source", "confidence", "why", "alternatives")


def propose(source: Input, job: str | Path | Job | None = None, **settings: Any) -> "pd.DataFrame":
    """What each column of the format may come from; nothing is changed and nothing is applied.

    Args:
        source: a path, an address, `-` for standard input, or a DataFrame.
        job: a job file or a Job; what it names counts as known.
        **settings: every key of the job file under its name.

    Returns:
        A row for each column of the format, in its order: `column`; `source`, as `init` takes it
        for an answer (empty for nothing); `confidence` (`sure`, `likely`, `none`); `why`; and
        `alternatives`, with ` or ` between.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    import pandas as pd

    seen = inspect(source, job, **settings)
    rows = [
        (
            name,
            written(each),
            each.confidence,
            each.because,
            " or ".join(" + ".join(other.sources) for other in each.alternatives),
        )
        for name, each in seen.proposals.mapping.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
