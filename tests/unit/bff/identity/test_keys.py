import asyncio
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from bff.errors import ServiceUnavailable
from bff.identity.keys import REFRESH_AFTER_S, RETRY_AFTER_S, KeySet, parse_keys


def make_key(key_id: str, **members: Any) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, **members}


def make_rsa_key(key_id: str) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id}


class Issuer:
    """The keys that an issuer publishes, how often they were asked for, and whether it answers."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.is_away = False
        self.now = 0.0
        self.set = KeySet(self.read, "ES256", now=lambda: self.now)

    async def read(self) -> bytes:
        self.asked += 1
        if self.is_away:
            raise OSError
        return json.dumps({"keys": self.keys}).encode()


@pytest.mark.asyncio
class TestKeySet:
    async def test_finds_a_key_by_its_id(self) -> None:
        issuer = Issuer(make_key("one"), make_key("two"))

        found = await issuer.set.find("two")

        assert found is not None
        assert found.key_id == "two"

    async def test_takes_the_only_key_when_the_token_names_none(self) -> None:
        assert await Issuer(make_key("one")).set.find(None) is not None
        assert await Issuer(make_key("one"), make_key("two")).set.find(None) is None

    async def test_asks_at_most_once_in_30_seconds_for_1000_invented_ids(self) -> None:
        issuer = Issuer(make_key("one"))

        found = await asyncio.gather(*(issuer.set.find(f"invented-{number}") for number in range(1000)))

        assert set(found) == {None}
        assert issuer.asked == 1

    async def test_sees_a_new_key_after_the_pause(self) -> None:
        issuer = Issuer(make_key("one"))
        await issuer.set.find("one")
        issuer.keys.append(make_key("two"))

        assert await issuer.set.find("two") is None
        issuer.now = RETRY_AFTER_S
        assert await issuer.set.find("two") is not None

    async def test_forgets_a_withdrawn_key_within_five_minutes(self) -> None:
        issuer = Issuer(make_key("one"), make_key("two"))
        await issuer.set.find("one")
        del issuer.keys[0]
        issuer.now = REFRESH_AFTER_S

        assert REFRESH_AFTER_S < 300
        assert await issuer.set.find("one") is None

    async def test_keeps_known_keys_while_the_issuer_is_away(self) -> None:
        issuer = Issuer(make_key("one"))
        await issuer.set.find("one")
        issuer.is_away, issuer.now = True, REFRESH_AFTER_S + RETRY_AFTER_S

        assert await issuer.set.find("one") is not None

    async def test_says_so_when_it_never_had_any(self) -> None:
        issuer = Issuer()
        issuer.is_away = True

        with pytest.raises(ServiceUnavailable):
            await issuer.set.find("one")


class TestParseKeys:
    def test_leaves_out_what_does_not_fit_the_algorithm(self) -> None:
        keys = [
            make_key("good"),
            make_key("encryption", use="enc"),
            make_key("other", alg="ES384"),
            make_rsa_key("rsa"),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        ]

        assert set(parse_keys(json.dumps({"keys": keys}).encode(), "ES256")) == {"good"}
