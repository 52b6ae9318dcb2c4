"""What an inspection can say: a refusal with a stable code, or an accepted document with notes on its quality."""

from enum import StrEnum

import msgspec


class RefusalCode(StrEnum):
    """Why a document is not taken. The values are part of the HTTP contract."""

    EMPTY = "document_empty"
    TOO_LARGE = "document_too_large"
    TYPE = "document_type_not_accepted"
    MISMATCH = "document_type_mismatch"
    DAMAGED = "document_damaged"
    TOO_MANY_PIXELS = "document_too_many_pixels"
    TOO_MANY_PAGES = "document_too_many_pages"
    ACTIVE_CONTENT = "document_active_content"
    ENCRYPTED = "document_encrypted"
    TOO_COMPLEX = "document_too_complex"


class Quality(StrEnum):
    """What reviewers reject most, told to the customer before they do."""

    SMALL = "too_small"
    DARK = "too_dark"
    BLURRY = "too_blurry"


class DocumentRefused(Exception):
    """The bytes are no document that we take. Carries no part of the document."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code.value)
        self.code = code


class Kind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"
    PDF = "pdf"


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an accepted document; `kind` is what it is now (HEIC becomes JPEG)."""

    kind: Kind
    quality: tuple[Quality, ...]


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted document: `content` is what may be stored."""

    kind: Kind
    content: bytes
    quality: tuple[Quality, ...]
