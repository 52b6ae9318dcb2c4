import pytest

from bff.sms.segments import is_one_message


class TestOneMessage:
    @pytest.mark.parametrize(
        ("sign", "most"),
        [
            ("a", 160),
            ("é", 160),
            ("Ω", 160),
            ("€", 80),
            ("\\", 80),
            ("ê", 70),
            ("`", 70),
            ("م", 70),
            ("電", 70),
            ("📶", 35),
        ],
    )
    def test_holds_so_many_of_a_sign_and_no_more(self, sign: str, most: int) -> None:
        assert is_one_message(sign * most)
        assert not is_one_message(sign * (most + 1))

    def test_is_counted_by_its_most_expensive_sign(self) -> None:
        assert is_one_message("a" * 69 + "م")
        assert not is_one_message("a" * 70 + "م")
        assert not is_one_message("a" * 159 + "€")
