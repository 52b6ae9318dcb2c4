"""What a search asks for, its cursors, and what of a person stays hidden."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.customers.rules import mask_email
from bff.customers.search.refusals import SearchNotClear, SearchTooShort
from bff.customers.search.rules import (
    Asked,
    ByEmail,
    ByEnding,
    ByName,
    ByNumber,
    ByPhone,
    NamePlace,
    Query,
    Rank,
    clean_purpose,
    format_name_place,
    format_rank,
    parse_name_place,
    parse_number,
    parse_rank,
    plan_query,
)
from bff.errors import InvalidRequest
from bff.phones import PhoneNotValid

AT = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHOLE = ByPhone("+819012345678")
OMANI = "+96892123456"


class TestQueries:
    @pytest.mark.parametrize(
        ("phone", "region", "query"),
        [
            ("090-1234-5678", "JP", WHOLE),
            ("٠٩٠-١٢٣٤-٥٦٧٨", "JP", WHOLE),
            ("0081 90 1234 5678", "JP", WHOLE),
            ("5678", "JP", ByEnding("5678", None)),
            ("٥٦٧٨", "JP", ByEnding("5678", None)),
            ("۵۶۷۸", "JP", ByEnding("5678", None)),
            ("５６ ７８", "JP", ByEnding("5678", None)),
            ("(1234) 5678", "JP", ByEnding("12345678", None)),
            # Eight digits are a whole number in Oman, and the end of others.
            ("92123456", "OM", ByEnding("92123456", OMANI)),
            ("٩٢١٢ ٣٤٥٦", "OM", ByEnding("92123456", OMANI)),
        ],
    )
    def test_of_digits(self, phone: str, region: str, query: Query) -> None:
        assert plan_query(Asked(phone=phone), region) == query

    @pytest.mark.parametrize(
        ("asked", "query"),
        [
            (Asked(name=" Ｈana  "), ByName("Hana")),
            (Asked(name="林"), ByName("林")),
            (Asked(email=" Hana@Home.example"), ByEmail("hana@home.example")),
            (Asked(number="CUST-00042"), ByNumber("CUST-00042")),
        ],
    )
    def test_of_words(self, asked: Asked, query: Query) -> None:
        assert plan_query(asked, "JP") == query

    @pytest.mark.parametrize(
        ("asked", "refusal"),
        [
            (Asked(), SearchNotClear),
            (Asked(phone="5678", name="Hana"), SearchNotClear),
            (Asked(phone="678"), SearchTooShort),
            (Asked(phone="٦٧٨"), SearchTooShort),
            (Asked(phone="--"), PhoneNotValid),
            (Asked(phone="56a78"), PhoneNotValid),
            (Asked(phone="56%8"), PhoneNotValid),
            (Asked(phone="1234567890123"), PhoneNotValid),
            (Asked(phone="5" * 10_000), PhoneNotValid),
            (Asked(phone="5678\0"), PhoneNotValid),
            (Asked(name="H"), SearchTooShort),
            (Asked(name="Ha\0na"), InvalidRequest),
        ],
    )
    def test_that_are_none_are_refused(self, asked: Asked, refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            plan_query(asked, "JP")

    def test_do_not_print_what_was_searched_for(self) -> None:
        assert repr(Asked(phone="090-1234-5678")) == "Asked(phone)"


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "number_format", "number"),
        [
            ("CUST-00042", "CUST-{:05d}", 42),
            ("cust-42", "CUST-{:05d}", 42),
            (" ＣＵＳＴ－００４２ ", "CUST-{:05d}", 42),
            ("42", "CUST-{:05d}", 42),
            ("42/D", "{:d}/D", 42),
            ("2147483647", "{:d}", 2_147_483_647),
            ("2147483648", "{:d}", None),
            ("0", "{:d}", None),
            ("-1", "{:d}", None),
            ("٤٢", "{:d}", None),
            ("CUST-", "CUST-{:05d}", None),
            ("4" * 10_000, "{:d}", None),
        ],
    )
    def test_are_read_in_the_orgs_format(self, text: str, number_format: str, number: int | None) -> None:
        assert parse_number(text, number_format) == number


class TestCursors:
    @given(st.booleans(), st.uuids(), st.integers(0, 10**16 - 1))
    def test_of_ranks_lead_back(self, is_verified: bool, identity: UUID, micros: int) -> None:
        rank = Rank(is_verified, EPOCH + timedelta(microseconds=micros), identity)

        assert parse_rank(format_rank(rank)) == rank

    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.uuids())
    def test_of_names_lead_back(self, word: str, identity: UUID) -> None:
        place = NamePlace(word, identity)

        assert parse_name_place(format_name_place(place)) == place

    def test_of_no_page_are_none(self) -> None:
        assert (parse_rank(None), parse_name_place(None)) == (None, None)

    @pytest.mark.parametrize(
        "text", ["", ".", "x", "2.", "1.x", format_rank(Rank(True, AT, UUID(int=1)))[:-1]]
    )
    def test_of_ranks_that_were_changed_are_refused(self, text: str) -> None:
        with pytest.raises(InvalidRequest):
            parse_rank(text)

    @pytest.mark.parametrize(
        "text", ["", ".", "x", "AA", "AA.", f"AA.{'0' * 32}", f"7aCA.{'0' * 32}", f"*.{'0' * 32}", "c2F0bw.g"]
    )
    def test_of_names_that_were_changed_are_refused(self, text: str) -> None:
        """Among them NUL and half of a surrogate pair, which no text of the database has."""
        with pytest.raises(InvalidRequest):
            parse_name_place(text)


class TestMasks:
    @pytest.mark.parametrize(
        ("email", "shown"),
        [("hana@home.example", "h•••@home.example"), ("h@home.example", "h•••@home.example")],
    )
    def test_of_addresses_do_not_tell_their_length(self, email: str, shown: str) -> None:
        assert mask_email(email) == shown

    @pytest.mark.parametrize(
        ("purpose", "kept"),
        [
            (" Caller asks for a bill ", "Caller asks for a bill"),
            ("Call 77 from 090-1234-5678", "Call 77 from •••"),
            ("Call from ０９０１２３４５６７８", "Call from •••"),
            ("+968 9212 3456 / a.b@home.example", "••• / •••"),
            ("Call from ٩٢١٢ ٣٤٥٦ or 090–1234–5678", "Call from ••• or •••"),
        ],
    )
    def test_of_purposes_take_numbers_and_addresses_away(self, purpose: str, kept: str) -> None:
        assert clean_purpose(purpose) == kept
