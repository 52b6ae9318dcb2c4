"""What the product asks of Salesforce about orders, in the product's words."""

from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from msgspec import Struct, structs
from simple_salesforce.format import format_soql

from sf_sync.client import Lane, SalesforceClient, Subrequest
from sf_sync.client.answers import parse_page
from sf_sync.client.refusals import find_failure
from sf_sync.errors import AnswerMalformed, DuplicateValue, NotFound, OutcomeUnknown, TransactionHalted
from sf_sync.objects import account, order, order_review
from sf_sync.objects import order_placement as placement
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.order import OrderStatus, PlaceOrder, SeenOrder
from sf_sync.objects.order_placement import PlanPlacement, plan_placement
from sf_sync.objects.values import get_record_id


class OrderPlaced(Struct, frozen=True, kw_only=True):
    """The order and all its lines exist. `facts` are what the guard read in the same transaction, `read_at` is when
    the call began.
    """

    salesforce_id: str
    facts: AccountFacts
    read_at: datetime


class OrderHalted(Struct, frozen=True, kw_only=True):
    """Nothing was written: a guard found nothing, or the order is there already."""


class OrderLook(Struct, frozen=True, kw_only=True):
    """Why an order was halted: `order` is there already, `facts` are the account's of now (None: it is gone), and
    `current_entries` the price book entries of the order that are still for sale at their price.
    """

    order: SeenOrder | None
    facts: AccountFacts | None
    current_entries: frozenset[str]
    read_at: datetime


class StatusChanged(Struct, frozen=True, kw_only=True):
    """The order has the status that was asked for."""


class StatusSuperseded(Struct, frozen=True, kw_only=True):
    """Somebody gave the order another `status` meanwhile, or deleted it (None); it was left alone."""

    status: str | None


class Orders:
    """All verbs raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient, *, plan: PlanPlacement = plan_placement) -> None:
        """`plan` is another one only in tests that show what each guard is for."""
        self._client = client
        self._settings = client.settings
        self._plan = plan

    def refuse_if_away(self) -> None:
        """Raises SalesforceBreakerOpen while every call is refused here."""
        self._client.refuse_if_open()

    async def place(
        self, command: PlaceOrder, *, timeout_s: float | None = None
    ) -> OrderPlaced | OrderHalted:
        """One call, all or nothing; after OutcomeUnknown ask with `find` before sending the same command again."""
        command = structs.replace(command, account_id=account.parse_account_id(command.account_id))
        read_at = datetime.now(UTC)
        answers = await self._client.composite(
            self._plan(command, self._settings), idempotent=False, lane=Lane.GATE, timeout_s=timeout_s
        )
        failure = find_failure(answers)
        if isinstance(failure, TransactionHalted | DuplicateValue | NotFound):
            return OrderHalted()
        if failure is not None:
            raise failure
        try:
            facts = placement.parse_guarded_account(answers, command, self._settings)
            return OrderPlaced(salesforce_id=placement.parse_order_id(answers), facts=facts, read_at=read_at)
        except AnswerMalformed as error:
            raise OutcomeUnknown("Salesforce did the call but does not say what it made") from error

    async def look(self, command: PlaceOrder, *, timeout_s: float | None = None) -> OrderLook:
        """Why this order was halted; one call."""
        command = structs.replace(command, account_id=account.parse_account_id(command.account_id))
        read_at = datetime.now(UTC)
        answers = await self._client.composite(
            placement.plan_look(command, self._settings),
            all_or_none=False,
            idempotent=True,
            lane=Lane.GATE,
            timeout_s=timeout_s,
        )
        failure = find_failure(answers)
        if failure is not None:
            raise failure
        orders, accounts, offers = (parse_page(answer.body)[0] for answer in answers)
        facts = account.parse_account(accounts[0], self._settings.account_fields) if accounts else None
        if facts and facts.account_id != command.account_id:
            raise AnswerMalformed("the row is another account's")
        return OrderLook(
            order=order.parse_order(orders[0]) if orders else None,
            facts=facts,
            current_entries=frozenset(get_record_id(row, "Id") for row in offers),
            read_at=read_at,
        )

    async def find(
        self, order_id: UUID, *, lane: Lane = Lane.GATE, timeout_s: float | None = None
    ) -> SeenOrder | None:
        """The order that an earlier call placed under this id; one call."""
        rows = await self._client.query(order.format_order_query(order_id), lane=lane, timeout_s=timeout_s)
        return order.parse_order(rows[0]) if rows else None

    async def open_review(self, salesforce_id: str, account_id: str) -> None:
        """Put the document under review onto the order. Repeating it changes nothing; a document that is judged
        meanwhile needs no review, and then nothing is written.
        """
        steps = order_review.plan_review(salesforce_id, account_id, self._settings.account_fields)
        answers = await self._client.composite(steps, all_or_none=False, idempotent=True, lane=Lane.CUSTOMER)
        found, *written = answers
        if found.is_success and not parse_page(found.body)[0]:
            return
        # The link that is there already is refused; what counts is that the order tells of its review.
        failure = find_failure(
            [found, *(answer for answer in written if answer.reference_id != order_review.LINK)]
        )
        if failure is not None:
            raise failure

    async def change_status(
        self, order_id: UUID, *, expected: OrderStatus, to: OrderStatus, reason: str | None
    ) -> StatusChanged | StatusSuperseded:
        """One call that changes only an order which is still as expected; when it is not, one more looks at it."""
        guard = order.format_order_query(order_id, format_soql("Status = {}", expected))
        steps = [
            Subrequest(method="GET", path=f"query?q={quote(guard, safe='')}", reference_id="guard"),
            Subrequest(
                method="PATCH",
                path=f"sobjects/{order.SOBJECT}/@{{guard.records[0].Id}}",
                reference_id="order",
                body={"Status": to, "Portal_Hold_Reason__c": reason},
            ),
        ]
        # Repeating it finds the order changed, so a lost answer costs no question.
        answers = await self._client.composite(steps, idempotent=True, lane=Lane.CUSTOMER)
        failure = find_failure(answers)
        if failure is None:
            return StatusChanged()
        if not isinstance(failure, TransactionHalted | NotFound):
            raise failure
        seen = await self.find(order_id, lane=Lane.CUSTOMER)
        if seen and seen.status == to:
            return StatusChanged()
        return StatusSuperseded(status=seen.status if seen else None)
