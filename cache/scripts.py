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
    """The script `cache/lua/<name>.lua`."""
    return make_script(resources.files("cache").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8"))
