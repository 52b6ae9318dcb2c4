"""The demo organisations, customers and staff of a development portal.

May import `bff.db`, `bff.settings` and `sf_sync`. Their Salesforce side is the emulator's own seed; here is only the
portal's, linked to it by the external id that both sides derive from the e-mail address.
"""
