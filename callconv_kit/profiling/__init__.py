"""What an export is: whose, how laid out, what its columns hold, and what a job must still say.

inspection = inspect("calls.csv")                # changes nothing
for question in questions(inspection): ...       # what only a person can answer
draft = draft_of(inspection, answers)            # the text of a job
outlook("calls.csv", draft, inspection).ready    # what prepare would say
"""

from callconv_kit.profiling.columns import Profile
from callconv_kit.profiling.draft import Answers, Draft, draft_of, refined, settled
from callconv_kit.profiling.inspection import Inspection, inspect
from callconv_kit.profiling.likeness import Likeness
from callconv_kit.profiling.outlook import Outlook, Reason, outlook
from callconv_kit.profiling.questions import Question, questions
from callconv_kit.profiling.recognition import Fit, recognise
from callconv_kit.profiling.times import Times
from callconv_kit.profiling.trackers import lookup_file

__all__ = [
    "Answers",
    "Draft",
    "Fit",
    "Inspection",
    "Likeness",
    "Outlook",
    "Profile",
    "Question",
    "Reason",
    "Times",
    "draft_of",
    "inspect",
    "lookup_file",
    "outlook",
    "questions",
    "recognise",
    "refined",
    "settled",
]
