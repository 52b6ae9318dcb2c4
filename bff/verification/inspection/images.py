"""Images: caps before decoding, a full decode, and a new file made from the pixels alone.

Runs in the child process only. Rebuilding removes what a reviewer does not need and a customer did not mean to
send: EXIF with position, comments, profiles, previews, and anything appended behind the picture (ASVS 14.2.8;
polyglots).
"""

import io
import warnings

from PIL import Image, ImageFilter, ImageOps, ImageStat
from pillow_heif import register_heif_opener

from bff.verification.inspection.findings import DocumentRefused, Inspected, Kind, Quality, RefusalCode

MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000
JPEG_QUALITIES = (90, 80, 65)
"""Tried in this order until the picture fits; text on a card stays sharp at all of them."""
MAX_STORED_BYTES = 10 * 1024 * 1024
MIN_LONG_SIDE = 800
MIN_LUMINANCE = 45
MIN_SHARPNESS = 6.0
_SHARPNESS_SIDE = 800

_FORMATS = {Kind.JPEG: ("JPEG",), Kind.PNG: ("PNG",), Kind.HEIC: ("HEIF",)}
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)

register_heif_opener(thumbnails=False)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def inspect_image(kind: Kind, content: bytes) -> Inspected:
    """Decode fully and rebuild. JPEG and HEIC leave as JPEG, PNG as PNG.

    Raises DocumentRefused: DAMAGED, TOO_MANY_PIXELS (over 40 megapixels or 16,000 pixels a side, read from the
    header), or TOO_LARGE (over 10 MiB however it is written).
    """
    try:
        pixels = _read_pixels(kind, content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DocumentRefused(RefusalCode.TOO_MANY_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, IndexError, TypeError) as error:
        raise DocumentRefused(RefusalCode.DAMAGED) from error
    stored, content = _write(kind, pixels)
    return Inspected(kind=stored, content=content, quality=assess_quality(pixels))


def _read_pixels(kind: Kind, content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=_FORMATS[kind]) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise DocumentRefused(RefusalCode.TOO_MANY_PIXELS)
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        # A fresh image shares no `info` with the file, so no comment, profile or text chunk can follow it.
        clean = Image.new("RGB", upright.size, "white")
        clean.paste(upright if upright.mode == "RGB" else _flatten(upright))
        return clean


def _flatten(image: Image.Image) -> Image.Image:
    """Transparency becomes white paper, not black."""
    if image.mode == "I;16":
        # The library would take all but the darkest of the 65,536 shades for white; the upper byte is the shade.
        return Image.frombytes("L", image.size, image.tobytes()[1::2]).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    paper = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(paper, layers).convert("RGB")


def _write(kind: Kind, pixels: Image.Image) -> tuple[Kind, bytes]:
    if kind is Kind.PNG:
        out = io.BytesIO()
        pixels.save(out, "PNG")
        # A photograph as PNG may grow when it is written anew; as JPEG it fits and loses nothing a reviewer needs.
        if out.tell() <= MAX_STORED_BYTES:
            return Kind.PNG, out.getvalue()
    return Kind.JPEG, write_jpeg(pixels, MAX_STORED_BYTES)


def write_jpeg(pixels: Image.Image, most_bytes: int) -> bytes:
    """Raises DocumentRefused TOO_LARGE."""
    for quality in JPEG_QUALITIES:
        out = io.BytesIO()
        pixels.save(out, "JPEG", quality=quality)
        if out.tell() <= most_bytes:
            return out.getvalue()
    raise DocumentRefused(RefusalCode.TOO_LARGE)


def assess_quality(pixels: Image.Image) -> tuple[Quality, ...]:
    """What a reviewer would complain about; measured on a grey copy of at most 800 pixels, so that size does
    not matter.
    """
    grey = ImageOps.contain(pixels.convert("L"), (_SHARPNESS_SIDE, _SHARPNESS_SIDE))
    # The filter copies the outermost pixels unchanged; they would count as edges.
    edges = ImageStat.Stat(ImageOps.crop(grey.filter(_LAPLACIAN), 2))
    findings = {
        Quality.SMALL: max(pixels.size) < MIN_LONG_SIDE,
        Quality.DARK: ImageStat.Stat(grey).mean[0] < MIN_LUMINANCE,
        Quality.BLURRY: edges.var[0] < MIN_SHARPNESS,
    }
    return tuple(quality for quality, found in findings.items() if found)
