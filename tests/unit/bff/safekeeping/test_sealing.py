"""A stored document opens only in its own row and only with a configured key."""

import msgspec
import pytest

from bff.safekeeping.sealing import DocumentKeys, SealBroken

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
CONTENT = b"CANARY document" * 100


class TestSeal:
    def test_opens_in_its_own_row(self) -> None:
        keys = DocumentKeys({"k1": OLD})
        sealed = keys.seal(CONTENT, identity="org|attempt")

        assert keys.unseal(sealed, identity="org|attempt") == CONTENT
        assert b"CANARY" not in sealed.ciphertext

    def test_does_not_open_in_another_row(self) -> None:
        keys = DocumentKeys({"k1": OLD})

        with pytest.raises(SealBroken):
            keys.unseal(keys.seal(CONTENT, identity="a"), identity="b")

    def test_does_not_open_when_altered(self) -> None:
        keys = DocumentKeys({"k1": OLD})
        sealed = keys.seal(CONTENT, identity="a")
        altered = msgspec.structs.replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\0")

        with pytest.raises(SealBroken):
            keys.unseal(altered, identity="a")

    def test_opens_with_an_older_key_after_rotation(self) -> None:
        sealed = DocumentKeys({"old": OLD}).seal(CONTENT, identity="a")
        rotated = DocumentKeys({"new": NEW, "old": OLD})

        assert rotated.unseal(sealed, identity="a") == CONTENT
        assert rotated.seal(CONTENT, identity="a").key_id == "new"

    def test_does_not_open_without_its_key(self) -> None:
        sealed = DocumentKeys({"old": OLD}).seal(CONTENT, identity="a")

        with pytest.raises(SealBroken):
            DocumentKeys({"new": NEW}).unseal(sealed, identity="a")


class TestKeys:
    @pytest.mark.parametrize("keys", [{}, {"k1": b"short"}])
    def test_of_another_length_are_refused(self, keys: dict[str, bytes]) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            DocumentKeys(keys)
