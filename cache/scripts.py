"""Lua scripts: the steps that read and then write, which must not be torn apart."""

import hashlib
from importlib import resources

import msgspec


class Script(msgspec.Struct, frozen=True):
    """A Lua text with the digest under which a server keeps it."""

    text: str
    sha: str


def make_script(text: str) -> Script:
    return Script(text=text, sha=hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def load_script(name: str) -> Script:
    """The script `cache/lua/<name>.lua`; it finds the server's time in `now_ms` and `now_us`."""
    texts = (resources.files("cache").joinpath("lua", f"{part}.lua") for part in ("now", name))
    return make_script("\n".join(text.read_text(encoding="utf-8") for text in texts))
