"""A cursor over tokens with the few questions that a parser asks."""

from collections.abc import Sequence

from sf_sync.emulator.soql.syntax import Path
from sf_sync.emulator.soql.tokens import Token
from sf_sync.emulator.soql.trouble import malformed, unexpected

MAX_PARENT_LEVELS = 5


class TokenReader:
    """`expect_…` refuses anything else, `take_…` moves on only if it is there."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text = text
        self._tokens = tokens
        self._index = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._index]

    @property
    def next_token(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        self._index += 1
        return token

    def take_word(self, word: str) -> bool:
        found = self.token.is_word(word)
        self._index += found
        return found

    def take_sign(self, sign: str) -> bool:
        found = self.token.is_sign(sign)
        self._index += found
        return found

    def expect_word(self, word: str) -> None:
        if not self.take_word(word):
            raise unexpected(self.text, self.token.at, self.token.text)

    def expect_sign(self, sign: str) -> None:
        if not self.take_sign(sign):
            raise unexpected(self.text, self.token.at, self.token.text)

    def expect_name(self) -> Token:
        if self.token.kind != "name":
            raise unexpected(self.text, self.token.at, self.token.text)
        return self.advance()

    def expect_path(self) -> Path:
        first = self.expect_name()
        parts = [first.text]
        while self.take_sign("."):
            parts.append(self.expect_name().text)
        if len(parts) > MAX_PARENT_LEVELS + 1:
            raise malformed(self.text, first.at, "SOQL relationships can only be 5 levels deep")
        return Path(tuple(parts), first.at)
