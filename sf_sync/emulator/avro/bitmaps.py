"""How a change event names fields: by position in the Avro record, packed into hexadecimal strings."""

from collections.abc import Collection, Iterable, Mapping


def format_bitmap(positions: Iterable[int]) -> str:
    """Packs positions into `0xHEX`: read as one big-endian integer, bit i stands for the field at position i.

    Upper-case digits and whole bytes, leading zero bytes trimmed; clients in the field parse only this form.
    """
    number = 0
    for position in positions:
        number |= 1 << position
    size = (number.bit_length() + 7) // 8
    return "0x" + number.to_bytes(size, "big").hex().upper()


def format_bitmaps(top: Collection[int], nested: Mapping[int, Collection[int]]) -> list[str]:
    """The header's list: one element for top-level fields, then `<position>-0xHEX` for each compound field.

    Where only parts of compound fields are named there is no top-level element at all.
    """
    first = [format_bitmap(top)] if top else []
    parts = [f"{index}-{format_bitmap(nested[index])}" for index in sorted(nested) if nested[index]]
    return first + parts
