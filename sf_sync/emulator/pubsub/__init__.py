"""The gRPC side of the emulator: the Pub/Sub API over the org's event log, with the switches that break it.

Imports the event log, the sessions, the faults and the wire contract.
"""
