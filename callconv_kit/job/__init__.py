"""`Job`: every setting of a run, from callconv.toml or from keywords.

    job = Job.load("callconv.toml", timezone="America/New_York")
    job = Job.from_keywords(preset="invoca", constants={"CampaignId": 1001})

The names, defaults and allowed words are those of the job file. A `Job` never changes; laying a
preset under it (`under`) gives another. Whatever is wrong is one `UsageError` that names every
fault; nothing is ignored.
"""

from callconv_kit.job.layers import merged, pairs
from callconv_kit.job.settings import Job
from callconv_kit.job.tables import (
    Archive,
    Condition,
    Connection,
    Contract,
    LeaveOut,
    Legs,
    Lookup,
    Results,
    Source,
    StatusRule,
)
from callconv_kit.job.values import PRESETS, nearest_preset

__all__ = [
    "PRESETS",
    "Archive",
    "Condition",
    "Connection",
    "Contract",
    "Job",
    "LeaveOut",
    "Legs",
    "Lookup",
    "Results",
    "Source",
    "StatusRule",
    "merged",
    "nearest_preset",
    "pairs",
]
