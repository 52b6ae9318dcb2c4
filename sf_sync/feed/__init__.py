"""The feed: hears of Salesforce changes and makes the cache forget them.

One process leads, others stand by. Events only invalidate; the position is saved after the effect; polling takes
over while the stream is away. May import `sf_sync` (client, objects, view, Pub/Sub stubs) and `cache`, never `bff`.
"""
