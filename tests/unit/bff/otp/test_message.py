import pytest

from bff.otp.message import MESSAGE, write_message
from bff.sms.segments import is_one_message
from bff.texts import get_texts, language_codes
from tests.tables import make_id, read_table

ORDINARY = {
    "en": "Demo Telecom of Muscat",
    "ja": "東日本みらい通信株式会社デモ",
    "ar": "شركة الاتصالات العمانية",
}
NAMES = [*ORDINARY.values(), "Télécom", "東", "W" * 100, "電" * 100, "[€]" * 33, "📶" * 50, "a " * 50]


class TestMessage:
    @pytest.mark.parametrize("language", language_codes())
    @pytest.mark.parametrize("name", NAMES)
    def test_is_one_sms_that_says_the_code(self, language: str, name: str) -> None:
        message = write_message(get_texts(language), code="012345", org=name)

        assert is_one_message(message)
        assert "012345" in message
        assert name[0] in message

    @pytest.mark.parametrize("language", language_codes())
    def test_says_an_ordinary_name_whole(self, language: str) -> None:
        assert ORDINARY[language] in write_message(get_texts(language), code="012345", org=ORDINARY[language])

    @pytest.mark.parametrize("row", read_table("one-time-codes.md", "Length of a message"), ids=make_id)
    def test_has_the_room_for_a_name_that_the_table_says(self, row: dict[str, str]) -> None:
        texts = get_texts(row["language"])
        for sign, most in (("n", row["signs of a Latin name"]), ("電", row["signs of any other name"])):
            message = write_message(texts, code="012345", org=sign * 200)
            assert message.count(sign) - texts.say(MESSAGE, code="", org="").count(sign) == int(most)

    def test_cuts_the_name_alone_and_leaves_no_gap(self) -> None:
        message = write_message(get_texts("en"), code="012345", org="東京 " * 30)

        assert message == "012345 is your 東京 東京 東京 東京 東京 東 code, good for 5 minutes. Tell nobody."
        assert len(message) == 70
