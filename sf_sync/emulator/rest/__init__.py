"""The REST side of the emulator: OAuth, `/services/data`, and the control plane, on plain ASGI.

May import everything of the emulator but the stream, the console and the automation.
"""
