"""HTTP in and out of claims: links that staff hand out, and the people who use them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from bff.customers.access import may_claim, may_create
from bff.customers.claiming import Claims
from bff.customers.claims import TOKEN_LENGTH
from bff.customers.controllers import ONE, answers
from bff.customers.overview import PATH
from bff.customers.refusals import (
    AlreadyClaimed,
    ClaimAmbiguous,
    ClaimRefused,
    CustomerDeactivated,
    CustomerExists,
    FieldsMissing,
)
from bff.customers.schemas import CustomerAnswer, Email, PhoneText, Proof
from bff.errors import Forbidden, NotFound
from bff.identity import Caller, CallerKind, requires_customer
from bff.otp import ProofRefused
from bff.phones import PhoneIsOperators, PhoneNotPersonal, PhoneNotValid, parse_phone
from bff.problems import WITH_BODY, problems
from bff.settings import Settings

Token = Annotated[str, Meta(min_length=TOKEN_LENGTH, max_length=TOKEN_LENGTH, pattern=r"^[A-Za-z0-9_-]{64}$")]


class LinkClaim(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="by",
    tag="link",
):
    """By the `token` of a link. `email` names the person for whom a machine claims; people claim for themselves."""

    token: Token
    email: Email | None = None


class CodeClaim(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    tag_field="by",
    tag="code",
):
    """By the `proof` of a code that was sent to the customer's phone for `claim`; for machines, in their own org."""

    phone: PhoneText
    proof: Proof
    email: Email


ClaimInput = LinkClaim | CodeClaim


class JoinInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`org` is the slug of the organisation that the person deals with for the first time."""

    org: Annotated[str, Meta(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9-]*$")]


class ClaimLinkAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The `token` is told this once. `url` is what the person opens."""

    token: str
    url: str
    expires_at: datetime


@post(
    f"{ONE}/claim-link",
    guards=[may_create],
    responses=problems(AlreadyClaimed, CustomerDeactivated, NotFound),
    tags=["customers"],
)
async def make_claim_link(
    customer_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    claims: NamedDependency[Claims],
    settings: NamedDependency[Settings],
) -> ClaimLinkAnswer:
    """A link with which a person makes this customer their own; good for one use within 14 days."""
    link = await claims.make_link(caller, customer_id)
    return ClaimLinkAnswer(
        token=link.token,
        # Behind the sign, where no log, proxy or referrer sees it.
        url=f"{settings.public_url}/account/claim#{link.token}",
        expires_at=link.expires_at.replace(microsecond=0),
    )


@post(
    f"{PATH}/claims",
    status_code=200,
    guards=[may_claim],
    responses={
        **WITH_BODY,
        **problems(
            ClaimAmbiguous,
            ClaimRefused,
            CustomerExists,
            FieldsMissing,
            NotFound,
            PhoneIsOperators,
            PhoneNotPersonal,
            PhoneNotValid,
            ProofRefused,
        ),
    },
    tags=["customers"],
)
async def claim_customer(
    data: JSONBody[ClaimInput], caller: NamedDependency[Caller], claims: NamedDependency[Claims]
) -> CustomerAnswer:
    """Make a customer one's own, by a link or by the code that its phone was sent."""
    if isinstance(data, LinkClaim):
        email = data.email.lower() if data.email else None
        return await claims.claim_by_link(caller, data.token, email=email)
    # Whoever signs in to an org has a customer there; only a machine speaks for people who have none yet.
    if caller.kind is not CallerKind.MACHINE:
        raise Forbidden
    phone = parse_phone(data.phone, caller.region)
    return await claims.claim_by_code(caller, phone=phone, proof=data.proof, email=data.email.lower())


@post(
    f"{PATH}/profiles",
    guards=[requires_customer],
    responses={
        **WITH_BODY,
        **problems(CustomerDeactivated, NotFound),
        **answers(200, "It was there already"),
        201: ResponseSpec(CustomerAnswer, description="Made", generate_examples=False),
    },
    tags=["customers"],
)
async def join_org(
    data: JSONBody[JoinInput], caller: NamedDependency[Caller], claims: NamedDependency[Claims]
) -> Response[Any]:
    """The signed-in person's own profile in another organisation: made at the first dealing with it, and only then."""
    joined = await claims.join(caller, data.org)
    return Response(joined.customer, status_code=201 if joined.is_new else 200)
