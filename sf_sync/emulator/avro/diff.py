"""Long texts in change events: beyond 1,000 characters an update carries a diff and not the text."""

import hashlib
from difflib import unified_diff

LONGEST_PLAIN_TEXT = 1000


def is_diffed(before: str | None, after: str | None) -> bool:
    """Whether an update from one text to the other is told as a diff. A first text comes whole (unconfirmed)."""
    return before is not None and after is not None and len(after) > LONGEST_PLAIN_TEXT


def format_diff(before: str, after: str) -> str:
    """A unified diff whose second line names the SHA-256 of the new text (the hash's input is unconfirmed)."""
    digest = hashlib.sha256(after.encode()).hexdigest()
    lines = unified_diff(before.splitlines(), after.splitlines(), tofile=digest, lineterm="")
    return "\n".join(lines)
