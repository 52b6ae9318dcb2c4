from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bff.identity import CallerKind
from bff.otp.refusals import CodesPaused, PhoneNotAllowed, TooManyCodes
from bff.otp.rules import (
    OF_CUSTOMERS,
    Crowd,
    Limits,
    Sent,
    Window,
    check_crowd,
    check_wait,
    check_windows,
    get_wait,
    make_network,
    make_target,
    parse_code,
    plan_tries,
)
from bff.otp.service import LIMITS
from tests.tables import make_id, read_table

PAGE = "one-time-codes.md"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NAMES = {
    "codes to a number in an hour": "phone_hour",
    "codes to a number in a day": "phone_day",
    "codes to a block in an hour": "block_hour",
    "codes asked for from a network in an hour": "network_hour",
    "codes asked for by a caller in an hour": "caller_hour",
    "codes of the org in an hour": "org_hour",
    "wrong entries for a number in a day": "failures_phone_day",
    "wrong entries by a caller in a day": "failures_caller_day",
}


def make_sent(*, minutes_ago: float = 60, is_entered: bool = False, spent: int = 0) -> Sent:
    return Sent(sent_at=NOW - timedelta(minutes=minutes_ago), is_entered=is_entered, spent=spent)


def tell_code(decide: Callable[[], object]) -> str:
    try:
        return str(decide())
    except (PhoneNotAllowed, TooManyCodes, CodesPaused) as refusal:
        return refusal.code


class TestNumbers:
    @pytest.mark.parametrize("row", read_table(PAGE, "Which numbers get codes"), ids=make_id)
    def test_follow_the_table(self, row: dict[str, str]) -> None:
        countries = row["org sends to"].split(", ")

        assert tell_code(lambda: make_target(row["number"], countries) and "sent") == row["answer"]

    def test_are_neighbours_without_their_last_four_digits(self) -> None:
        target = make_target("+819012345678", ["JP"])

        assert (target.block, target.country) == ("+81901234", "JP")
        assert "9012" not in repr(target)


class TestLimits:
    def test_are_those_of_the_table(self) -> None:
        rows = read_table(PAGE, "How many codes leave")
        for column, kind in zip(("customers", "staff", "machines"), CallerKind, strict=True):
            limits = Limits(
                **{NAMES[row["limit"]]: None if row[column] == "–" else int(row[column]) for row in rows}
            )
            assert limits == LIMITS[kind], column

    def test_let_one_more_through_when_the_last_full_window_does(self) -> None:
        windows = [
            Window(length=timedelta(hours=1), full_since=NOW - timedelta(minutes=59)),
            Window(length=timedelta(days=1), full_since=NOW - timedelta(hours=23)),
            Window(length=timedelta(hours=1), full_since=None),
        ]
        with pytest.raises(TooManyCodes) as refusal:
            check_windows(windows, NOW)

        assert refusal.value.retry_after_s == 3600
        check_windows(windows[2:], NOW)


class TestWait:
    @pytest.mark.parametrize("row", read_table(PAGE, "Wait between two codes"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        newest_first = [
            make_sent(is_entered=word == "entered") for word in reversed(row["codes"].split(", "))
        ]

        assert f"{get_wait(newest_first).total_seconds():.0f} s" == row["wait"]

    def test_ends_on_the_second(self) -> None:
        sent = [make_sent(minutes_ago=0.5)]
        with pytest.raises(TooManyCodes) as refusal:
            check_wait(sent, NOW)

        assert refusal.value.retry_after_s == 30
        check_wait(sent, NOW + timedelta(seconds=30))
        check_wait([], NOW)


class TestTries:
    @pytest.mark.parametrize("row", read_table(PAGE, "Tries of a code"), ids=make_id)
    def test_follow_the_table(self, row: dict[str, str]) -> None:
        to_phone, by_caller = (
            [make_sent(spent=int(row[column]))] for column in ("spent on the number", "spent by the customer")
        )

        assert tell_code(lambda: plan_tries(to_phone, by_caller, OF_CUSTOMERS, NOW)) == row["tries"]

    def test_come_back_when_the_oldest_failure_is_a_day_old(self) -> None:
        sent = [make_sent(minutes_ago=10, spent=9), make_sent(minutes_ago=60, spent=3)]
        with pytest.raises(TooManyCodes) as refusal:
            plan_tries(sent, [], OF_CUSTOMERS, NOW)

        assert refusal.value.retry_after_s == 23 * 3600


class TestCrowd:
    @pytest.mark.parametrize("row", read_table(PAGE, "When codes are paused"), ids=make_id)
    def test_follows_the_table(self, row: dict[str, str]) -> None:
        age = timedelta(seconds=int(row["age of the newest"].removesuffix(" s")))
        crowd = Crowd(sent=int(row["sent"]), entered=int(row["entered"]), newest_at=NOW - age)

        assert tell_code(lambda: check_crowd(crowd, NOW) or "leaves") == row["next code"]


class TestParseCode:
    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ("012345", "012345"),
            ("０１２３４５", "012345"),
            ("٠١٢٣٤٥", "012345"),
            ("۰۱۲۳۴۵", "012345"),
            ("٠1２3４5", "012345"),
            ("²²²²²²", None),
            ("①②③④⑤⑥", None),
            ("12345", None),
            ("1234567", None),
            ("123456\n", None),
            ("12345 ", None),
            ("-12345", None),
            ("1e2345", None),
            ("", None),
        ],
    )
    def test_reads_six_digits_of_any_script_and_nothing_else(self, typed: str, code: str | None) -> None:
        assert parse_code(typed) == code


class TestNetwork:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("", None),
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ],
    )
    def test_is_what_one_subscriber_has(self, address: str, network: str | None) -> None:
        assert make_network(address) == network
