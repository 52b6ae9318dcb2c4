"""Makes the scene known to the tests of features."""

from tests.integration.bff.scene import scene

__all__ = ["scene"]
