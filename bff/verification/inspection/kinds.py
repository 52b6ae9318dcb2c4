"""Which kind of document a name and the first bytes claim to be.

Name and bytes must agree, and later the full decode must agree too (OWASP ASVS 5.2.2). The client's Content-
Type is not asked: anybody can write it.
"""

from bff.verification.inspection.findings import DocumentRefused, Kind, RefusalCode

HEAD_BYTES = 64

_BY_EXTENSION = {
    "jpg": Kind.JPEG, "jpeg": Kind.JPEG, "png": Kind.PNG, "heic": Kind.HEIC, "heif": Kind.HEIC, "pdf": Kind.PDF,
}  # fmt: skip
# Brands of still HEIC images (ISO/IEC 23008-12). `ftyp` alone is not enough: MOV and AVIF begin with it too.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
_NOT_HEIC_BRANDS = {b"avif", b"avis", b"qt  "}
_FTYP_BOX_LIMIT = 1024


def read_kind(name: str, head: bytes) -> Kind:
    """The kind on which the file name's extension and the magic bytes agree; `head` is the first 64 bytes or all.

    Raises DocumentRefused: EMPTY, TYPE (not one of ours) or MISMATCH (the two disagree).
    """
    if not head:
        raise DocumentRefused(RefusalCode.EMPTY)
    claimed = _BY_EXTENSION.get(name.rpartition(".")[2].casefold())
    found = _sniff(head)
    if claimed is None or found is None:
        raise DocumentRefused(RefusalCode.TYPE)
    if claimed is not found:
        raise DocumentRefused(RefusalCode.MISMATCH)
    return claimed


def _sniff(head: bytes) -> Kind | None:
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    return Kind.HEIC if _is_heic(head) else None


def _is_heic(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or not 16 <= size <= _FTYP_BOX_LIMIT:
        return False
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))}
    return (
        bool(brands & _HEIC_BRANDS) and head[8:12] not in _NOT_HEIC_BRANDS and not brands & {b"avif", b"avis"}
    )
