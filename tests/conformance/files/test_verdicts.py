"""A verdict belongs to the version that was under review."""

import pytest

from sf_sync.emulator.id_verification import (
    REJECTION,
    REVIEWED_VERSION,
    STATUS,
    SUBMITTED_VERSION,
    VERIFIED_AT,
)
from tests.conformance.files.review import NEWER, Review
from tests.conformance.rest.caller import error_of

pytestmark = pytest.mark.asyncio


class TestVerdict:
    @pytest.mark.parametrize("status", ["Verified", "Rejected"])
    @pytest.mark.parametrize("form", [15, 18])
    async def test_about_the_submitted_version_is_taken(self, review: Review, status: str, form: int) -> None:
        version_id = await review.submit()

        answer = await review.decide(status, version_id[:form])

        account = await review.read()
        assert answer.status_code == 204
        assert (account[STATUS], account[REVIEWED_VERSION]) == (status, version_id[:form])

    @pytest.mark.parametrize("status", ["Verified", "Rejected"])
    async def test_about_an_earlier_version_is_refused(self, review: Review, status: str) -> None:
        first = await review.submit(b"one")
        await review.submit(b"two")

        answer = await review.decide(status, first)

        assert answer.status_code == 400
        assert error_of(answer) == {
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": NEWER, "fields": [],
        }  # fmt: skip
        assert (await review.read())[STATUS] == "Submitted"

    @pytest.mark.parametrize("status", ["Verified", "Rejected"])
    async def test_that_names_none_is_about_the_submitted_version(self, review: Review, status: str) -> None:
        await review.submit(b"one")
        second = await review.submit(b"two")

        await review.decide(status)

        assert (await review.read())[REVIEWED_VERSION] == second

    async def test_from_a_page_opened_before_the_replacement_is_refused_by_its_etag(
        self, review: Review
    ) -> None:
        await review.submit(b"one")
        path = f"sobjects/Account/{review.account_id}"
        opened = (await review.library.call("GET", path)).headers["etag"]
        await review.submit(b"two")

        answer = await review.library.call(
            "PATCH", path, json={STATUS: "Verified"}, headers={"If-Match": opened}
        )

        assert answer.status_code == 412
        assert (await review.read())[STATUS] == "Submitted"

    async def test_of_before_does_not_stand_for_a_new_submission(self, review: Review) -> None:
        first = await review.submit(b"one")
        await review.decide("Rejected", first)

        second = await review.submit(b"two")

        assert (await review.read())[REVIEWED_VERSION] is None
        assert error_of(await review.decide("Verified", first))["message"] == NEWER
        assert (await review.decide("Verified", second)).status_code == 204

    async def test_may_be_changed_by_the_reviewer(self, review: Review) -> None:
        version_id = await review.submit()
        await review.decide("Rejected", version_id)

        answer = await review.decide("Verified")

        assert answer.status_code == 204
        assert (await review.read())[STATUS] == "Verified"

    async def test_that_stands_may_not_be_moved_to_another_version(self, review: Review) -> None:
        first = await review.submit(b"one")
        second = await review.submit(b"two")
        await review.decide("Verified", second)

        answer = await review.change(**{REVIEWED_VERSION: first})

        assert error_of(answer)["message"] == NEWER

    async def test_without_any_document_is_taken(self, review: Review) -> None:
        answer = await review.decide("Verified")

        account = await review.read()
        assert answer.status_code == 204
        assert account[REVIEWED_VERSION] is None
        assert account[VERIFIED_AT] is not None

    async def test_is_refused_alone_among_others(self, review: Review) -> None:
        first = await review.submit(b"one")
        await review.submit(b"two")
        other = await review.library.create("Account", Name="Omar")
        verdict = {STATUS: "Verified", REVIEWED_VERSION: first}
        records = [
            {"attributes": {"type": "Account"}, "id": record_id, **verdict}
            for record_id in (review.account_id, other)
        ]

        answer = await review.library.call("PATCH", "composite/sobjects", json={"records": records})

        assert [each["success"] for each in answer.json()] == [False, True]
        assert answer.json()[0]["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


class TestVerified:
    async def test_stamps_its_time_and_clears_the_rejection(self, review: Review) -> None:
        await review.submit()
        await review.decide("Rejected", **{REJECTION: "Too dark."})
        assert (await review.read())[REJECTION] == "Too dark."

        await review.decide("Verified")

        account = await review.read()
        assert account[VERIFIED_AT] == account["LastModifiedDate"]
        assert account[REJECTION] is None

    async def test_keeps_a_time_that_is_given(self, review: Review) -> None:
        await review.submit()

        await review.decide("Verified", **{VERIFIED_AT: "2026-01-02T03:04:05Z"})

        assert (await review.read())[VERIFIED_AT] == "2026-01-02T03:04:05.000+0000"

    async def test_is_one_commit_with_what_it_sets_off(self, review: Review) -> None:
        await review.submit()
        commits = review.library.emulator.org.commits
        count = len(commits)

        await review.decide("Verified")

        (change,) = commits[-1].changes
        assert len(commits) == count + 1
        assert {STATUS, REVIEWED_VERSION, VERIFIED_AT} <= change.changed


class TestRejected:
    async def test_clears_the_time_of_an_earlier_verification(self, review: Review) -> None:
        await review.submit()
        await review.decide("Verified")

        await review.decide("Rejected")

        account = await review.read()
        assert account[VERIFIED_AT] is None
        assert account[SUBMITTED_VERSION] == account[REVIEWED_VERSION]
