"""One module for each Salesforce object: field names, picklist values, parsing and request bodies.

Nothing outside names a Salesforce field. May import `sf_sync.ids`, `.errors` and `.settings` and the wire
types of `sf_sync.client`; makes no call.
"""
