"""A stored document opens only in its own row, whole and in order, and only with a configured key."""

import pytest

from bff.safekeeping.sealing import DocumentKeys, Envelope, SealBroken

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PARTS = [b"CANARY document" * 100, b"its middle", b"its end"]

Sealed = tuple[Envelope, list[bytes]]


def seal(keys: DocumentKeys, identity: str = "org|attempt") -> Sealed:
    made = keys.make_seal(identity=identity)
    last = len(PARTS) - 1
    return made.envelope, [made.close(part, number=at, is_last=at == last) for at, part in enumerate(PARTS)]


def unseal(keys: DocumentKeys, sealed: Sealed, identity: str = "org|attempt") -> list[bytes]:
    envelope, parts = sealed
    read, last = keys.read_seal(envelope, identity=identity), len(parts) - 1
    return [read.open(part, number=at, is_last=at == last) for at, part in enumerate(parts)]


class TestSeal:
    def test_opens_in_its_own_row(self) -> None:
        keys = DocumentKeys({"k1": OLD})
        sealed = seal(keys)

        assert unseal(keys, sealed) == PARTS
        assert b"CANARY" not in b"".join(sealed[1])

    def test_does_not_open_in_another_row(self) -> None:
        keys = DocumentKeys({"k1": OLD})

        with pytest.raises(SealBroken):
            unseal(keys, seal(keys, "a"), "b")

    def test_does_not_lend_its_parts_to_another_row(self) -> None:
        """Even when somebody moves the wrapped key along: that one is bound too."""
        keys = DocumentKeys({"k1": OLD})
        mine, other = seal(keys, "a"), seal(keys, "b")

        with pytest.raises(SealBroken):
            unseal(keys, (mine[0], other[1]), "a")

    @pytest.mark.parametrize(
        "change",
        [
            lambda parts: [parts[0][:-1] + b"\0", *parts[1:]],
            lambda parts: [parts[1], parts[0], parts[2]],
            lambda parts: parts[:2],
            lambda parts: parts[1:],
            lambda parts: [*parts, parts[2]],
        ],
        ids=["altered", "swapped", "its end lost", "its begin lost", "a part twice"],
    )
    def test_does_not_open_when_it_is(self, change: object) -> None:
        keys = DocumentKeys({"k1": OLD})
        envelope, parts = seal(keys)

        with pytest.raises(SealBroken):
            unseal(keys, (envelope, change(parts)))  # type: ignore[operator]

    def test_opens_with_an_older_key_after_rotation(self) -> None:
        sealed = seal(DocumentKeys({"old": OLD}))
        rotated = DocumentKeys({"new": NEW, "old": OLD})

        assert unseal(rotated, sealed) == PARTS
        assert seal(rotated)[0].key_id == "new"

    def test_does_not_open_without_its_key(self) -> None:
        with pytest.raises(SealBroken):
            unseal(DocumentKeys({"new": NEW}), seal(DocumentKeys({"old": OLD})))

    def test_does_not_open_with_another_key_of_the_same_name(self) -> None:
        envelope, parts = seal(DocumentKeys({"k1": OLD}))

        with pytest.raises(SealBroken):
            unseal(DocumentKeys({"k1": NEW}), (envelope, parts))


class TestKeys:
    @pytest.mark.parametrize("keys", [{}, {"k1": b"short"}])
    def test_of_another_length_are_refused(self, keys: dict[str, bytes]) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            DocumentKeys(keys)
