"""The review on the order decides for the account."""

from typing import Any

import pytest
import pytest_asyncio

from sf_sync.emulator.id_verification import (
    DOCUMENT,
    NOTE,
    ORDER_MESSAGE,
    ORDER_STATUS,
    ORDER_VERSION,
    REJECTION,
    REVIEWED_VERSION,
    STATUS,
    SUBMITTED_VERSION,
    VERIFIED_AT,
)
from tests.conformance.files.review import NEWER, Review
from tests.conformance.rest.caller import error_of

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def order_id(review: Review) -> str:
    return await review.library.create(
        "Order", AccountId=review.account_id, EffectiveDate="2026-11-21", Status="Draft", Type="SIM"
    )


async def decide(review: Review, order_id: str, status: str, **rest: Any) -> Any:
    return await review.library.call(
        "PATCH", f"sobjects/Order/{order_id}", json={ORDER_STATUS: status, **rest}
    )


class TestApproval:
    async def test_verifies_the_account_with_time_and_note(self, review: Review, order_id: str) -> None:
        version_id = await review.submit()

        answer = await decide(review, order_id, "Approved", **{ORDER_MESSAGE: "Card matches."})

        account, order = await review.read(), await review.library.read("Order", order_id)
        assert answer.status_code == 204
        assert (account[STATUS], account[NOTE]) == ("Verified", "Card matches.")
        assert account[VERIFIED_AT] == account["LastModifiedDate"]
        assert account[REVIEWED_VERSION] == order[ORDER_VERSION] == version_id

    async def test_is_one_commit_with_the_account(self, review: Review, order_id: str) -> None:
        await review.submit()

        await decide(review, order_id, "Approved")

        changes = review.library.emulator.org.commits[-1].changes
        assert [change.entity for change in changes] == ["Order", "Account"]

    async def test_links_the_file_of_the_order_to_the_account(self, review: Review, order_id: str) -> None:
        version_id = await review.library.upload(FirstPublishLocationId=order_id)
        document_id = await review.library.get_document_id(version_id)

        await decide(review, order_id, "Approved", **{ORDER_VERSION: version_id})

        account = await review.read()
        assert await review.library.list_places(document_id) == {
            review.library.user_id: "I", order_id: "V", review.account_id: "V",
        }  # fmt: skip
        assert (account[STATUS], account[DOCUMENT]) == ("Verified", document_id)
        assert account[SUBMITTED_VERSION] == account[REVIEWED_VERSION] == version_id

    async def test_leaves_a_link_that_is_there(self, review: Review, order_id: str) -> None:
        version_id = await review.submit()

        await decide(review, order_id, "Approved", **{ORDER_VERSION: version_id})

        places = await review.library.list_places((await review.read())[DOCUMENT])
        assert places == {review.library.user_id: "I", review.account_id: "V"}

    async def test_without_any_document_is_about_the_customer_alone(
        self, review: Review, order_id: str
    ) -> None:
        await decide(review, order_id, "Approved")

        account = await review.read()
        assert (account[STATUS], account[REVIEWED_VERSION]) == ("Verified", None)


class TestRejection:
    async def test_rejects_the_account_with_the_message(self, review: Review, order_id: str) -> None:
        version_id = await review.submit()

        await decide(review, order_id, "Rejected", **{ORDER_MESSAGE: "The photo is too dark."})

        account = await review.read()
        assert (account[STATUS], account[REJECTION]) == ("Rejected", "The photo is too dark.")
        assert (account[VERIFIED_AT], account[REVIEWED_VERSION]) == (None, version_id)


class TestVersion:
    @pytest.mark.parametrize("status", ["Approved", "Rejected"])
    async def test_that_was_replaced_cannot_be_decided(
        self, review: Review, order_id: str, status: str
    ) -> None:
        first = await review.submit(b"one")
        await review.submit(b"two")

        answer = await decide(review, order_id, status, **{ORDER_VERSION: first})

        order = await review.library.read("Order", order_id)
        assert error_of(answer)["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert error_of(answer)["message"] == NEWER
        assert (order[ORDER_STATUS], (await review.read())[STATUS]) == (None, "Submitted")

    async def test_that_was_replaced_before_the_account_knew_it_cannot_be_decided(
        self, review: Review, order_id: str
    ) -> None:
        first = await review.library.upload(b"one", FirstPublishLocationId=order_id)
        document_id = await review.library.get_document_id(first)
        await review.library.upload(b"two", ContentDocumentId=document_id)

        answer = await decide(review, order_id, "Approved", **{ORDER_VERSION: first})

        assert error_of(answer)["message"] == NEWER

    @pytest.mark.parametrize("version_id", ["068Dp0000000099IAA", "no id"])
    async def test_that_is_not_there_cannot_be_decided(
        self, review: Review, order_id: str, version_id: str
    ) -> None:
        answer = await decide(review, order_id, "Approved", **{ORDER_VERSION: version_id})

        assert error_of(answer)["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert (await review.read())[STATUS] is None


class TestPending:
    async def test_changes_nothing_on_the_account(self, review: Review, order_id: str) -> None:
        version_id = await review.submit()

        await decide(review, order_id, "Pending", **{ORDER_VERSION: version_id})

        assert (await review.read())[STATUS] == "Submitted"

    async def test_is_the_only_other_value(self, review: Review, order_id: str) -> None:
        answer = await decide(review, order_id, "Perhaps")

        assert error_of(answer)["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"

    async def test_of_another_field_repeats_no_verdict(self, review: Review, order_id: str) -> None:
        await review.submit()
        await decide(review, order_id, "Approved")
        await review.decide("Rejected")

        await review.library.call("PATCH", f"sobjects/Order/{order_id}", json={"PoNumber": "7"})

        assert (await review.read())[STATUS] == "Rejected"
