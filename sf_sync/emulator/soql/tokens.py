"""Cuts a SOQL text into tokens."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from sf_sync.emulator.soql.trouble import malformed

TokenKind = Literal["name", "string", "number", "datetime", "date", "sign", "end"]


class Token(msgspec.Struct, frozen=True):
    """`text` is as written; for a string it is the value without quotes and escapes."""

    kind: TokenKind
    text: str
    at: int

    def is_word(self, word: str) -> bool:
        return self.kind == "name" and self.text.upper() == word

    def is_sign(self, sign: str) -> bool:
        return self.kind == "sign" and self.text == sign


_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
    | (?P<date>\d{4}-\d{2}-\d{2}(?![\dT]))
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[A-Za-z][A-Za-z0-9_]*)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<sign><>|!=|<=|>=|[=<>(),.:])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
}


def tokenize(text: str) -> list[Token]:
    """All tokens and one of kind `end`. Raises SalesforceRefusal MALFORMED_QUERY."""
    return list(_cut(text))


def _cut(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_character(text, at)
        kind = match.lastgroup
        if kind == "string":
            yield Token("string", _unescape(text, at, match.group()[1:-1]), at)
        elif kind != "space":
            yield Token(kind, match.group(), at)  # type: ignore[arg-type]
        at = match.end()
    yield Token("end", "", at)


def _unescape(text: str, at: int, body: str) -> str:
    """`\\%` and `\\_` stay escaped: only LIKE gives them a meaning."""

    def replace(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in "%_":
            return match.group()
        if code in "\\'\"":
            return code
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            raise malformed(
                text, at, f"Invalid string literal '{body}'. Illegal character sequence '\\{code}'"
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(replace, body) if "\\" in body else body


def _bad_character(text: str, at: int) -> Exception:
    if text[at] == "'":
        return malformed(text, at, "Bad string literal: the quote is not closed")
    if text[at].isdigit():
        return malformed(text, at, f"For input string: '{text[at : at + 20].split()[0]}'")
    return malformed(text, at, f"line 1:{at} no viable alternative at character '{text[at]}'")
