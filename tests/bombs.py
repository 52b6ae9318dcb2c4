"""Documents that are small on the wire and enormous when opened, or enormously much work."""

from collections.abc import Callable

import pikepdf
from PIL import Image

from bff.verification.inspection.findings import RefusalCode
from tests import documents as made

MEGA = 1024 * 1024
PIXELS, COMPLEX = RefusalCode.TOO_MANY_PIXELS, RefusalCode.TOO_COMPLEX

BOMBS: dict[str, tuple[str, Callable[[], bytes], RefusalCode]] = {
    "png of 144 megapixels": ("a.png", lambda: made.make_png_header(12_000, 12_000), PIXELS),
    "png of two gigapixels a side": ("a.png", lambda: made.make_png_header(2_000_000_000, 2), PIXELS),
    "black and white png that is really so large": (
        "a.png", lambda: made.write(Image.new("1", (12_000, 12_000)), "PNG"), PIXELS,
    ),
    "jpeg of four gigapixels": ("a.jpg", lambda: made.make_jpeg_header(65_000, 65_000), PIXELS),
    "heic of sixteen gigapixels": ("a.heic", lambda: made.make_heic_header(128_000, 128_000), PIXELS),
    "pdf with a page of 64 megabytes": ("a.pdf", lambda: made.make_pdf_with_stream(bytes(64 * MEGA)), COMPLEX),
    "pdf with a page packed twice": ("a.pdf", lambda: made.make_pdf_with_stream(bytes(64 * MEGA), filters=2), COMPLEX),
    "pdf with a picture of 10 gigapixels": (
        "a.pdf",
        lambda: made.make_pdf_with_stream(b"x", Subtype=pikepdf.Name.Image, Width=100_000, Height=100_000),
        PIXELS,
    ),
    "pdf with 64 megabytes of packed objects": (
        "a.pdf", lambda: made.make_pdf_of_packed_objects(64 * MEGA), COMPLEX,
    ),
}  # fmt: skip
