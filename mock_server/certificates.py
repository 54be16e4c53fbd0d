"""Certificates made at start: a certificate authority for clients to trust, and its children."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from OpenSSL import SSL

NAMES = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """One authority, the server's certificate, and wrong ones for the fault book."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._names = tuple(dict.fromkeys((*NAMES, host)))
        self._authority = trustme.CA(organization_name="callconv mock import server")
        self._contexts: dict[str, SSL.Context] = {}
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def context(self, which: str = "right") -> SSL.Context:
        """A TLS context; `which` is "right", "expired", "name" or "stranger".

        Complete when it is returned: pyOpenSSL lets no context be changed after its first use.
        """
        if which not in self._contexts:
            self._contexts[which] = self._make(which)
        return self._contexts[which]

    def _make(self, which: str) -> SSL.Context:
        authority = trustme.CA() if which == "stranger" else self._authority
        names = ("elsewhere.example",) if which == "name" else self._names
        past = datetime.now(UTC) - timedelta(days=1) if which == "expired" else None
        issued = authority.issue_cert(
            *names, not_before=past and past - timedelta(days=30), not_after=past
        )
        file = self._folder / f"{which}.pem"
        file.touch(mode=0o600)
        issued.private_key_and_cert_chain_pem.write_to_path(str(file))
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.use_certificate_chain_file(str(file))
        context.use_privatekey_file(str(file))
        # Sessions can be resumed on the data connection only within a named context.
        context.set_session_id(b"callconv mock")
        return context
