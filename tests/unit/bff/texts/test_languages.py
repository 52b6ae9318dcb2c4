import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from bff.texts import DEFAULT_LANGUAGE, find_texts, get_texts, language_codes
from bff.texts.catalogue import collect_sentences
from bff.texts.languages import find_catalogue, zone_of

MOMENT = datetime(2025, 12, 19, 6, 15, 36, tzinfo=UTC)
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def list_gaps(language: str) -> list[str]:
    """Sentences that are not translated, or lose one of their placeholders."""
    with find_catalogue(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    wanted = [str(message.id) for message in collect_sentences() if message.id]
    said = {text: str(found.string) if (found := catalogue.get(text)) else "" for text in wanted}
    return [
        text
        for text, words in said.items()
        if not words or set(PLACEHOLDER.findall(words)) != set(PLACEHOLDER.findall(text))
    ]


class TestCatalogues:
    def test_each_language_says_every_sentence_with_its_placeholders(self) -> None:
        """When this fails: `python -m bff.texts.catalogue <language>`, then translate what is new."""
        others = [language for language in language_codes() if language != DEFAULT_LANGUAGE]

        assert {language: gaps for language in others if (gaps := list_gaps(language))} == {}

    def test_sentences_are_found_in_code_and_in_templates(self) -> None:
        sentences = {message.id for message in collect_sentences()}

        assert {"Review in progress", "Eligible for: %(result)s", "Sign out"} <= sentences


class TestFindTexts:
    @pytest.mark.parametrize(
        "wishes", [("en",), ("en-GB",), ("en_US", "xx"), ("xx", "en"), (), ("xx",), ("",)]
    )
    def test_falls_back_to_english(self, wishes: tuple[str, ...]) -> None:
        assert find_texts(*wishes).language == "en"

    def test_a_language_without_a_catalogue_is_no_language(self) -> None:
        with pytest.raises(LookupError):
            get_texts("xx")

    def test_english_needs_no_catalogue(self) -> None:
        assert language_codes()[0] == "en"


class TestTexts:
    def test_fills_placeholders(self) -> None:
        assert get_texts("en").say("Eligible for: %(result)s", result="Home") == "Eligible for: Home"

    def test_leaves_a_sentence_without_parameters_alone(self) -> None:
        assert get_texts("en").say("100% sure") == "100% sure"

    def test_shows_a_moment_in_the_readers_zone(self) -> None:
        texts = get_texts("en")

        assert texts.format_moment(MOMENT) == "19 December 2025, 06:15"
        assert texts.in_zone_of("JP").format_moment(MOMENT) == "19 December 2025, 15:15"
        assert texts.in_zone_of("OM").format_moment(MOMENT) == "19 December 2025, 10:15"

    @pytest.mark.parametrize(
        ("size", "words"), [(1, "1 kB"), (340_400, "340 kB"), (999_999, "1 MB"), (1_250_000, "1.2 MB")]
    )
    def test_shows_sizes_as_file_managers_do(self, size: int, words: str) -> None:
        assert get_texts("en").format_size(size) == words

    @pytest.mark.parametrize(
        ("amount", "currency", "words"),
        [
            ("5720", "JPY", "¥5,720"),
            ("12.5", "OMR", "OMR\N{NO-BREAK SPACE}12.500"),
            ("19.905", "USD", "$19.905"),
            ("0", "USD", "$0.00"),
        ],
    )
    def test_shows_a_price_with_the_digits_of_its_currency(
        self, amount: str, currency: str, words: str
    ) -> None:
        assert get_texts("en").format_price(Decimal(amount), currency) == words

    @pytest.mark.parametrize(
        ("language", "currency", "words"),
        [
            ("ja", "JPY", "￥5,720"),
            ("ar", "JPY", "\u200f5,720\xa0\u2066JP¥\u2069"),
            ("ar", "OMR", "\u200f5,720.000\xa0ر.ع.\u200f"),
        ],
    )
    def test_shows_a_price_as_the_language_writes_it(self, language: str, currency: str, words: str) -> None:
        """Whatever is written from left to right stays in one piece among letters from right to left."""
        assert get_texts(language).format_price(Decimal(5720), currency) == words

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "19 December 2025, 06:15"),
            ("ja", "2025年12月19日 06:15"),
            ("ar", "19 ديسمبر 2025، 06:15"),
        ],
    )
    def test_shows_a_moment_as_the_language_writes_it(self, language: str, words: str) -> None:
        assert get_texts(language).format_moment(MOMENT) == words

    @pytest.mark.parametrize(
        ("language", "name", "direction"),
        [("en", "English", "ltr"), ("ja", "日本語", "ltr"), ("ar", "العربية", "rtl")],
    )
    def test_knows_its_own_name_and_direction(self, language: str, name: str, direction: str) -> None:
        texts = get_texts(language)

        assert (texts.name, texts.direction) == (name, direction)

    @pytest.mark.parametrize(
        ("language", "text", "isolated"),
        [
            ("en", "SIM 3 GB", "SIM 3 GB"),
            ("en", "شريحة 3", "\u2068شريحة 3\u2069"),
            ("ja", "شريحة", "\u2068شريحة\u2069"),
            ("ar", "SIM 3 GB", "\u2068SIM 3 GB\u2069"),
            ("ar", "شريحة", "\u2068شريحة\u2069"),
            ("ar", "", ""),
        ],
    )
    def test_isolates_what_would_turn_the_words_beside_it(
        self, language: str, text: str, isolated: str
    ) -> None:
        assert get_texts(language).isolate(text) == isolated

    def test_names_countries(self) -> None:
        assert get_texts("en").name_country("OM") == "Oman"
        assert get_texts("en").name_country("XX") == "XX"


class TestZoneOf:
    def test_is_utc_where_a_country_has_several(self) -> None:
        assert zone_of("JP") == ZoneInfo("Asia/Tokyo")
        assert zone_of("US") is UTC
        assert zone_of("XX") is UTC
