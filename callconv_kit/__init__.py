"""Call-tracking exports as call conversions for impact.com's FTP import.

    import callconv_kit as ck
    prepared = ck.prepare("calls.csv", constants={"CampaignId": 1001})
    prepared.write("out/")

Every DataFrame has the accessor `df.callconv`. Names are loaded when they are first used, so that
importing the package stays quick.
"""

import importlib
import logging
from typing import TYPE_CHECKING, Any

from callconv_kit.registration import register

if TYPE_CHECKING:
    from callconv_kit.accessor import CallConvAccessor as CallConvAccessor
    from callconv_kit.job import Connection as Connection
    from callconv_kit.job import Job as Job
    from callconv_kit.model.errors import CallConvError as CallConvError
    from callconv_kit.model.errors import DeliveryError as DeliveryError
    from callconv_kit.model.errors import InputError as InputError
    from callconv_kit.model.errors import OutcomeUnknown as OutcomeUnknown
    from callconv_kit.model.errors import UsageError as UsageError
    from callconv_kit.profiling import Inspection as Inspection
    from callconv_kit.profiling import inspect as inspect
    from callconv_kit.profiling import propose as propose
    from callconv_kit.run.check import Checked as Checked
    from callconv_kit.run.check import check as check
    from callconv_kit.run.prepared import Prepared as Prepared
    from callconv_kit.run.prepared import prepare as prepare
    from callconv_kit.run.typed import read as read
    from callconv_kit.run.typed import typed as typed

_HOMES = {
    "CallConvAccessor": "accessor",
    "CallConvError": "model.errors",
    "Checked": "run.check",
    "Connection": "job",
    "DeliveryError": "model.errors",
    "InputError": "model.errors",
    "Inspection": "profiling",
    "Job": "job",
    "OutcomeUnknown": "model.errors",
    "Prepared": "run.prepared",
    "UsageError": "model.errors",
    "check": "run.check",
    "inspect": "profiling",
    "propose": "profiling",
    "prepare": "run.prepared",
    "read": "run.typed",
    "typed": "run.typed",
}

__all__ = list(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


register()
# A library's log goes where its user sends it, and nowhere else.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __dir__() -> list[str]:
    return sorted([*__all__, "__all__", "__version__"])
