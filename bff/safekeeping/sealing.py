"""Documents at rest: sealed under a key per document, itself sealed under a key that is not in the database.

AES-256-GCM. A document is sealed part by part, so that none need lie in memory whole; each part is bound to the row's
identity, to its place and to whether it is the last one, so that parts that were moved, swapped or left out do not open
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). The first key of `BFF_DOCUMENT_KEYS` seals;
all of them open, which is how keys are rotated.
"""

import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PART_BYTES = 256 * 1024
"""How much of a document is sealed at once; every part but the last is of this size."""
_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealBroken(Exception):
    """The document does not open: its key is not configured, or a row was altered, moved or lost."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """`wrapped` is the document's own key with its nonce in front, sealed under the key named `key_id`."""

    key_id: str
    wrapped: bytes


class Seal:
    """One document's own key. Seal parts in their order, each once."""

    def __init__(self, key: bytes, envelope: Envelope, *, identity: str) -> None:
        self.envelope = envelope
        self._cipher = AESGCM(key)
        self._bound = identity.encode()

    def close(self, part: bytes, *, number: int, is_last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number, is_last), part, self._bound)

    def open(self, sealed: bytes, *, number: int, is_last: bool) -> bytes:
        """Raises SealBroken."""
        try:
            return self._cipher.decrypt(_nonce(number, is_last), sealed, self._bound)
        except InvalidTag as error:
            raise SealBroken(self.envelope.key_id) from error


class DocumentKeys:
    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises ValueError when there is no key or one is not 32 bytes long."""
        if not keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise ValueError("sealing needs at least one key, and each of 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._sealing_id = next(iter(keys))

    def make_seal(self, *, identity: str) -> Seal:
        """For a new document that is bound to `identity`."""
        key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE_BYTES)
        wrapped = nonce + self._ciphers[self._sealing_id].encrypt(nonce, key, identity.encode())
        return Seal(key, Envelope(key_id=self._sealing_id, wrapped=wrapped), identity=identity)

    def read_seal(self, envelope: Envelope, *, identity: str) -> Seal:
        """Raises SealBroken."""
        nonce, wrapped = envelope.wrapped[:_NONCE_BYTES], envelope.wrapped[_NONCE_BYTES:]
        try:
            key = self._ciphers[envelope.key_id].decrypt(nonce, wrapped, identity.encode())
        except (KeyError, InvalidTag) as error:
            raise SealBroken(envelope.key_id) from error
        return Seal(key, envelope, identity=identity)


def _nonce(number: int, is_last: bool) -> bytes:
    """A document's key seals nothing else, so that a part's place is a nonce which never repeats under it."""
    return number.to_bytes(_NONCE_BYTES - 1, "big") + bytes([is_last])
