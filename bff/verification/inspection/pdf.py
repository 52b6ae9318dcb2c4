"""PDF: parsed, never searched as text, because names may be written `/J#61vaScript` or hide in object streams.

Runs in the child process only. A document that acts (scripts, actions, embedded files, forms with XFA, rich
media) or is encrypted is refused rather than cleaned: a residence card never needs any of it. What is accepted
is written anew by the library, so bytes before the header and after the end are gone. Links and bookmarks, which
apps for scanning add, are left out: a reviewer shall not be led elsewhere.
"""

import io

import pikepdf
from pikepdf.settings import set_qpdf_limits

from bff.verification.inspection.findings import DocumentRefused, Inspected, Kind, RefusalCode
from bff.verification.inspection.headers import MAX_PIXELS

MAX_PAGES = 20
MAX_OBJECTS = 5_000
MAX_OBJECT_STREAM_BYTES = 4 * 1024 * 1024
MAX_STREAM_BYTES = 8 * 1024 * 1024
_PACKED = frozenset({"/FlateDecode", "/Fl", "/RunLengthDecode", "/RL"})
# The library bounds what these unpack to. LZW it does not, and nobody has written that for decades.
_UNBOUNDED = frozenset({"/LZWDecode", "/LZW"})

_ACTIVE_NAMES = frozenset(
    {
        "/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/XFA", "/RichMedia",
        "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound", "/3D",
    }
)  # fmt: skip


def inspect_pdf(content: bytes) -> Inspected:
    """Parse, look at every object, and write anew.

    Raises DocumentRefused: DAMAGED, ENCRYPTED, TOO_MANY_PAGES (20), TOO_COMPLEX (5,000 objects, a stream that unpacks
    to more than 8 MiB, a packed list of objects to more than 4), TOO_MANY_PIXELS (40 megapixels) or ACTIVE_CONTENT.
    """
    _bound_streams(MAX_OBJECT_STREAM_BYTES)
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            _check(pdf)
            return Inspected(kind=Kind.PDF, content=_write(pdf), quality=())
    except pikepdf.DataDecodingError as error:
        raise DocumentRefused(RefusalCode.TOO_COMPLEX) from error
    except pikepdf.PasswordError as error:
        raise DocumentRefused(RefusalCode.ENCRYPTED) from error
    except (
        pikepdf.PdfError,
        ValueError,
        RuntimeError,
        RecursionError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise DocumentRefused(RefusalCode.DAMAGED) from error


def _bound_streams(limit: int) -> None:
    """For the whole process, which is why documents are inspected in one of their own."""
    set_qpdf_limits(
        flate_max_memory=limit, run_length_max_memory=limit, png_max_memory=limit, tiff_max_memory=limit
    )


def _check(pdf: pikepdf.Pdf) -> None:
    if pdf.is_encrypted:
        raise DocumentRefused(RefusalCode.ENCRYPTED)
    if len(pdf.objects) > MAX_OBJECTS:
        raise DocumentRefused(RefusalCode.TOO_COMPLEX)
    if not pdf.pages:
        raise DocumentRefused(RefusalCode.DAMAGED)
    if len(pdf.pages) > MAX_PAGES:
        raise DocumentRefused(RefusalCode.TOO_MANY_PAGES)
    for found in pdf.objects:
        _check_object(found)
    _bound_streams(MAX_STREAM_BYTES)
    for found in pdf.objects:
        if isinstance(found, pikepdf.Stream):
            _check_stream(found)
    # The library mends what it can. A document that needed mending was cut on its way, and may have lost pages.
    if pdf.get_warnings():
        raise DocumentRefused(RefusalCode.DAMAGED)


def _check_stream(stream: pikepdf.Stream) -> None:
    """A small file must not become a large one in the reviewer's viewer. Pictures say how large they are."""
    if stream.get("/Subtype") == "/Image":
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MAX_PIXELS:
            raise DocumentRefused(RefusalCode.TOO_MANY_PIXELS)
        return
    filters = _list_filters(stream)
    if filters & _UNBOUNDED:
        raise DocumentRefused(RefusalCode.TOO_COMPLEX)
    if filters & _PACKED:
        stream.read_bytes()


def _list_filters(stream: pikepdf.Stream) -> set[str]:
    filters = stream.get("/Filter", pikepdf.Array())
    return {str(one) for one in (filters if isinstance(filters, pikepdf.Array) else [filters])}


def _check_object(found: pikepdf.Object) -> None:
    """Walk direct values too: an action may be written inline, without an object number of its own."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, pikepdf.Array):
            waiting.extend(item for item in value if _is_direct_container(item))
        elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            _check_names(value)
            waiting.extend(item for _, item in value.items() if _is_direct_container(item))


def _is_direct_container(value: object) -> bool:
    is_container = isinstance(value, (pikepdf.Array, pikepdf.Dictionary))
    return is_container and not getattr(value, "is_indirect", False)


def _check_names(value: pikepdf.Dictionary | pikepdf.Stream) -> None:
    names = {str(key) for key in value.keys()}  # noqa: SIM118 - a stream has keys() but is not iterable by key
    if isinstance(value.get("/OpenAction"), pikepdf.Array):
        # The page to open at, which office programs write; it does nothing (ISO 32000-1, 12.3.2).
        names.discard("/OpenAction")
    acts = {
        str(value.get(key)) for key in ("/S", "/Type", "/Subtype") if isinstance(value.get(key), pikepdf.Name)
    }
    if (names | acts) & _ACTIVE_NAMES:
        raise DocumentRefused(RefusalCode.ACTIVE_CONTENT)


def _write(pdf: pikepdf.Pdf) -> bytes:
    _leave_out_links(pdf)
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata.clear()
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    out = io.BytesIO()
    pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def _leave_out_links(pdf: pikepdf.Pdf) -> None:
    for name in ("/OpenAction", "/Outlines"):
        if name in pdf.Root:
            del pdf.Root[name]
    for page in pdf.pages:
        if "/Annots" in page:
            kept = [note for note in page["/Annots"] if note.get("/Subtype") != "/Link"]
            page["/Annots"] = pikepdf.Array(kept)
