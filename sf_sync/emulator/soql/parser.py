"""Recursive-descent parser from SOQL text to its tree. What it does not know it refuses as
MALFORMED_QUERY."""

from functools import lru_cache

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.soql.conditions import ConditionParser
from sf_sync.emulator.soql.reader import TokenReader
from sf_sync.emulator.soql.syntax import (
    Aggregate,
    FieldGroup,
    OrderKey,
    Path,
    Query,
    Selected,
    SelectedPath,
    Subselect,
)
from sf_sync.emulator.soql.tokens import Token, tokenize
from sf_sync.emulator.soql.trouble import malformed, unexpected

MAX_LENGTH = 100_000
MAX_OFFSET = 2_000
MAX_DEPTH = 5
_AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_CLAUSES = frozenset({"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "HAVING", "WITH", "FOR", "USING", "ALL"})


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """Raises SalesforceRefusal. Equal texts share one tree."""
    if len(text) > MAX_LENGTH:
        message = f"SOQL statements cannot be longer than {MAX_LENGTH} characters."
        raise SalesforceRefusal("MALFORMED_QUERY", message)
    reader = TokenReader(text, tokenize(text))
    query = _Parser(reader).parse_query()
    if reader.token.kind != "end":
        raise unexpected(text, reader.token.at, reader.token.text)
    return query


class _Parser:
    def __init__(self, reader: TokenReader) -> None:
        self._reader = reader
        self._conditions = ConditionParser(reader, self.parse_query)
        self._depth = 0

    def parse_query(self) -> Query:
        """A query with its subqueries."""
        if self._depth > MAX_DEPTH:
            raise malformed(self._reader.text, self._reader.token.at, "The query is nested too deeply")
        self._depth += 1
        query = self._parse_clauses()
        self._depth -= 1
        return query

    def _parse_clauses(self) -> Query:
        reader = self._reader
        reader.expect_word("SELECT")
        selected = [self._parse_selected()]
        while reader.take_sign(","):
            selected.append(self._parse_selected())
        reader.expect_word("FROM")
        source = reader.expect_name()
        alias = self._parse_source_alias()
        where = self._conditions.parse() if reader.take_word("WHERE") else None
        group_by = self._parse_group_by()
        order_by = self._parse_order_by()
        limit = self._parse_count("LIMIT")
        offset = self._parse_count("OFFSET") or 0
        self._check_offset(offset)
        return Query(
            text=reader.text, selected=tuple(selected), source=source.text, source_at=source.at, alias=alias,
            where=where, group_by=group_by, order_by=order_by, limit=limit, offset=offset,
        )  # fmt: skip

    def _parse_selected(self) -> Selected:
        reader = self._reader
        if reader.take_sign("("):
            query = self.parse_query()
            reader.expect_sign(")")
            return Subselect(query)
        name = reader.token
        if name.kind == "name" and reader.next_token.is_sign("("):
            return self._parse_function()
        path = reader.expect_path()
        return SelectedPath(path, self._parse_alias())

    def _parse_function(self) -> Selected:
        reader = self._reader
        name = reader.expect_name()
        reader.expect_sign("(")
        if name.is_word("FIELDS"):
            return self._parse_field_group(name)
        if name.text.upper() not in _AGGREGATES:
            raise malformed(reader.text, name.at, f"Invalid Aggregate Function: {name.text}")
        path = None if reader.token.is_sign(")") else reader.expect_path()
        if path is None and not name.is_word("COUNT"):
            raise unexpected(reader.text, reader.token.at, ")")
        reader.expect_sign(")")
        return Aggregate(name.text.upper(), path, self._parse_alias(), name.at)

    def _parse_field_group(self, name: Token) -> FieldGroup:
        group = self._reader.expect_name()
        self._reader.expect_sign(")")
        match group.text.upper():
            case "ALL" | "STANDARD" | "CUSTOM" as known:
                return FieldGroup(known, name.at)
        raise unexpected(self._reader.text, group.at, group.text)

    def _parse_alias(self) -> str | None:
        token = self._reader.token
        if token.kind == "name" and token.text.upper() not in _CLAUSES | {"FROM"}:
            return self._reader.advance().text
        return None

    def _parse_source_alias(self) -> str | None:
        self._reader.take_word("AS")
        return self._parse_alias()

    def _parse_group_by(self) -> tuple[Path, ...]:
        reader = self._reader
        if not reader.take_word("GROUP"):
            return ()
        reader.expect_word("BY")
        paths = [reader.expect_path()]
        while reader.take_sign(","):
            paths.append(reader.expect_path())
        return tuple(paths)

    def _parse_order_by(self) -> tuple[OrderKey, ...]:
        reader = self._reader
        if not reader.take_word("ORDER"):
            return ()
        reader.expect_word("BY")
        keys = [self._parse_order_key()]
        while reader.take_sign(","):
            keys.append(self._parse_order_key())
        return tuple(keys)

    def _parse_order_key(self) -> OrderKey:
        reader = self._reader
        path = reader.expect_path()
        descending = reader.take_word("DESC")
        if not descending:
            reader.take_word("ASC")
        nulls_last = False
        if reader.take_word("NULLS"):
            nulls_last = reader.take_word("LAST")
            if not nulls_last:
                reader.expect_word("FIRST")
        return OrderKey(path, descending, nulls_last)

    def _parse_count(self, word: str) -> int | None:
        reader = self._reader
        if not reader.take_word(word):
            return None
        token = reader.token
        if token.kind != "number" or not token.text.isdigit():
            raise unexpected(reader.text, token.at, token.text)
        reader.advance()
        return int(token.text)

    def _check_offset(self, offset: int) -> None:
        if offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise SalesforceRefusal("NUMBER_OUTSIDE_VALID_RANGE", message)
