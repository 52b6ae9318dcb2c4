"""A document on its way: in an unnamed temporary file, encrypted under a key that only this process's memory holds.

Fifty uploads of 10 MiB must not cost 500 MiB of memory, and an identity document must not lie on a disk in clear.
The file has no name, so it is gone with the process; without the key it is noise.
"""

import hashlib
import tempfile
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK_BYTES = 64 * 1024
_TAG_BYTES = 16


class Spool:
    """Written once from front to back, then read as often as needed. Close it, or leave its `with` block.

    `algorithm` is that of its digest, by hashlib's name.
    """

    def __init__(self, algorithm: str = "sha256") -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the spool
        self._pending = bytearray()
        self._blocks = 0
        # What is compared with Salesforce is an MD5; nothing is secured by it.
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self.size = 0
        self.head = b""

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._pending.clear()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._digest.update(data)
        if len(self.head) < BLOCK_BYTES:
            self.head += data[: BLOCK_BYTES - len(self.head)]
        self._pending += data
        while len(self._pending) >= BLOCK_BYTES:
            self._seal(bytes(self._pending[:BLOCK_BYTES]))
            del self._pending[:BLOCK_BYTES]

    def finish(self) -> None:
        """Call once after the last write; only then may it be read."""
        if self._pending:
            self._seal(bytes(self._pending))
            self._pending.clear()

    @property
    def digest(self) -> str:
        """In hex."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        for number in range(self._blocks):
            sealed = self._file.read(BLOCK_BYTES + _TAG_BYTES)
            yield self._cipher.decrypt(_nonce(number), sealed, None)

    def parts(self, size: int) -> Iterator[bytes]:
        """The same in larger pieces; `size` is a multiple of a block's. An empty document is one empty part."""
        part = bytearray()
        for block in self.blocks():
            if len(part) == size:
                yield bytes(part)
                part.clear()
            part += block
        yield bytes(part)

    def _seal(self, block: bytes) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._blocks), block, None))
        self._blocks += 1


def _nonce(number: int) -> bytes:
    """The key is used for one spool only, so a block's number is a nonce that never repeats under it."""
    return number.to_bytes(12, "big")
