"""Change events as Avro: the schema of each object's events, their payload, and the bitmaps of the header.

Follows the event schema captured from the platform: header first, nullable unions, doc texts, no logical
types. Imports the object descriptions of the emulator and fastavro.
"""
