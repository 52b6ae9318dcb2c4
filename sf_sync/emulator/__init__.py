"""The local Salesforce: an org in memory that speaks OAuth, REST and the Pub/Sub API, strict where Salesforce
is strict.

It is a product of its own beside the client and the feed: it may import `sf_sync.ids` and `sf_sync.pubsub`
(the wire contract), and nothing else of `sf_sync`.
"""
