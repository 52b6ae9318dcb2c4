"""Every object that the emulated org has. A new object is a module beside this one and a line here."""

from sf_sync.emulator.schema.account import ACCOUNT
from sf_sync.emulator.schema.case import CASE
from sf_sync.emulator.schema.contact import CONTACT
from sf_sync.emulator.schema.files import CONTENT_DOCUMENT, CONTENT_DOCUMENT_LINK, CONTENT_VERSION
from sf_sync.emulator.schema.model import EntitySchema
from sf_sync.emulator.schema.order import ORDER, ORDER_ITEM
from sf_sync.emulator.schema.platform import ORGANIZATION, RECORD_TYPE, USER
from sf_sync.emulator.schema.products import PRICEBOOK2, PRICEBOOK_ENTRY, PRODUCT2

ENTITIES: dict[str, EntitySchema] = {
    entity.name: entity
    for entity in (
        ORGANIZATION,
        USER,
        RECORD_TYPE,
        ACCOUNT,
        CONTACT,
        CASE,
        PRODUCT2,
        PRICEBOOK2,
        PRICEBOOK_ENTRY,
        ORDER,
        ORDER_ITEM,
        CONTENT_VERSION,
        CONTENT_DOCUMENT,
        CONTENT_DOCUMENT_LINK,
    )
}
