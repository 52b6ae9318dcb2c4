"""The composite that gives a customer an Account and a Contact: one call, all or nothing.

Steps: `account` upserts by the external id that the portal gave, so that no repetition makes a second one; `contact`
stands below it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from msgspec import Struct

from sf_sync.client.wire import SubAnswer, Subrequest, escape_references
from sf_sync.errors import AnswerMalformed
from sf_sync.ids import is_record_id
from sf_sync.objects.customer_link import ACCOUNT_PREFIX, CONTACT_PREFIX, CUSTOMER_ID, CustomerLink

ACCOUNT, CONTACT = "account", "contact"
_LONGEST = {"Name": 255, "FirstName": 40, "LastName": 80, "Email": 80}


class CreateAccount(Struct, frozen=True, kw_only=True):
    """Whom the Account is for; `phone` in E.164."""

    customer_id: UUID
    first_name: str | None
    last_name: str
    phone: str | None
    email: str | None


def plan_account(command: CreateAccount) -> list[Subrequest]:
    name = " ".join(part for part in (command.first_name, command.last_name) if part)
    key = quote(str(command.customer_id), safe="")
    contact = {
        "AccountId": f"@{{{ACCOUNT}.id}}",
        "MobilePhone": command.phone,
        **_fit({"FirstName": command.first_name, "LastName": command.last_name, "Email": command.email}),
    }
    return [
        Subrequest(
            method="PATCH",
            path=f"sobjects/Account/{CUSTOMER_ID}/{key}",
            reference_id=ACCOUNT,
            body={**_fit({"Name": name}), "Phone": command.phone},
        ),
        Subrequest(method="POST", path="sobjects/Contact", reference_id=CONTACT, body=contact),
    ]


def parse_account(answers: Sequence[SubAnswer]) -> CustomerLink:
    """Raises AnswerMalformed."""
    account, contact = answers
    return CustomerLink(
        account_id=_get_id(account, ACCOUNT_PREFIX), contact_id=_get_id(contact, CONTACT_PREFIX)
    )


def _get_id(answer: SubAnswer, prefix: str) -> str:
    body = answer.body if isinstance(answer.body, dict) else {}
    record_id = body.get("id")
    if not isinstance(record_id, str) or not is_record_id(record_id, prefix=prefix):
        raise AnswerMalformed(f"the answer to {answer.reference_id} names no such record")
    return record_id


def _fit(values: Mapping[str, str | None]) -> dict[str, Any]:
    """What is longer than Salesforce's field is cut; an e-mail address would be another one then, and is left out."""
    fitting: dict[str, Any] = {}
    for name, value in values.items():
        text = escape_references(value) if value else None
        if text and len(text) > _LONGEST[name]:
            text = None if name == "Email" else text[: _LONGEST[name]]
        fitting[name] = text
    return fitting
