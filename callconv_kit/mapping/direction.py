"""Direction columns: which rows they call outbound.

Only a warning comes of it: which calls are meant is the job's to say. Names and words are those of
call logs; the words are looked for in columns of these names alone.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.names import plain
from callconv_kit.model.texts import Ints

NAMES = frozenset(
    {
        *("type", "calltype", "callkind", "kind", "dir", "calldir", "inout", "in/out"),
        *("inbound/outbound", "inboundoutbound", "inboundoroutbound", "callcategory", "callclass"),
        *("initiationmethod", "richtung", "anrufrichtung", "anruftyp", "sens", "sentido"),
        *("dirección", "direccion", "direzione"),
    }
)
"""As `plain` writes them; every name with `direction` in it counts as well."""

OUTBOUND = (
    r"(?i)\A(?:out(?:bound|going)(?:[^a-z].*)?|out|ob|dialed|placed"
    r"|ausgehend\w*|abgehend\w*|(?:llamada )?saliente|(?:appel )?sortante?|uitgaand|in uscita)\z"
)
"""Words of RE2 for a call that one's own side placed."""

SHOWN = 40
"""Characters of a word that are shown."""


def columns(header: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the columns whose name says that they hold a call's direction."""
    names = [plain(cell).replace("-", "") for cell in header]
    return tuple(at for at, name in enumerate(names) if "direction" in name or name in NAMES)


def outbound(cells: pa.StringArray, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Which of `rows` a column calls outbound, ascending; and its word for each of them."""
    encoded = cells.dictionary_encode()
    words = pc.utf8_trim(encoded.dictionary, characters=texts.EDGES)
    hits = texts.bools(pc.match_substring_regex(words, OUTBOUND))
    if not hits.any():
        return rows[:0], ()
    # The last entry answers for the nulls, which are numbered -1.
    at = texts.places(encoded)[rows]
    found = np.append(hits, False)[at]
    shown = np.asarray([str(word)[:SHOWN] for word in words.to_pylist()], object)
    return rows[found], tuple(shown[at[found]])
