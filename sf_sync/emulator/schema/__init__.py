"""The objects of the emulated org, one module each, with their fields in the order of the change events.

May import the emulator's refusals and wire times; nothing that holds records.
"""
