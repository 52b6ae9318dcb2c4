"""The error tree: what may be tried again, and what a log line may show."""

import pytest

from sf_sync import errors
from sf_sync.errors import SalesforceError, SalesforceRefused

RETRYABLE = {
    "SalesforceUnavailable",
    "SalesforceBreakerOpen",
    "ServerFault",
    "RowLocked",
    "TransactionHalted",
}


def list_tree(kind: type[SalesforceError]) -> set[type[SalesforceError]]:
    return {kind}.union(*(list_tree(child) for child in kind.__subclasses__()))


class TestErrorTree:
    def test_is_drawn_completely_in_the_docstring(self) -> None:
        assert errors.__doc__ is not None
        missing = {
            kind.__name__ for kind in list_tree(SalesforceError) if kind.__name__ not in errors.__doc__
        }

        assert missing == set()

    def test_says_which_branches_may_be_tried_again(self) -> None:
        retryable = {kind.__name__ for kind in list_tree(SalesforceError) if kind.retryable}

        assert retryable == RETRYABLE

    @pytest.mark.parametrize(("concurrent", "retryable"), [(True, True), (False, False)])
    def test_tries_again_after_the_concurrency_limit_only(self, concurrent: bool, retryable: bool) -> None:
        assert errors.RequestLimitReached(concurrent=concurrent).retryable is retryable

    def test_shows_code_and_fields_but_not_the_message(self) -> None:
        error = SalesforceRefused(
            status=400,
            code="STRING_TOO_LONG",
            message="Portal Notes: data value too large: ring at Hana's",
            fields=("Portal_Notes__c",),
        )

        assert str(error) == "STRING_TOO_LONG (400) on Portal_Notes__c"
        assert "Hana" not in repr(error)
        assert "Hana" in error.message
