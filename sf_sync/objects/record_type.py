"""RecordType: its id differs from org to org, so it is looked up by its developer name."""

from collections.abc import Sequence
from typing import Any

from simple_salesforce.format import format_soql

from sf_sync.errors import SalesforceMisconfigured
from sf_sync.objects.values import get_record_id

KEY_PREFIX = "012"


def format_record_type_query(sobject: str, developer_name: str) -> str:
    return format_soql(
        "SELECT Id FROM RecordType WHERE SobjectType = {} AND DeveloperName = {} AND IsActive = true",
        sobject,
        developer_name,
    )


def parse_record_type_id(rows: Sequence[dict[str, Any]], *, name: str) -> str:
    """Raises SalesforceMisconfigured when the org has no such active record type, AnswerMalformed."""
    if not rows:
        raise SalesforceMisconfigured(f"the org has no active record type {name} that this user may use")
    return get_record_id(rows[0], "Id", prefix=KEY_PREFIX)
