"""Customers: one org's view of a person, from a guest at the till to a full profile that a user has claimed.

May import `bff.phones`, `bff.addresses`, `bff.otp`, `bff.deliveries`, `bff.identity`, `bff.audit` and what lies below;
no other feature. `bff.customers.search` finds customers by phone, name, e-mail and number.
"""
