"""The identity documents of the demo customers: drawn here, so that nothing in the product shows a person."""

import io
from datetime import datetime
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

from PIL import Image, ImageDraw, ImageFont

from sf_sync.emulator.id_verification import DOCUMENT, REVIEWED_VERSION, STATUS, SUBMITTED_VERSION, VERDICTS
from sf_sync.emulator.transaction import Transaction
from sf_sync.emulator.wire_time import format_instant

FILE_NAME = "id-document.jpg"
_SIZE = (1012, 638)
_PAPER, _INK, _FAINT, _BAND, _STAMP = "#eef3f7", "#22303c", "#9aa9b5", "#2f5d7c", "#c0392b"


def get_upload_key(email: str) -> UUID:
    """The Portal_Upload_Id__c of a demo customer's document."""
    return uuid5(NAMESPACE_URL, f"portal-bff:upload:{email}")


def seed_document(
    transaction: Transaction,
    account_id: str,
    *,
    name: str,
    email: str,
    asked_at: datetime,
    blurry: bool = False,
) -> None:
    """Put a document on the account as its status says: under review, or decided on."""
    version = {
        "PathOnClient": FILE_NAME,
        "Title": "Identity document",
        "VersionData": draw_card(name, blurry=blurry),
        "Portal_Upload_Id__c": str(get_upload_key(email)),
        "FirstPublishLocationId": account_id,
        "CreatedDate": format_instant(asked_at.replace(microsecond=0)),
    }
    version_id = transaction.insert("ContentVersion", version, as_system=True)
    transaction.run_automation()
    document_id = transaction.get("ContentVersion", version_id)["ContentDocumentId"]
    change = {DOCUMENT: document_id, SUBMITTED_VERSION: version_id}
    if transaction.get("Account", account_id)[STATUS] in VERDICTS:
        change[REVIEWED_VERSION] = version_id
    transaction.update("Account", account_id, change)


@lru_cache
def draw_card(name: str, *, blurry: bool = False) -> bytes:
    """A JPEG of a card that nobody can take for a real one."""
    card = _draw_blank().copy()
    draw = ImageDraw.Draw(card)
    rows = (("NAME", name.upper()), ("NUMBER", "XX 00000000 XX"), ("VALID UNTIL", "2099-12-31"))
    for row, (label, value) in enumerate(rows):
        top = 165 + row * 120
        draw.text((360, top), label, fill=_FAINT, font=_font(24))
        draw.text((360, top + 32), value, fill=_INK, font=_font(44))
    if blurry:
        card = card.resize((76, 48), Image.Resampling.BOX).resize(_SIZE, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    card.save(out, "JPEG", quality=80)
    return out.getvalue()


@lru_cache
def _draw_blank() -> Image.Image:
    card = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, _SIZE[0], 110), fill=_BAND)
    draw.text((44, 30), "RESIDENCE CARD", fill=_PAPER, font=_font(46))
    draw.rounded_rectangle((44, 165, 304, 505), 18, fill="#d5dee6")
    draw.ellipse((119, 215, 229, 335), fill=_FAINT)
    draw.pieslice((84, 355, 264, 655), 180, 360, fill=_FAINT)
    card.paste(_STAMP, mask=_draw_stamp())
    return card


def _draw_stamp() -> Image.Image:
    mask = Image.new("L", _SIZE)
    centre = (_SIZE[0] // 2, _SIZE[1] // 2)
    ImageDraw.Draw(mask).text(centre, "SAMPLE", fill=120, font=_font(210), anchor="mm")
    return mask.rotate(18, resample=Image.Resampling.BILINEAR)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
