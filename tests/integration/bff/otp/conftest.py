"""Makes the desk known to the tests of codes."""

from tests.integration.bff.otp.scenery import desk

__all__ = ["desk"]
