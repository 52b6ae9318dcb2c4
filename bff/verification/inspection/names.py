"""The name of a file as we show it. It is never used as a path: what is stored is named by us."""

import re
import unicodedata

MAX_SHOWN = 120
_FALLBACK = "document"
_LONGEST_EXTENSION = 10
_SPACES = re.compile(r"\s+")
# Directional marks can make `gpj.exe` read as `exe.jpg`; control and format characters can forge log
# lines and headers.
_DROPPED_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn"}
_REPLACED = str.maketrans(dict.fromkeys('/\\:*?"<>|;', "_"))


def format_shown_name(name: str) -> str:
    """The last path part, NFC, without control or directional characters, at most 120 characters with its
    extension kept.
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        char if char != "\t" else " " for char in unicodedata.normalize("NFC", last) if _is_shown(char)
    )
    cleaned = _SPACES.sub(" ", kept.translate(_REPLACED)).strip(" .")
    if not cleaned:
        return _FALLBACK
    stem, dot, extension = cleaned.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        return cleaned[:MAX_SHOWN]
    return f"{stem[: MAX_SHOWN - len(extension) - 1]}.{extension}"


def _is_shown(char: str) -> bool:
    return char == "\t" or unicodedata.category(char) not in _DROPPED_CATEGORIES
