"""Documents at rest: sealed under a key per document, itself sealed under a key that is not in the database.

AES-256-GCM. The row's identity is associated data, so a ciphertext moved to another row does not open. The first key of
`BFF_DOCUMENT_KEYS` seals; all of them open, which is how keys are rotated.
"""

import os
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealBroken(Exception):
    """The document does not open: its key is not configured, or the row was altered."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """`wrapped` is the document's own key, sealed under the key named `key_id`; both carry their nonce in front."""

    key_id: str
    wrapped: bytes
    ciphertext: bytes


class DocumentKeys:
    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises ValueError when there is no key or one is not 32 bytes long."""
        if not keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise ValueError("sealing needs at least one key, and each of 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._sealing_id = next(iter(keys))

    def seal(self, content: bytes, *, identity: str) -> Sealed:
        document_key = AESGCM.generate_key(256)
        bound = identity.encode()
        return Sealed(
            key_id=self._sealing_id,
            wrapped=_encrypt(self._ciphers[self._sealing_id], document_key, bound),
            ciphertext=_encrypt(AESGCM(document_key), content, bound),
        )

    def unseal(self, sealed: Sealed, *, identity: str) -> bytes:
        """Raises SealBroken."""
        bound = identity.encode()
        try:
            document_key = _decrypt(self._ciphers[sealed.key_id], sealed.wrapped, bound)
            return _decrypt(AESGCM(document_key), sealed.ciphertext, bound)
        except (KeyError, InvalidTag) as error:
            raise SealBroken(sealed.key_id) from error


def _encrypt(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, bound)


def _decrypt(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
