from collections import Counter
from uuid import UUID

import msgspec

from bff.otp import Purpose
from bff.otp.keys import Binding, CodeKeys, draw_code, draw_salt
from bff.otp.service import Confirmed

BINDING = Binding(org_id=UUID(int=1), phone="+819012345678", purpose=Purpose.VERIFICATION, actor="staff:1")
SALT = bytes(16)
DRAWN = 200_000


class TestDrawCode:
    def test_takes_each_digit_alike_in_each_place(self) -> None:
        """Chi-square with 9 degrees of freedom: above 40 is a chance of 1 in 130,000 for each of six places."""
        codes = [draw_code() for _ in range(DRAWN)]
        for place in range(6):
            counts = Counter(code[place] for code in codes)
            expected = DRAWN / 10
            assert sum((counts[digit] - expected) ** 2 / expected for digit in "0123456789") < 40

    def test_has_six_digits(self) -> None:
        assert {len(draw_code()) for _ in range(1000)} == {6}


class TestDigest:
    def test_is_of_all_that_the_code_is_bound_to(self) -> None:
        keys = CodeKeys("p" * 40)
        others = [
            msgspec.structs.replace(BINDING, org_id=UUID(int=2)),
            msgspec.structs.replace(BINDING, phone="+819012345679"),
            msgspec.structs.replace(BINDING, purpose=Purpose.LOGIN),
            msgspec.structs.replace(BINDING, actor="staff:2"),
        ]
        digests = {keys.digest_code(binding, salt=SALT, code="123456") for binding in (BINDING, *others)}
        digests.add(keys.digest_code(BINDING, salt=b"\x01" * 16, code="123456"))
        digests.add(keys.digest_code(BINDING, salt=SALT, code="123457"))
        digests.add(CodeKeys("q" * 40).digest_code(BINDING, salt=SALT, code="123456"))

        assert len(digests) == 8
        assert {len(digest) for digest in digests} == {32}

    def test_salts_are_never_the_same(self) -> None:
        assert len({draw_salt() for _ in range(1000)}) == 1000


class TestTraces:
    def test_tell_neither_number_nor_proof(self) -> None:
        keys = CodeKeys("p" * 40)
        confirmed = Confirmed(proof=keys.make_proof(BINDING, code_id=UUID(int=3)), expires_at=None)  # type: ignore[arg-type]

        assert "9012345678" not in repr(BINDING)
        assert confirmed.proof not in repr(confirmed)
