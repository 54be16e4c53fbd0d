"""Accounts: who may log in, where their files go, and what they have agreed.

Read from a TOML file (`load`), from `NAME:PASSWORD` on the command line (`parse`), or made in
Python. A password that is not given is generated and shown once; only its hash is kept.
"""

import hashlib
import hmac
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from callconv_kit.model import spec
from mock_server.programs import Program, Refuse, Tracker
from mock_server.reasons import REASONS

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


STORED = re.compile(r"scrypt\$((?:[0-9a-f]{2})+)\$((?:[0-9a-f]{2}){64})", re.ASCII)


class AccountError(ValueError):
    """An account that can't be made from what was given; says what and where."""


class Secret:
    """A password that can be checked and not read: scrypt with a salt, as stored."""

    def __init__(self, stored: str) -> None:
        parts = STORED.fullmatch(stored)
        if parts is None:
            # It may be a password, so it is not shown.
            raise AccountError("a stored password is like scrypt$SALT$DIGEST, both in hexadecimal")
        self.stored = stored
        self._salt, self._digest = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
        # scrypt is slow by design; a password once found right is known again by a keyed hash.
        self._key = secrets.token_bytes(16)
        self._known = b""

    @classmethod
    def of(cls, password: str) -> "Secret":
        """The secret of a password."""
        salt = secrets.token_bytes(16)
        digest = hashlib.scrypt(password.encode(), salt=salt, n=4096, r=8, p=1)
        return cls(f"scrypt${salt.hex()}${digest.hex()}")

    def matches(self, password: str) -> bool:
        """Whether this is the password."""
        if "\0" in password:
            return False  # a hash pads its key with zeros, so that one at the end is no difference
        quick = hmac.digest(self._key, password.encode("utf-8", "replace"), "sha256")
        if hmac.compare_digest(quick, self._known):
            return True
        digest = hashlib.scrypt(
            password.encode("utf-8", "replace"), salt=self._salt, n=4096, r=8, p=1
        )
        if not hmac.compare_digest(digest, self._digest):
            return False
        self._known = quick
        return True

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class Account:
    """One advertiser: `/{name}` on the FTP side, `sid` and token on the results side."""

    name: str
    user: str
    password: Secret
    sid: str
    token: Secret
    programs: tuple[Program, ...] = ()
    refuse: tuple[Refuse, ...] = ()
    generated: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Credentials made up here, in the clear, to be shown once."""


def make(
    name: str,
    password: str | None = None,
    *,
    user: str = "",
    password_hash: str = "",
    sid: str = "",
    token: str | None = None,
    programs: Iterable[Program] = (),
    refuse: Iterable[Refuse] = (),
) -> Account:
    """An account; what is not given is derived (user, sid), shared (token) or generated.

    The API token is the password where only a password is given.
    """
    if not NAME.fullmatch(name):
        raise AccountError(
            f"account name {name!r}: expected letters, digits, - and _ (it becomes a directory)"
        )
    generated = {}
    if password is None and not password_hash:
        password = generated["password"] = secrets.token_urlsafe(12)
    secret = Secret(password_hash) if password is None else Secret.of(password)
    return Account(
        name,
        user or name,
        secret,
        sid or "IR" + hashlib.sha256(name.encode()).hexdigest()[:20].upper(),
        secret if token is None else Secret.of(token),
        tuple(programs),
        tuple(refuse),
        generated,
    )


def parse(text: str) -> Account:
    """An account from `NAME`, `NAME:PASSWORD` or `NAME:PASSWORD:TOKEN`."""
    name, *rest = text.split(":")
    password = rest[0] if rest and rest[0] else None
    return make(name, password, token=":".join(rest[1:]) or None)


def load(path: Path) -> list[Account]:
    """The accounts of a TOML file: `[[account]]` tables, see docs/mock_server.md."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AccountError(f"{path}: {error}") from error
    _known_keys(tables, {"account"}, str(path))
    found = tables.get("account")
    if not isinstance(found, list) or not found:
        raise AccountError(f"{path}: expected at least one [[account]] table with a name")
    accounts = [_account(table, f"{path}: account {at}") for at, table in enumerate(found, 1)]
    return distinct(accounts, f"{path}: ")


