def N_(text: str) -> str:  # noqa: N802 – the name that gettext extractors look for
    """Marks a sentence for the catalogues where it is declared; it is translated where it is shown."""
    return text
