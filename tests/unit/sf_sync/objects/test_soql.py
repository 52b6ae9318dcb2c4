"""SOQL injection: whatever a value holds, only the inside of one literal changes."""

import itertools
import re

import pytest
from simple_salesforce.format import format_soql

from sf_sync.objects.account import EligibilityFacts, EligibilityStatus, format_guard
from sf_sync.objects.record_type import format_record_type_query
from sf_sync.settings import AccountFieldNames

NAMES = AccountFieldNames()

LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)

OPENERS = [
    "",
    "'",
    '"',
    "\\",
    "\\'",
    "''",
    "\\\\'",
    "%",
    "_",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\u2019",
    "＇",
    "ʼ",
    "}",
    "{0}",
]
PAYLOADS = [
    " OR Name != ''",
    " OR Id != null --",
    ") OR (Id != null",
    " UNION SELECT Id FROM User",
    " LIMIT 50000",
    " AND Name LIKE '%",
    "; DELETE",
    " /* ",
    "\\",
    "' OR '1'='1",
    "@{guard.records[0].Id}",
    "{names}",
]
STRINGS = [opener + payload for opener, payload in itertools.product(OPENERS, PAYLOADS)]


def strip_literals(soql: str) -> str:
    return LITERAL.sub("?", soql)


class TestSoql:
    def test_is_tried_with_two_hundred_strings(self) -> None:
        assert len(set(STRINGS)) >= 200

    @pytest.mark.parametrize("text", STRINGS)
    def test_of_a_record_type_changes_in_its_literals_only(self, text: str) -> None:
        harmless = format_record_type_query("Case", "Internet_Eligibility")

        assert strip_literals(format_record_type_query(text, text)) == strip_literals(harmless)

    @pytest.mark.parametrize("text", STRINGS)
    def test_of_the_guard_changes_in_its_literals_only(self, text: str) -> None:
        def make_guard(account_id: str, case_id: str) -> str:
            expected = EligibilityFacts(status=EligibilityStatus.INELIGIBLE, case_id=case_id)
            return strip_literals(format_guard(account_id, expected, NAMES))

        assert make_guard(text, text) == make_guard("001p00000000abcAAA", "500p00000000abcAAA")

    @pytest.mark.parametrize("text", STRINGS)
    def test_never_widens_a_search(self, text: str) -> None:
        soql = format_soql("SELECT Id FROM Account WHERE Name LIKE '{:like}%'", text)

        inside = LITERAL.search(soql)
        assert inside is not None
        assert strip_literals(soql) == "SELECT Id FROM Account WHERE Name LIKE ?"
        assert len(re.findall(r"(?<!\\)(?:\\\\)*[%_]", inside[0])) == 1
