"""One line of the performance table."""

from typing import NamedTuple


class Row(NamedTuple):
    what: str
    value: str
    remark: str
