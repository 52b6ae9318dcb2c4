"""SOQL over the emulated org: text to tokens to a frozen tree to rows.

May import the emulator's store, schema, refusals and wire times.
"""
