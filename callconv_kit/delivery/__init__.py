"""Delivery: a ready.csv to the import server, once; proven where that is possible; remembered.

`upload` is the door. `one.py` holds the decisions, `border.py` the ways a connection fails,
`ftp.py` and `sftp.py` the connections, `ledger.py` the memory, `results.py` what came back,
`nightly.py` the unattended run.
"""

from callconv_kit.delivery.one import Patience
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.uploading import upload

__all__ = ["Patience", "Receipt", "State", "upload"]
