"""Sizes read from the first bytes of an image, so that a bomb is refused before any decoder sees it."""

from collections.abc import Callable

from bff.verification.inspection.findings import DocumentRefused, Kind, RefusalCode

MAX_PIXELS = 40_000_000

# Start-of-frame markers carry the size; C4, C8 and CC share the range but are tables (ITU-T T.81, table B.1).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check_declared_size(kind: Kind, content: bytes) -> None:
    """Raises DocumentRefused TOO_MANY_PIXELS when the header declares more than 40 megapixels.

    A header that can't be read passes: the decoder, which runs within limits, has the last word.
    """
    size = _READERS[kind](content) if kind in _READERS else None
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        raise DocumentRefused(RefusalCode.TOO_MANY_PIXELS)


def _read_png(content: bytes) -> tuple[int, int] | None:
    if content[12:16] != b"IHDR":
        return None
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _read_jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _JPEG_FRAMES:
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(
                content[at + 5 : at + 7], "big"
            )
        at += 2 + length
    return None


def _read_heic(content: bytes) -> tuple[int, int] | None:
    """The largest `ispe` (image spatial extents) property: grid tiles declare theirs too."""
    sizes: list[tuple[int, int]] = []
    at = content.find(b"ispe")
    while at != -1 and len(sizes) < 64:
        sizes.append(
            (
                int.from_bytes(content[at + 8 : at + 12], "big"),
                int.from_bytes(content[at + 12 : at + 16], "big"),
            )
        )
        at = content.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


_READERS: dict[Kind, Callable[[bytes], tuple[int, int] | None]] = {
    Kind.PNG: _read_png,
    Kind.JPEG: _read_jpeg,
    Kind.HEIC: _read_heic,
}
