"""Shapes that the pages of both facts share, as their templates need them."""

from datetime import datetime

import msgspec

from bff.addresses import Address, format_address
from bff.next_actions import NextAction, NextActionCode, make_next_action
from bff.portal.places import INTERNET, SIM
from bff.texts import N_, Texts

SUPPORT = "#support"
"""The card that every page about a status ends with."""
_UNREACHABLE = N_(
    "We cannot reach our records at the moment. Nothing is lost; this page looks again by itself."
)


class Link(msgspec.Struct, frozen=True):
    path: str
    label: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """`instant` is set for a moment, in the form that machines read."""

    label: str
    text: str
    instant: str = ""
    is_wide: bool = False


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The card with the one status. `quote` are a reviewer's own words, `advice` what to do now."""

    tone: str
    icon: str
    label: str
    headline: str
    explanation: str
    facts: tuple[Fact, ...] = ()
    quote: Fact | None = None
    advice: tuple[str, ...] = ()
    action: Link | None = None
    is_stale: bool = False
    as_of: str = ""
    reference: str = ""


def make_unreachable(label: str, headline: str, path: str, texts: Texts) -> StatusView:
    """While nobody can tell the status; `path` is the page itself, to look again by hand."""
    return StatusView(
        tone="calm",
        icon="warning",
        label=texts.say(label),
        headline=texts.say(headline),
        explanation=texts.say(_UNREACHABLE),
        action=Link(path, texts.say(N_("Try again"))),
    )


class Step(msgspec.Struct, frozen=True):
    """`state` is `done`, `current`, `next` or `failed`."""

    title: str
    text: str
    state: str


def make_moment(label: str, at: datetime, texts: Texts) -> Fact:
    instant = at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return Fact(label=texts.say(label), text=texts.format_moment(at), instant=instant)


def make_steps(words: tuple[tuple[str, str], ...], states: tuple[str, ...], texts: Texts) -> tuple[Step, ...]:
    """`words` are a title and a sentence each, in the source language."""
    return tuple(
        Step(texts.say(title), texts.say(text), state)
        for (title, text), state in zip(words, states, strict=True)
    )


_PLACES = {
    NextActionCode.ADD_ADDRESS: INTERNET,
    NextActionCode.REQUEST_REVIEW: INTERNET,
    NextActionCode.UPLOAD_ID: SIM,
    NextActionCode.RESUBMIT_ID: SIM,
    NextActionCode.CONTACT_SUPPORT: SUPPORT,
}


def find_action_link(action: NextAction) -> Link | None:
    """The page where it can be done; waiting, and nothing to do, need none."""
    place = _PLACES.get(action.code)
    return Link(place, action.label) if place else None


def format_place(address: Address, texts: Texts) -> str:
    """Several lines, the last with the country's name."""
    *place, country = format_address(address).split("\n")
    return "\n".join([*place, texts.name_country(country)])


def find_support_link(action: NextActionCode, texts: Texts) -> Link | None:
    """Every other action is a form of the page itself, or waiting, which needs no button."""
    if action is not NextActionCode.CONTACT_SUPPORT:
        return None
    return Link(SUPPORT, make_next_action(action, texts).label)