def distinct(accounts: Iterable[Account], where: str = "") -> list[Account]:
    """The accounts, unless two of them share a name, user or SID."""
    known = list(accounts)
    for what in ("name", "user", "sid"):
        values = [getattr(account, what) for account in known]
        for value in sorted({v for v in values if values.count(v) > 1}):
            raise AccountError(f"{where}two accounts with the {what} {value}")
    return known


def _account(table: Mapping[str, Any], where: str) -> Account:
    text = ("name", "user", "password", "password_hash", "sid", "token")
    _known_keys(table, {*text, "program", "refuse"}, where)
    given = {key: _of(str, table[key], f"{where}: {key}") for key in text if key in table}
    if "name" not in given:
        raise AccountError(f"{where}: a name is missing")
    programs = _of(list, table.get("program", []), f"{where}: program")
    refuse = _of(list, table.get("refuse", []), f"{where}: refuse")
    known = [_program(p, f"{where}: program {at}") for at, p in enumerate(programs, 1)]
    wishes = [_refuse(r, f"{where}: refuse {at}") for at, r in enumerate(refuse, 1)]
    name, password = given.pop("name"), given.pop("password", None)
    try:
        return make(name, password, programs=known, refuse=wishes, **given)
    except AccountError as error:
        raise AccountError(f"{where}: {error}") from error


def _program(table: Mapping[str, Any], where: str) -> Program:
    kinds: dict[str, type] = {
        "campaign": int,
        "active": bool,
        "minimum_duration": int,
        "answered_only": bool,
        "duplicate_days": int,
        "trackers": list,
        "tracker": list,
        "media": list,
        "inactive_media": list,
        "daily_range": list,
    }
    _known_keys(table, set(kinds), where)
    given = {
        key: _of(kind, table[key], f"{where}: {key}") for key, kind in kinds.items() if key in table
    }
    if "campaign" not in given:
        raise AccountError(f"{where}: a program is missing")
    trackers = [Tracker(str(number)) for number in given.pop("trackers", [])]
    trackers += [
        _tracker(t, f"{where}: tracker {at}") for at, t in enumerate(given.pop("tracker", []), 1)
    ]
    return Program(
        str(given.pop("campaign")),
        tuple(trackers),
        frozenset(map(str, given.pop("media", []))),
        frozenset(map(str, given.pop("inactive_media", []))),
        daily_range=_daily_range(given.pop("daily_range", None), where),
        **given,
    )


def _tracker(table: Mapping[str, Any], where: str) -> Tracker:
    _known_keys(table, {"id", "active", "counts"}, where)
    counts = table.get("counts", "calls")
    if counts not in ("calls", "conversions"):
        raise AccountError(f'{where}: counts is "calls" or "conversions", not {counts!r}')
    number = _of(int, table.get("id"), f"{where}: id")
    return Tracker(str(number), _of(bool, table.get("active", True), f"{where}: active"), counts)


def _refuse(table: Mapping[str, Any], where: str) -> Refuse:
    _known_keys(table, {"column", "equals", "reason"}, where)
    column, equals, reason = (str(table.get(key, "")) for key in ("column", "equals", "reason"))
    if column not in spec.NAMES:
        raise AccountError(f"{where}: {column!r} is not a published column")
    if reason not in REASONS:
        raise AccountError(f"{where}: {reason!r} is none of {', '.join(REASONS)}")
    return Refuse(column, equals, reason)


def _daily_range(pair: list[Any] | None, where: str) -> tuple[time, time] | None:
    if pair is None:
        return None
    try:
        opens, closes = (v if isinstance(v, time) else time.fromisoformat(v) for v in pair)
    except (TypeError, ValueError) as error:
        raise AccountError(
            f'{where}: daily_range is like ["08:00", "20:00"], not {pair!r}'
        ) from error
    return opens, closes


def _known_keys(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise AccountError(
                f"{where}: unknown key {key!r}; known are {', '.join(sorted(known))}"
            )


def _of(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise AccountError(f"{where}: expected {kind.__name__}, found {value!r}")
    return value
