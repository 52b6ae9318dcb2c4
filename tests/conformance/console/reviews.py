"""Makes customers that wait for a review."""

from sf_sync.emulator.store import Org

USER_ID = "005Dp0000000002IAA"
ADDRESS = "Sakura Heights 302\n1-2-3 Jingumae\nTokyo"


def open_review(org: Org, name: str, *, notes: str = "", address: str = ADDRESS) -> str:
    """The id of the Case that a new customer's request has opened."""
    record_type = next(org.select("RecordType", lambda row: row["DeveloperName"] == "Internet_Eligibility"))
    with org.transaction(user_id=USER_ID) as transaction:
        account_id = transaction.insert("Account", {"Name": name})
        case = {
            "AccountId": account_id,
            "RecordTypeId": record_type["Id"],
            "Portal_Service_Address__c": address,
            "Portal_Product_Sku__c": "NET-HOME-1G",
            "Portal_Notes__c": notes,
        }
        case_id = transaction.insert("Case", case)
        pending = {"Internet_Eligibility_Status__c": "Pending", "Internet_Eligibility_Case_Id__c": case_id}
        transaction.update("Account", account_id, pending)
    return case_id


def get_account(org: Org, case_id: str) -> dict[str, object]:
    """The Account that a Case is about."""
    return org.get("Account", org.get("Case", case_id)["AccountId"])
