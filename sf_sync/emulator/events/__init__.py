"""The change event log: what every commit of the org becomes on the bus, kept for 72 hours and read by position.

Imports the org's commits and schemas, the Avro package and the wire contract; knows nothing of streams.
"""
