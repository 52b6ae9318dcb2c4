"""The WHERE clause: parser of conditions and literals."""

from collections.abc import Callable
from datetime import date

from sf_sync.emulator.soql.reader import TokenReader
from sf_sync.emulator.soql.syntax import (
    And,
    Comparison,
    Condition,
    InList,
    InQuery,
    Not,
    Operator,
    Or,
    Path,
    Query,
    Value,
)
from sf_sync.emulator.soql.time_ranges import COUNTED_LITERALS, DATE_LITERALS
from sf_sync.emulator.soql.tokens import Token
from sf_sync.emulator.soql.trouble import malformed, unexpected
from sf_sync.emulator.wire_time import format_instant, parse_instant

MAX_DEPTH = 50
MAX_COUNT = 36_500
"""The largest number of a counted date literal; beyond it the calendar ends."""
_OPERATORS: dict[str, Operator] = {
    "=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip


class ConditionParser:
    """AND and OR may not stand side by side without parentheses, as in Salesforce."""

    def __init__(self, reader: TokenReader, parse_query: Callable[[], Query]) -> None:
        self._reader = reader
        self._parse_query = parse_query
        self._depth = 0

    def parse(self) -> Condition:
        first = self._parse_one()
        for word, make in (("AND", And), ("OR", Or)):
            if self._reader.token.is_word(word):
                return self._parse_series(word, make, first)
        return first

    def _parse_series(self, word: str, make: type[And] | type[Or], first: Condition) -> Condition:
        items = [first]
        while self._reader.take_word(word):
            items.append(self._parse_one())
        token = self._reader.token
        if token.is_word("AND") or token.is_word("OR"):
            raise unexpected(self._reader.text, token.at, token.text)
        return make(tuple(items))

    def _parse_one(self) -> Condition:
        reader = self._reader
        if reader.take_word("NOT"):
            return Not(self._parse_deeper(self._parse_one))
        if reader.take_sign("("):
            inner = self._parse_deeper(self.parse)
            reader.expect_sign(")")
            return inner
        return self._parse_comparison(reader.expect_path())

    def _parse_deeper(self, parse: Callable[[], Condition]) -> Condition:
        if self._depth >= MAX_DEPTH:
            raise malformed(self._reader.text, self._reader.token.at, "The query is nested too deeply")
        self._depth += 1
        condition = parse()
        self._depth -= 1
        return condition

    def _parse_comparison(self, path: Path) -> Condition:
        reader = self._reader
        if reader.take_word("LIKE"):
            return Comparison(path, "LIKE", self._parse_value())
        if reader.take_word("IN"):
            return self._parse_in(path, negated=False)
        if reader.take_word("NOT"):
            reader.expect_word("IN")
            return self._parse_in(path, negated=True)
        operator = _OPERATORS.get(reader.token.text) if reader.token.kind == "sign" else None
        if operator is None:
            raise unexpected(reader.text, reader.token.at, reader.token.text)
        reader.advance()
        return Comparison(path, operator, self._parse_value())

    def _parse_in(self, path: Path, *, negated: bool) -> Condition:
        reader = self._reader
        reader.expect_sign("(")
        if reader.token.is_word("SELECT"):
            query = self._parse_query()
            reader.expect_sign(")")
            return InQuery(path, query, negated)
        values = [self._parse_value()]
        while reader.take_sign(","):
            values.append(self._parse_value())
        reader.expect_sign(")")
        return InList(path, tuple(values), negated)

    def _parse_value(self) -> Value:
        token = self._reader.advance()
        match token.kind:
            case "string":
                return Value("string", token.text, token.at)
            case "number":
                number = float(token.text)
                return Value("number", int(number) if number.is_integer() else number, token.at)
            case "date" | "datetime":
                return self._parse_time(token)
            case "name":
                return self._parse_word_value(token.text.upper(), token.at)
        raise unexpected(self._reader.text, token.at, token.text)

    def _parse_time(self, token: Token) -> Value:
        try:
            if token.kind == "date":
                return Value("date", date.fromisoformat(token.text).isoformat(), token.at)
            return Value("datetime", format_instant(parse_instant(token.text)), token.at)
        except (ValueError, OverflowError):
            raise malformed(self._reader.text, token.at, f"Invalid {token.kind}: {token.text}") from None

    def _parse_word_value(self, word: str, at: int) -> Value:
        if word == "NULL":
            return Value("null", None, at)
        if word in ("TRUE", "FALSE"):
            return Value("boolean", word == "TRUE", at)
        if word in DATE_LITERALS:
            return Value("date_literal", (word, 0), at)
        if word in COUNTED_LITERALS and self._reader.take_sign(":"):
            number = self._reader.advance()
            if number.kind == "number" and number.text.isdigit() and int(number.text) <= MAX_COUNT:
                return Value("date_literal", (word, int(number.text)), at)
        raise unexpected(self._reader.text, at, word)
