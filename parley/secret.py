"""What only this server can work out: keyed hashes, one key for many purposes."""

from __future__ import annotations

import base64
import hashlib
import hmac


class Secret:
    """The server's own secret. It is never shown: not in a log, an error or a `repr`."""

    __slots__ = ("_key", "_tag_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._tag_key = hmac.digest(key, b"tags", "sha256")

    def __repr__(self) -> str:
        return "Secret(…)"

    def seal(self, purpose: str, text: str) -> str:
        """43 characters of base64url that nobody else can give for `text`.

        The seals of different purposes tell nothing of each other.
        """
        named = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, named, "sha256")
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")

    def derive(self, purpose: str, length: int) -> bytes:
        """So many bytes (at most 64) that nobody else can know, always the same for a purpose."""
        return hmac.digest(self._key, f"derive\0{purpose}".encode(), "sha512")[:length]

    def tag(self, purpose: str, text: str) -> str:
        """20 hexadecimal digits, at a fifth of a seal's cost: to know something again that is not
        kept itself. Nobody is shown one, so none is ever checked against what somebody sent.
        """
        named = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._tag_key, digest_size=10).hexdigest()

    def is_seal(self, seal: str, purpose: str, text: str) -> bool:
        """Whether `seal` is that of `text`; how long it takes to say so tells nothing of it."""
        return hmac.compare_digest(
            self.seal(purpose, text).encode("ascii"), seal.encode("utf-8", "surrogatepass")
        )
