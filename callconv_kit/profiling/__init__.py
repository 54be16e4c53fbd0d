"""What an export is: whose, how laid out, what its columns hold, and what a job must still say.

inspection = inspect("calls.csv")       # changes nothing
draft = draft_of(inspection)            # a job, with the questions that only a person answers
"""

from callconv_kit.profiling.columns import Profile
from callconv_kit.profiling.draft import Answers, Draft, draft_of
from callconv_kit.profiling.inspection import Inspection, inspect
from callconv_kit.profiling.questions import Question, questions
from callconv_kit.profiling.recognition import Fit, recognise

__all__ = [
    "Answers",
    "Draft",
    "Fit",
    "Inspection",
    "Profile",
    "Question",
    "draft_of",
    "inspect",
    "questions",
    "recognise",
]
