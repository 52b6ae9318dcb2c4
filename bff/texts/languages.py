import io
import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime, get_timezone
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency
from babel.support import NullTranslations, Translations
from babel.units import format_unit

DEFAULT_LANGUAGE = "en"
LOCALES = Path(__file__).parent / "locales"
_LATIN_SYMBOL = re.compile(r"[A-Z]{1,3}[$£¥€₩]")
_BETWEEN_LETTER_AND_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")
_FROM_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


class Texts:
    """Sentences, dates and names of one language, with the zone in which its reader lives."""

    def __init__(self, language: str, translations: NullTranslations, *, zone: tzinfo = UTC) -> None:
        self.language = language
        self.zone = zone
        self._translations = translations
        self._locale = Locale.parse(language)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML's `dir` wants it."""
        return self._locale.text_direction

    def say(self, text: str, **params: object) -> str:
        """The sentence in this language; `%(name)s` in it is filled from the parameters."""
        translated = self.gettext(text)
        return translated % params if params else translated

    def isolate(self, text: str) -> str:
        """What others wrote, for the midst of a sentence: it keeps its own direction, and turns nothing beside it."""
        is_turning = any(unicodedata.bidirectional(sign) in _FROM_RIGHT_TO_LEFT for sign in text)
        return f"\u2068{text}\u2069" if text and (is_turning or self.direction == "rtl") else text

    def gettext(self, text: str) -> str:
        # The empty key is where a catalogue keeps its own description.
        return text and str(self._translations.ugettext(text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return str(self._translations.ungettext(singular, plural, number))

    def format_moment(self, at: datetime) -> str:
        """Day and time in the reader's zone: `19 December 2025, 15:15`."""
        joined = str(self._locale.datetime_formats["medium"])
        return joined.format(self.format_time(at), self.format_day(at))

    def format_day(self, at: datetime) -> str:
        """The day alone, in the reader's zone: `19 December 2025`."""
        local = at.astimezone(self.zone)
        return format_datetime(local, _day_pattern(self._locale), locale=self._locale, tzinfo=self.zone)

    def format_time(self, at: datetime) -> str:
        """The time of day alone, in the reader's zone: `15:15`."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def format_size(self, size: int) -> str:
        """`340 kB`, `1.2 MB`: decimal units, as phones and file managers count."""
        if size < 999_500:
            return format_unit(max(1, round(size / 1000)), "digital-kilobyte", "short", locale=self._locale)
        return format_unit(round(size / 1_000_000, 1), "digital-megabyte", "short", locale=self._locale)

    def format_price(self, amount: Decimal, currency: str) -> str:
        """`¥5,720`, `OMR 12.500`: with the currency's digits (ISO 4217), or more where the amount has more."""
        price = format_currency(amount, currency, locale=self._locale, decimal_quantization=False)
        # CLDR parts a code of letters from its number; Babel does not know of that yet.
        spaced = _BETWEEN_LETTER_AND_DIGIT.sub("\N{NO-BREAK SPACE}", price)
        # Among letters from right to left `JP¥` would fall apart into `¥JP`.
        return _LATIN_SYMBOL.sub("\u2066\\g<0>\u2069", spaced) if self.direction == "rtl" else spaced

    @property
    def name(self) -> str:
        """As its own speakers call it: `日本語`."""
        return str(self._locale.get_display_name())

    def name_country(self, code: str) -> str:
        return str(self._locale.territories.get(code, code))

    def in_zone_of(self, region: str) -> "Texts":
        """The same language for a reader in this country (two letters); UTC where it has several zones."""
        return Texts(self.language, self._translations, zone=zone_of(region))


def _day_pattern(locale: Locale) -> str:
    # English without a territory means the American order, which reads ambiguously elsewhere.
    return "d MMMM y" if locale.language == "en" else str(locale.date_formats["long"])


@cache
def zone_of(region: str) -> tzinfo:
    """The country's only time zone, or UTC when it has none or several."""
    zones = [name for name, territory in get_global("zone_territories").items() if territory == region]
    return get_timezone(zones[0]) if len(zones) == 1 else UTC


@cache
def get_texts(language: str) -> Texts:
    """Raises LookupError for a language without a catalogue."""
    if language not in language_codes():
        raise LookupError(f"no catalogue for {language!r}")
    return Texts(language, _load(language))


def find_texts(*wishes: str) -> Texts:
    """The first wish that has a catalogue (`ja-JP` finds `ja`), else the default language."""
    return get_texts(
        next((_strip_territory(wish) for wish in wishes if has_language(wish)), DEFAULT_LANGUAGE)
    )


@lru_cache(maxsize=256)
def has_language(wish: str) -> bool:
    """`ja` or `ja-JP`: is there a catalogue of that language?"""
    return _strip_territory(wish) in language_codes()


def _strip_territory(wish: str) -> str:
    return wish.replace("_", "-").split("-")[0].lower()


@cache
def language_codes() -> tuple[str, ...]:
    """The default language first, then those with a catalogue."""
    others = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/messages.po"))
    return (DEFAULT_LANGUAGE, *(code for code in others if code != DEFAULT_LANGUAGE))


def find_catalogue(language: str) -> Path:
    """Where the language's sentences are, or would be."""
    return LOCALES / language / "LC_MESSAGES" / "messages.po"


def _load(language: str) -> NullTranslations:
    path = find_catalogue(language)
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
