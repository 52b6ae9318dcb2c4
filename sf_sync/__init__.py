"""Everything that knows Salesforce: client, objects, feed, emulator.

May import `cache`; never `bff`.
"""
