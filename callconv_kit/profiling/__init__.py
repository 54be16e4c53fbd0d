"""What an export is: whose, how laid out, what its columns hold, and what a job must still say.

seen = inspect("calls.csv")                      # changes nothing; seen.proposals holds evidence
for question in questions(seen): ...             # what a person must answer or look at
seen = refined("calls.csv", seen, answers)       # what the answers tell of the rest
draft = draft_of(seen, answers, accept="likely") # the text of a job
outlook("calls.csv", draft, seen).ready          # what prepare would say
"""

from callconv_kit.profiling.answering import Answers, refined, settled
from callconv_kit.profiling.columns import Profile
from callconv_kit.profiling.draft import Draft, draft_of, with_share
from callconv_kit.profiling.inspection import Inspection, inspect
from callconv_kit.profiling.outlook import Outlook, Reason, outlook
from callconv_kit.profiling.proposal import Proposal, Proposals
from callconv_kit.profiling.proposal_frame import propose
from callconv_kit.profiling.questions import Question, questions
from callconv_kit.profiling.recognition import Fit, recognise
from callconv_kit.profiling.times import Times
from callconv_kit.profiling.trackers import lookup_file

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
    "recognise",
    "refined",
    "settled",
    "with_share",
]
