"""The org: transactions, what they leave behind, and what restarts keep."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sf_sync.emulator.changes import Change
from sf_sync.emulator.commit_log import open_log
from sf_sync.emulator.platform_seed import INTEGRATION_USERNAME, find_user_id, seed_platform
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.store import Commit, Org, Transaction


class Undone(Exception):
    """Raised by a test to have its writes undone."""


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 18, 10, 30, 20, 750_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def org(clock: Clock) -> Org:
    org = Org(ENTITIES, now=clock)
    seed_platform(org)
    return org


@pytest.fixture
def user_id(org: Org) -> str:
    return find_user_id(org, INTEGRATION_USERNAME) or ""


def insert(org: Org, user_id: str, entity: str, **values: object) -> str:
    with org.transaction(user_id=user_id, origin="test") as transaction:
        return transaction.insert(entity, values)


class TestTransaction:
    def test_sees_its_own_writes_and_commits_once(self, org: Org, user_id: str) -> None:
        before = len(org.commits)

        with org.transaction(user_id=user_id, origin="test") as transaction:
            account_id = transaction.insert("Account", {"Name": "A"})
            transaction.update("Account", account_id, {"Site": "North"})
            assert transaction.get("Account", account_id)["Site"] == "North"

        (commit,) = org.commits[before:]
        (change,) = commit.changes
        assert (commit.user_id, commit.origin) == (user_id, "test")
        assert (change.kind, change.before) == ("CREATE", None)
        assert change.after == org.get("Account", account_id)

    def test_undoes_everything_when_it_raises(self, org: Org, user_id: str) -> None:
        account_id = insert(org, user_id, "Account", Name="A", Portal_Customer_Id__c="k-1")
        before = org.get("Account", account_id)

        with suppress(Undone), org.transaction(user_id=user_id) as transaction:
            transaction.update("Account", account_id, {"Portal_Customer_Id__c": "k-2"})
            transaction.insert("Account", {"Name": "B"})
            transaction.delete("Account", account_id)
            transaction.undelete("Account", account_id)
            raise Undone

        assert org.get("Account", account_id) == before
        assert [row["Id"] for row in org.find_by("Account", "Portal_Customer_Id__c", "K-1")] == [account_id]
        assert org.find_by("Account", "Portal_Customer_Id__c", "k-2") == []
        assert len(list(org.select("Account"))) == 1

    def test_undoes_the_part_of_a_savepoint(self, org: Org, user_id: str) -> None:
        with org.transaction(user_id=user_id) as transaction:
            transaction.insert("Account", {"Name": "A"})
            with suppress(Undone), transaction.savepoint():
                transaction.insert("Account", {"Name": "B"})
                raise Undone

        assert [row["Name"] for row in org.select("Account")] == ["A"]

    def test_that_changes_nothing_leaves_no_commit(self, org: Org, user_id: str) -> None:
        number = org.last_commit_number

        with org.transaction(user_id=user_id) as transaction:
            transaction.delete("Account", transaction.insert("Account", {"Name": "A"}))

        assert org.last_commit_number == number

    def test_may_not_be_opened_twice(self, org: Org, user_id: str) -> None:
        with org.transaction(user_id=user_id), pytest.raises(RuntimeError), org.transaction(user_id=user_id):
            pass

    def test_stamps_whole_seconds_and_names_them_changed_within_one(self, org: Org, user_id: str) -> None:
        account_id = insert(org, user_id, "Account", Name="A")
        with org.transaction(user_id=user_id) as transaction:
            transaction.update("Account", account_id, {"Site": "North"})

        (change,) = org.commits[-1].changes
        assert change.after is not None
        assert change.after["SystemModstamp"] == "2026-11-18T10:30:20.000+0000"
        assert change.changed == {"Site", "LastModifiedDate"}
        assert org.commits[-1].at.microsecond == 750_000

    def test_names_fields_that_became_null(self, org: Org, user_id: str) -> None:
        account_id = insert(org, user_id, "Account", Name="A", Site="North")
        with org.transaction(user_id=user_id) as transaction:
            transaction.update("Account", account_id, {"Site": None})

        (change,) = org.commits[-1].changes
        assert change.changed == {"Site", "LastModifiedDate"}
        assert change.after is not None
        assert "Site" not in change.after

    def test_deletes_and_brings_back(self, org: Org, user_id: str) -> None:
        account_id = insert(org, user_id, "Account", Name="A")
        with org.transaction(user_id=user_id) as transaction:
            transaction.delete("Account", account_id)
        (deleted,) = org.commits[-1].changes
        with org.transaction(user_id=user_id) as transaction:
            transaction.undelete("Account", account_id)
        (back,) = org.commits[-1].changes

        assert (deleted.kind, deleted.after) == ("DELETE", None)
        assert (back.kind, back.before) == ("UNDELETE", None)
        assert org.get("Account", account_id)["IsDeleted"] is False
        with pytest.raises(SalesforceRefusal), org.transaction(user_id=user_id) as transaction:
            transaction.undelete("Account", account_id)

    def test_gives_ids_of_rolled_back_records_to_nobody(self, org: Org, user_id: str) -> None:
        with suppress(Undone), org.transaction(user_id=user_id) as transaction:
            lost = transaction.insert("Account", {"Name": "A"})
            raise Undone

        assert insert(org, user_id, "Account", Name="B") != lost


class TestAutomation:
    def test_writes_in_the_same_transaction(self, org: Org, user_id: str) -> None:
        def rate(transaction: Transaction, changes: Sequence[Change]) -> None:
            for change in changes:
                if change.entity == "Account" and "Site" in change.changed:
                    transaction.update("Account", change.record_id, {"Rating": "Hot"})

        org.add_automation(rate)
        account_id = insert(org, user_id, "Account", Name="A", Site="North")

        assert org.get("Account", account_id)["Rating"] == "Hot"
        (change,) = org.commits[-1].changes
        assert change.kind == "CREATE"

    def test_that_refuses_undoes_the_transaction(self, org: Org, user_id: str) -> None:
        def veto(transaction: Transaction, changes: Sequence[Change]) -> None:
            raise SalesforceRefusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.", fields=[])

        org.add_automation(veto)
        with pytest.raises(SalesforceRefusal):
            insert(org, user_id, "Account", Name="A")

        assert list(org.select("Account")) == []

    def test_that_never_settles_is_stopped(self, org: Org, user_id: str) -> None:
        def circle(transaction: Transaction, changes: Sequence[Change]) -> None:
            for change in changes:
                site = transaction.get("Account", change.record_id).get("Site", "")
                transaction.update("Account", change.record_id, {"Site": f"{site}x"})

        org.add_automation(circle)
        with pytest.raises(SalesforceRefusal, match="maximum trigger depth"):
            insert(org, user_id, "Account", Name="A")


class TestCommits:
    def test_are_told_in_order_with_growing_numbers(self, org: Org, user_id: str) -> None:
        seen: list[Commit] = []
        org.on_commit(seen.append)

        for name in "ABC":
            insert(org, user_id, "Account", Name=name)

        assert [commit.number for commit in seen] == sorted({commit.number for commit in seen})
        assert seen == org.commits[-3:]

    def test_are_dropped_after_the_retention(self, org: Org, user_id: str, clock: Clock) -> None:
        insert(org, user_id, "Account", Name="old")
        clock.at += timedelta(hours=72, seconds=1)
        insert(org, user_id, "Account", Name="new")

        assert len(org.commits) == 1


class TestLog:
    def reopen(self, folder: Path, clock: Clock) -> Org:
        org = Org(ENTITIES, now=clock)
        org.log = open_log(org, folder)
        seed_platform(org)
        return org

    def test_gives_back_records_commits_and_counters(self, tmp_path: Path, clock: Clock) -> None:
        first = self.reopen(tmp_path, clock)
        user_id = find_user_id(first, INTEGRATION_USERNAME) or ""
        account_id = insert(first, user_id, "Account", Name="佐藤", Portal_Customer_Id__c="k-1")
        case_id = insert(first, user_id, "Case", AccountId=account_id)
        with first.transaction(user_id=user_id) as transaction:
            transaction.delete("Case", case_id)
        number = first.get("Account", account_id)

        second = self.reopen(tmp_path, clock)
        third = self.reopen(tmp_path, clock)

        for org in (second, third):
            assert org.org_id == first.org_id
            assert org.last_commit_number == first.last_commit_number
            assert org.commits == first.commits
            assert {name: table.rows for name, table in org.tables.items()} == {
                name: table.rows for name, table in first.tables.items()
            }
            assert org.find_by("Account", "Portal_Customer_Id__c", "K-1") == [number]
        new_case = insert(third, user_id, "Case")
        assert new_case not in first.tables["Case"].rows
        assert third.get("Case", new_case)["CaseNumber"] == "00001002"

    def test_drops_a_torn_end(self, tmp_path: Path, clock: Clock) -> None:
        first = self.reopen(tmp_path, clock)
        user_id = find_user_id(first, INTEGRATION_USERNAME) or ""
        for name in "AB":
            insert(first, user_id, "Account", Name=name)
        path = tmp_path / "org.log"
        path.write_bytes(path.read_bytes()[:-7])

        second = self.reopen(tmp_path, clock)

        assert [row["Name"] for row in second.select("Account")] == ["A"]
        insert(second, user_id, "Account", Name="C")
        assert [row["Name"] for row in self.reopen(tmp_path, clock).select("Account")] == ["A", "C"]

    def test_forgets_commits_that_are_too_old_but_not_their_numbers(
        self, tmp_path: Path, clock: Clock
    ) -> None:
        first = self.reopen(tmp_path, clock)
        user_id = find_user_id(first, INTEGRATION_USERNAME) or ""
        account_id = insert(first, user_id, "Account", Name="A")
        clock.at += timedelta(hours=73)

        for _ in range(2):
            again = self.reopen(tmp_path, clock)
            assert again.commits == []
            assert again.last_commit_number == first.last_commit_number
            assert again.get("Account", account_id)["Name"] == "A"
