"""Tokens of claim links."""

import base64
from uuid import UUID, uuid4

import pytest

from bff.customers.claims import TOKEN_LENGTH, ClaimTokens, hash_claim
from bff.customers.refusals import ClaimRefused

ORG = UUID(int=7)
TOKENS = ClaimTokens("only-for-tests")


class TestClaimTokens:
    def test_name_their_org(self) -> None:
        token = TOKENS.make(ORG)

        assert (TOKENS.read_org(token), len(token)) == (ORG, TOKEN_LENGTH)

    def test_are_never_the_same(self) -> None:
        assert len({TOKENS.make(ORG) for _ in range(100)}) == 100

    def test_are_refused_with_any_bit_changed(self) -> None:
        raw = base64.urlsafe_b64decode(TOKENS.make(ORG))
        for place in range(len(raw)):
            changed = bytearray(raw)
            changed[place] ^= 1
            with pytest.raises(ClaimRefused):
                TOKENS.read_org(base64.urlsafe_b64encode(changed).decode())

    @pytest.mark.parametrize("token", ["", "x", "é" * 64, "A" * 64, "A" * 63, "A" * 65, "*" * 64, " " * 64])
    def test_are_refused_when_they_are_none(self, token: str) -> None:
        with pytest.raises(ClaimRefused):
            TOKENS.read_org(token)

    def test_of_another_key_are_refused(self) -> None:
        with pytest.raises(ClaimRefused):
            TOKENS.read_org(ClaimTokens("another").make(ORG))

    def test_are_kept_as_a_hash_of_the_whole(self) -> None:
        assert len(hash_claim(TOKENS.make(uuid4()))) == 32
