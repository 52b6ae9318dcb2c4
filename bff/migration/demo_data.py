"""What an older portal could have left, for demonstrations and tests: customers with accounts, and their documents."""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from PIL import Image, ImageDraw
from sqlalchemy import text

from bff.adapters import Adapters
from sf_sync.client import Lane
from sf_sync.document_transfers import cut

INSERT_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, kind, first_name, last_name, account_id)"
    " VALUES (:org, :id, 'full', 'Demo', :name, :account)"
)
INSERT_ROW = text(
    "INSERT INTO residence_card_submissions (org_id, id, customer_id, file_name, content_type, content, status,"
    " reviewer_note, rejection_message, submitted_at, reviewed_at, updated_at) VALUES (:org, :id, :customer, :name,"
    " :type, :content, :status, :note, :message, :submitted_at, :reviewed_at, :updated_at)"
)
SECOND_ROWS = 0.05
"""Share of rows that are a customer's second document."""
_STATUSES = ("pending", "verified", "rejected")
_WEIGHTS = (3, 6, 1)
_ROW_FAULTS = ("empty", "damaged", "status", "customer", "account")
_MESSAGES = ("The card has expired.", "The picture is blurry.", "A corner of the card is not visible.")


async def load(
    adapters: Adapters,
    org_id: UUID,
    *,
    rows: int,
    faults: int = 0,
    seed: int = 7,
    pictures: Sequence[bytes] = (),
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """`faults` of the rows cannot be moved, of each kind as many. Accounts are made in Salesforce, 200 in a call.

    `pictures` are JPEGs to choose from instead of our own small ones.
    """
    dice = random.Random(seed)  # noqa: S311 - demonstration data
    pictures = pictures or make_pictures()
    faulty = dict(zip(dice.sample(range(rows), faults), _take_turns(_ROW_FAULTS), strict=False))
    number = 0
    for part in cut(range(rows), 200):
        seconds = [place for place in part if number and dice.random() < SECOND_ROWS and place not in faulty]
        firsts = [place for place in part if place not in seconds]
        accounts = await make_accounts(adapters, len(firsts), start=number)
        customers = [
            _make_customer(org_id, account, faulty.get(place))
            for place, account in zip(firsts, accounts, strict=True)
        ]
        made = [
            make_row(org_id, customer["id"], dice.choice(pictures), dice, faulty.get(place))
            for place, customer in zip(firsts, customers, strict=True)
        ]
        sound = [row for row, place in zip(made, firsts, strict=True) if place not in faulty]
        made += [
            make_row(org_id, again["customer"], dice.choice(pictures), dice, None)
            for again in sound[: len(seconds)]
        ]
        await _insert(adapters, org_id, [each for each in customers if each["id"]], made)
        number += len(part)
        tell(number)


async def make_accounts(adapters: Adapters, count: int, *, start: int = 0) -> list[str]:
    """Their ids, as Salesforce made them."""
    ids: list[str] = []
    for part in cut(range(start, start + count), 200):
        records = [{"attributes": {"type": "Account"}, "Name": f"Demo {number:05d}"} for number in part]
        answer = await adapters.client.request(
            "POST",
            "composite/sobjects",
            json={"records": records, "allOrNone": True},
            lane=Lane.BACKGROUND,
            idempotent=False,
            timeout_s=30,
        )
        ids += [result["id"] for result in answer.body]
    return ids


def make_pictures() -> list[bytes]:
    """Small, so that a demonstration is quick, and not all of one size."""
    pictures = []
    for shade in range(6):
        image = Image.new("RGB", (240 + 60 * shade, 160 + 40 * shade), (235 - shade, 235, 230))
        draw = ImageDraw.Draw(image)
        for line in range(8):
            draw.text((10, 8 + line * 16), f"DEMO CARD {shade} LINE {line}", fill=(30, 30, 30))
        out = io.BytesIO()
        image.save(out, "JPEG")
        pictures.append(out.getvalue())
    return pictures


def make_unique(picture: bytes, mark: bytes) -> bytes:
    """The same picture with a comment of its own (ITU-T T.81, segment COM), so that no two digests are alike."""
    return picture[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark + picture[2:]


def make_row(
    org_id: UUID, customer_id: UUID, picture: bytes, dice: random.Random, fault: str | None
) -> dict[str, Any]:
    row_id, status = uuid4(), dice.choices(_STATUSES, _WEIGHTS)[0]
    submitted_at = datetime.now(UTC) - timedelta(minutes=dice.randint(60, 500_000))
    reviewed_at = submitted_at + timedelta(minutes=dice.randint(1, 50)) if status != "pending" else None
    content = make_unique(picture, row_id.bytes)
    return {
        "org": org_id,
        "id": row_id,
        "customer": customer_id or uuid4(),
        "name": f"residence-card-{dice.randint(1, 99)}.jpg",
        "type": "image/jpeg",
        "content": {"empty": b"", "damaged": content[:900]}.get(fault or "", content),
        "status": "maybe" if fault == "status" else status,
        "note": "Checked against the register." if status == "verified" else None,
        "message": dice.choice(_MESSAGES) if status == "rejected" else None,
        "submitted_at": submitted_at,
        "reviewed_at": reviewed_at,
        "updated_at": reviewed_at or submitted_at,
    }


def _make_customer(org_id: UUID, account_id: str, fault: str | None) -> dict[str, Any]:
    return {
        "org": org_id,
        "id": None if fault == "customer" else uuid4(),
        "name": account_id[-8:],
        "account": None if fault == "account" else account_id,
    }


async def _insert(
    adapters: Adapters, org_id: UUID, customers: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]
) -> None:
    async with adapters.database.transaction(org_id) as session:
        await session.execute(INSERT_CUSTOMER, list(customers))
        await session.execute(INSERT_ROW, list(rows))


def _take_turns(kinds: Sequence[str]) -> Iterator[str]:
    while True:
        yield from kinds
