"""Which files a browser may show in the console, told by how they begin."""

_SHOWN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}


def find_media_type(content: bytes) -> str | None:
    """None for what is better saved than shown."""
    return next((media_type for start, media_type in _SHOWN.items() if content.startswith(start)), None)


def format_size(size: int) -> str:
    """`812 B`, `34 KB`, `2.5 MB`."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{round(size / 1024)} KB"
    return f"{size / 1024 / 1024:.1f} MB"
