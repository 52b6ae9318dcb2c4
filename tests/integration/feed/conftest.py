from tests.integration.feed.fixtures import engine, rig

__all__ = ["engine", "rig"]
