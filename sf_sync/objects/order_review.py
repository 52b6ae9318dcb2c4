"""The composite that makes an order the place where the customer's document is reviewed: one call.

Steps, each on its own and not collated:

1. `account`  query that finds the account with its document only while that is under review;
2. `link`     the document on the order (it stays on the account); refused as a duplicate when repeated;
3. `review`   the order's review is pending, about the version submitted last.

What the reviewer decides on the order, the org's automation rolls up to the account.
"""

from urllib.parse import quote

from simple_salesforce.format import format_soql

from sf_sync.client.wire import Subrequest
from sf_sync.objects import order
from sf_sync.objects.account_verification import SUBMITTED
from sf_sync.settings import AccountFieldNames

ACCOUNT = "account"
LINK = "link"
REVIEW = "review"
SHARE_TYPE_VIEWER = "V"


def plan_review(salesforce_id: str, account_id: str, names: AccountFieldNames) -> list[Subrequest]:
    document, version = names.verification_document_id, names.verification_submitted_version_id
    status = names.verification_status + format_soql(" = {}", SUBMITTED)
    where = format_soql("Id = {} AND {:literal} AND {:literal} != null", account_id, status, document)
    soql = format_soql(
        "SELECT Id, {:literal}, {:literal} FROM Account WHERE {:literal}", document, version, where
    )
    return [
        Subrequest(method="GET", path=f"query?q={quote(soql, safe='')}", reference_id=ACCOUNT),
        Subrequest(
            method="POST",
            path="sobjects/ContentDocumentLink",
            reference_id=LINK,
            body={
                "ContentDocumentId": f"@{{{ACCOUNT}.records[0].{document}}}",
                "LinkedEntityId": salesforce_id,
                "ShareType": SHARE_TYPE_VIEWER,
            },
        ),
        Subrequest(
            method="PATCH",
            path=f"sobjects/{order.SOBJECT}/{salesforce_id}",
            reference_id=REVIEW,
            body={
                "Id_Review_Status__c": "Pending",
                "Id_Review_Version_Id__c": f"@{{{ACCOUNT}.records[0].{version}}}",
            },
        ),
    ]
