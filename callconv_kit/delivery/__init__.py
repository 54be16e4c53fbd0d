"""Delivery: a ready.csv to the import server, once; proven where that is possible; remembered.

`upload` is the door. `attempt.py` holds the decisions, `connection_faults.py` how connections fail,
`ftp.py` and `sftp.py` the connections, `ledger.py` the memory, `results.py` what came back,
`nightly.py` the unattended run.
"""

from callconv_kit.delivery.attempt import Patience
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.upload import upload

__all__ = ["Patience", "Receipt", "State", "upload"]
