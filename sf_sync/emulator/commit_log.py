"""The org on disk: one file of length-prefixed msgpack frames, appended at each commit and rewritten at each
start.

The file begins with every row and the commits of the retention time, and goes on with the commits since. A
frame that a crash cut short at the end is dropped. Writes reach the operating system at each commit, so a
killed process loses nothing; a power cut may.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from sf_sync.emulator.changes import Commit
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.store import Org

_LENGTH = struct.Struct(">I")
_FILE_NAME = "org.log"


class RowFrame(msgspec.Struct, tag="row", frozen=True):
    """A row as it was when the file was written."""

    entity: str
    row: Row


class PastCommit(msgspec.Struct, tag="past", frozen=True):
    """A commit whose effect the rows show already; it is kept for the change feed."""

    commit: Commit


class NewCommit(msgspec.Struct, tag="commit", frozen=True):
    """A commit since the file was written."""

    commit: Commit


class Counter(msgspec.Struct, tag="counter", frozen=True):
    """The last commit number, which may be older than every commit that is kept."""

    last_commit_number: int


Frame = RowFrame | PastCommit | NewCommit | Counter
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


class FileLog:
    """Appends commits to the file. Made by `open_log`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def append(self, commit: Commit) -> None:
        _write(self._file, NewCommit(commit))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def open_log(org: Org, folder: Path) -> FileLog:
    """Restore the org from the folder, rewrite the file without what is outdated, and leave it open for
    appending."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _FILE_NAME
    if path.exists():
        _restore(org, path)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        for frame in _snapshot(org):
            _write(file, frame)
    fresh.replace(path)
    return FileLog(path.open("ab"))


def _restore(org: Org, path: Path) -> None:
    for frame in _read(path):
        match frame:
            case RowFrame():
                org.restore_row(frame.entity, frame.row)
            case PastCommit():
                org.restore(frame.commit, apply=False)
            case NewCommit():
                org.restore(frame.commit)
            case Counter():
                org.last_commit_number = max(org.last_commit_number, frame.last_commit_number)


def _snapshot(org: Org) -> Iterator[Frame]:
    yield Counter(org.last_commit_number)
    for name, table in org.tables.items():
        for row in table.rows.values():
            yield RowFrame(name, row)
    for commit in org.commits:
        yield PastCommit(commit)


def _write(file: BinaryIO, frame: Frame) -> None:
    data = _ENCODER.encode(frame)
    file.write(_LENGTH.pack(len(data)) + data)


def _read(path: Path) -> Iterator[Frame]:
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            data = file.read(_LENGTH.unpack(head)[0])
            try:
                yield _DECODER.decode(data)
            except msgspec.DecodeError:
                # Only the last frame can be torn: the process died while it was written.
                return
