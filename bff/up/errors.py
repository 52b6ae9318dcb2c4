"""Why `bff up` gave up. The text is for a terminal and says what to do."""


class UpError(Exception):
    """`bff up` can't start or go on."""
