"""What stops a delivery, as texts: the errors are made of them, and `callconv explain` shows them.

Failures of a connection have their own table, since each also names its exceptions: see
`connection_faults`.
"""

from callconv_kit.model.errors import DeliveryError

_RENEW = (
    "Restore it from a backup, then run `callconv status --catch-up`, which enters what the "
    "archive and the records of the runs know. If there is no backup, `callconv status "
    "--new-ledger` sets it aside and begins an empty one: calls that were sent before may then be "
    "sent again."
)
_LATER = "Run the same command again later; nothing is lost by waiting (up to 90 days)."

TEXTS: dict[str, tuple[str, str]] = {
    "busy": (
        "Another run is delivering with this ledger",
        "Wait until it has ended, then run the same command again.",
    ),
    "held_back": (
        "Far more rows than usual are rejected, so nothing was sent",
        "Look at {folder}/rejected.csv. If it is right so: callconv run --force.",
    ),
    "not_approved": (
        "Nobody has approved this file, and the job requires approval",
        "Have a second person check the file and run `callconv approve {ready}`, then run "
        "`callconv upload {ready}`. Nothing was sent.",
    ),
    "ledger_missing": (
        "Nothing has been uploaded from here yet: there is no ledger",
        "Upload a file with `callconv upload`, or check `ledger` in the job.",
    ),
    "ledger_lost": ("The ledger is gone, and with it the memory of what was sent", _RENEW),
    "ledger_damaged": ("The ledger is damaged", _RENEW),
    "ledger_older": (
        "The ledger does not know of everything that was sent: it is an older copy, or another one",
        "Run `callconv status --catch-up`: it enters what the archive and the records of the runs "
        "know. Nothing was sent.",
    ),
    "ledger_newer": (
        "The ledger was written by a later version of callconv-kit",
        "Upgrade callconv-kit.",
    ),
    "ledger_read_only": (
        "The ledger can't be written, so what is sent could not be remembered",
        "Correct the owner or mode of the ledger and its folder. Nothing was sent.",
    ),
    "ledger_busy": ("The ledger is busy", "Try again."),
    "ledger_failed": (
        "The ledger can't be used",
        "Check its folder and the free space of its disk; nothing more is sent until it works.",
    ),
    "ledger_cannot_lock": (
        "The disk of the ledger can't lock files, so two runs could send the same calls",
        "Set `ledger` in the job to a path on a local disk, and keep the job's file there too "
        "if you use `callconv run`. Nothing was sent.",
    ),
    "clock_behind": (
        "This machine's clock is behind the ledger's last entry",
        "Set the clock right (or `--now`); the dates in the ledger would be wrong otherwise.",
    ),
    "pgp_failed": (
        "The file can't be encrypted",
        "Check the free space of the ledger's disk, then run the same command again. Nothing was "
        "sent.",
    ),
    "line_offset_unknown": (
        "It is not certain which rows were refused",
        "Send a canary with one row whose CampaignId is wrong, read its results, and the offset "
        "is known; or give it: `callconv results --line-offset N`.",
    ),
    "results_unavailable": ("The results API at {host} does not answer", _LATER),
    "results_rate_limited": ("The results API at {host} allows no more requests now", _LATER),
    "results_endless": (
        "The list of results at {host} has no last page",
        "Check `base_url` under [results]; a proxy may answer every page with the same one.",
    ),
    "results_refused": (
        "The results API at {host} refuses",
        "Check `account_sid` and the token under [results]; the token needs the scope for "
        "submissions.",
    ),
    "results_unreadable": (
        "The answer of {host} is not a page of results",
        "Check `base_url` under [results].",
    ),
}
"""Code → the problem and the next step; {names} are filled in."""

_GENERAL = {
    name: name.upper() for name in ("host", "port", "user", "directory", "name", "folder", "ready")
}


def delivery_error(code: str, found: str, expected: str = "", **names: object) -> DeliveryError:
    """The error of a code in `TEXTS`."""
    problem, next_step = (text.format(**names) for text in TEXTS[code])
    return DeliveryError(code, problem, found, expected, next_step)


def explained() -> dict[str, tuple[str, str, str]]:
    """Each code of a delivery: its meaning, its exit statuses, and what to do; HOST for a name."""
    from callconv_kit.delivery.connection_faults import BY_CODE, TABLE, UNSENT
    from callconv_kit.delivery.outcomes import CHECK
    from callconv_kit.delivery.sftp import TABLE as SFTP_ONLY

    found = {code: (problem, "4", next_step) for code, (problem, next_step) in TEXTS.items()}
    late = {fault.code for fault in TABLE if not fault.steps <= UNSENT}
    for code, fault in (BY_CODE | SFTP_ONLY).items():
        next_step, statuses = fault.next_step, "4"
        if code in late:  # something of the file may have arrived
            next_step, statuses = (
                f"If the exit status is 5: {CHECK} If it is 4: {next_step}",
                "4 or 5",
            )
        found[code] = (fault.problem, statuses, next_step)
    return {
        code: (problem.format(**_GENERAL), statuses, next_step.format(**_GENERAL))
        for code, (problem, statuses, next_step) in sorted(found.items())
    }
