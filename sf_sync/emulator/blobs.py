"""The contents of files, kept beside the rows: a row has only the digest, so neither commits nor events carry bytes."""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

_UNFINISHED = ".part"


class Blobs:
    """Each content once, under its SHA-256: in a file of `folder`, or in memory without one.

    A transaction stages; only what its commit still refers to is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._memory: dict[str, bytes] = {}
        self._staged: dict[str, bytes] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def stage(self, content: bytes) -> str:
        """The digest under which `read` finds the content from now on."""
        digest = hashlib.sha256(content).hexdigest()
        self._staged[digest] = content
        return digest

    def keep(self, digests: Iterable[str]) -> None:
        """Keep these of the staged contents and forget the others."""
        for digest in digests:
            if digest in self._staged:
                self._write(digest, self._staged.pop(digest))
        self._staged.clear()

    def read(self, digest: str) -> bytes:
        """Raises KeyError or FileNotFoundError for a digest that no row has."""
        if digest in self._staged:
            return self._staged[digest]
        return self._memory[digest] if self._folder is None else (self._folder / digest).read_bytes()

    def prune(self, used: Collection[str]) -> None:
        """Remove files that no row refers to: a process died between keeping a content and logging its row."""
        for path in self._folder.iterdir() if self._folder is not None else ():
            if path.name not in used:
                path.unlink()

    def _write(self, digest: str, content: bytes) -> None:
        if self._folder is None:
            self._memory[digest] = content
            return
        path = self._folder / digest
        if not path.exists():
            unfinished = path.with_suffix(_UNFINISHED)
            unfinished.write_bytes(content)
            unfinished.replace(path)
