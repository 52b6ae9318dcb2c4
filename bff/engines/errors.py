"""What can go wrong while an engine starts, each as one sentence that tells a person what to do."""


class EngineError(Exception):
    """An engine could not be found or started. The text is one sentence fit for a terminal."""
