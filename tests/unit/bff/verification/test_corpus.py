"""Every file of the corpus gets its verdict, and nothing of what should not travel is left in what is stored."""

import io
from collections.abc import AsyncIterator, Iterator

import pikepdf
import pytest
import pytest_asyncio
from PIL import Image, ImageFilter, JpegImagePlugin, PngImagePlugin

from bff.verification.inspection import images
from bff.verification.inspection.findings import DocumentRefused, Inspected, Kind, Quality, RefusalCode
from bff.verification.inspection.headers import check_declared_size
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.inspection.kinds import HEAD_BYTES, read_kind
from tests import documents as made
from tests.bombs import BOMBS

ACTION = made.make_script_action


def annotations(**entries: object) -> pikepdf.Array:
    return pikepdf.Array([pikepdf.Dictionary(**entries)])


GOOD: dict[str, tuple[str, bytes, Kind]] = {
    "baseline jpeg": ("card.jpg", made.make_jpeg(), Kind.JPEG),
    "progressive jpeg": ("card.jpeg", made.make_jpeg(progressive=True), Kind.JPEG),
    "optimised jpeg, upper-case name": ("CARD.JPG", made.make_jpeg(optimize=True, quality=60), Kind.JPEG),
    "grey jpeg": ("card.jpg", made.write(made.make_card().convert("L"), "JPEG"), Kind.JPEG),
    "cmyk jpeg": ("card.jpg", made.write(made.make_card().convert("CMYK"), "JPEG"), Kind.JPEG),
    "jpeg with exif and position": ("card.jpg", made.make_jpeg(exif=made.make_exif(orientation=6)), Kind.JPEG),
    "jpeg with a comment": ("card.jpg", made.make_jpeg(comment=made.CANARY), Kind.JPEG),
    "jpeg without subsampling": ("card.jpg", made.make_jpeg(subsampling=0), Kind.JPEG),
    "small jpeg": ("card.jpg", made.make_jpeg((64, 64)), Kind.JPEG),
    "rgb png": ("card.png", made.make_png(), Kind.PNG),
    "png with transparency": ("card.png", made.make_png(mode="RGBA"), Kind.PNG),
    "palette png": ("card.png", made.make_png(mode="P"), Kind.PNG),
    "grey png": ("card.PNG", made.make_png(mode="L"), Kind.PNG),
    "black and white png": ("card.png", made.make_png(mode="1"), Kind.PNG),
    "16 bit png": ("card.png", made.make_png(mode="I;16"), Kind.PNG),
    "heic": ("card.heic", made.make_heic(), Kind.JPEG),
    "heif name": ("card.heif", made.make_heic((801, 601)), Kind.JPEG),
    "pdf": ("card.pdf", made.make_pdf(), Kind.PDF),
    "pdf of three pages": ("card.pdf", made.make_pdf(pages=3), Kind.PDF),
    "pdf with object streams": (
        "card.pdf", made.make_pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate), Kind.PDF,
    ),
    "linearised pdf": ("card.pdf", made.make_pdf(linearize=True), Kind.PDF),
    "pdf made by pillow": ("card.pdf", made.write(made.make_card(), "PDF"), Kind.PDF),
    "pdf with a page of many words": ("card.pdf", made.make_pdf_with_stream(b"(word) Tj " * 500_000), Kind.PDF),
    "pdf that says where to open": (
        "card.pdf", made.make_pdf(catalog={"/OpenAction": pikepdf.Array([0, pikepdf.Name.Fit])}), Kind.PDF,
    ),
    "pdf with a link and a bookmark": ("card.pdf", made.make_pdf_with_link(b"http://" + made.CANARY), Kind.PDF),
    "jpeg of two pictures": (
        "card.jpg", made.write(made.make_card(), "MPO", save_all=True, append_images=[made.make_card()]), Kind.JPEG,
    ),
    "pdf of twenty pages": ("card.pdf", made.make_pdf(pages=20), Kind.PDF),
    "name with folders": ("../../etc/card.jpg", made.make_jpeg(), Kind.JPEG),
    "jpeg with an archive behind it": ("card.jpg", made.make_jpeg() + made.make_zip(), Kind.JPEG),
    "jpeg with a page behind it": ("card.jpg", made.make_jpeg() + b"<script>" + made.CANARY, Kind.JPEG),
    "png with an archive behind it": ("card.png", made.make_png() + made.make_zip(), Kind.PNG),
}  # fmt: skip

BAD: dict[str, tuple[str, bytes, RefusalCode]] = {
    "nothing": ("card.jpg", b"", RefusalCode.EMPTY),
    "text": ("card.jpg", b"hello" * 40, RefusalCode.TYPE),
    "no extension": ("card", made.make_jpeg(), RefusalCode.TYPE),
    "script named jpg": ("card.jpg", b"<svg onload=alert(1)>", RefusalCode.TYPE),
    "gif": ("card.gif", made.write(made.make_card(), "GIF"), RefusalCode.TYPE),
    "gif named png": ("card.png", made.write(made.make_card(), "GIF"), RefusalCode.TYPE),
    "webp": ("card.webp", made.write(made.make_card(), "WEBP"), RefusalCode.TYPE),
    "tiff named jpg": ("card.jpg", made.write(made.make_card(), "TIFF"), RefusalCode.TYPE),
    "bmp": ("card.bmp", made.write(made.make_card(), "BMP"), RefusalCode.TYPE),
    "zip named pdf": ("card.pdf", made.make_zip(), RefusalCode.TYPE),
    "double extension": ("card.jpg.exe", made.make_jpeg(), RefusalCode.TYPE),
    "png named jpg": ("card.jpg", made.make_png(), RefusalCode.MISMATCH),
    "jpeg named png": ("card.png", made.make_jpeg(), RefusalCode.MISMATCH),
    "pdf named jpg": ("card.jpg", made.make_pdf(), RefusalCode.MISMATCH),
    "jpeg named pdf": ("card.pdf", made.make_jpeg(), RefusalCode.MISMATCH),
    "heic named jpg": ("card.jpg", made.make_heic(), RefusalCode.MISMATCH),
    "movie": ("card.heic", made.make_ftyp(b"qt  "), RefusalCode.TYPE),
    "avif": ("card.heic", made.make_ftyp(b"avif", b"mif1"), RefusalCode.TYPE),
    "avif that says mif1": ("card.heic", made.make_ftyp(b"mif1", b"avif"), RefusalCode.TYPE),
    "mp4": ("card.heic", made.make_ftyp(b"isom", b"mp42"), RefusalCode.TYPE),
    "heic with a box of size 0": ("card.heic", made.make_ftyp(b"heic", size=0), RefusalCode.TYPE),
    "heic with a box of size 1": ("card.heic", made.make_ftyp(b"heic", size=1), RefusalCode.TYPE),
    "heic with only a head": ("card.heic", made.make_ftyp(b"heic", b"mif1"), RefusalCode.DAMAGED),
    "truncated jpeg": ("card.jpg", made.make_jpeg()[:4_000], RefusalCode.DAMAGED),
    "truncated png": ("card.png", made.make_png()[:2_000], RefusalCode.DAMAGED),
    "truncated heic": ("card.heic", made.make_heic()[:3_000], RefusalCode.DAMAGED),
    "truncated pdf": ("card.pdf", made.make_pdf()[:300], RefusalCode.DAMAGED),
    "jpeg magic, then noise": ("card.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8, RefusalCode.DAMAGED),
    "png magic, then noise": ("card.png", b"\x89PNG\r\n\x1a\n" + bytes(900), RefusalCode.DAMAGED),
    "pdf magic, then noise": ("card.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 8, RefusalCode.DAMAGED),
    "png that is too long": ("card.png", made.make_png_header(20_000, 1_000), RefusalCode.TOO_MANY_PIXELS),
    "pdf of many pages": ("card.pdf", made.make_pdf(pages=21), RefusalCode.TOO_MANY_PAGES),
    "pdf without pages": ("card.pdf", made.make_pdf(pages=0), RefusalCode.DAMAGED),
    "encrypted pdf": ("card.pdf", made.make_encrypted_pdf("secret"), RefusalCode.ENCRYPTED),
    "encrypted pdf without a password": ("card.pdf", made.make_encrypted_pdf(""), RefusalCode.ENCRYPTED),
    "pdf with a script": ("card.pdf", made.make_pdf(catalog={"/OpenAction": ACTION()}), RefusalCode.ACTIVE_CONTENT),
    "pdf with an action that has no script": (
        "card.pdf",
        made.make_pdf(catalog={"/OpenAction": pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("http://x"))}),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf with additional actions": (
        "card.pdf", made.make_pdf(catalog={"/AA": pikepdf.Dictionary(O=ACTION())}), RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf with names of scripts": (
        "card.pdf",
        made.make_pdf(catalog={"/Names": pikepdf.Dictionary(JavaScript=pikepdf.Dictionary())}),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf with an xfa form": (
        "card.pdf",
        made.make_pdf(catalog={"/AcroForm": pikepdf.Dictionary(XFA=pikepdf.String("x"))}),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf that launches": (
        "card.pdf",
        made.make_pdf_with_page_entry("/Annots", annotations(A=pikepdf.Dictionary(S=pikepdf.Name.Launch))),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf with a page action": (
        "card.pdf", made.make_pdf_with_page_entry("/AA", pikepdf.Dictionary()), RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf with an attachment": ("card.pdf", made.make_pdf_with_attachment(), RefusalCode.ACTIVE_CONTENT),
    "pdf with rich media": (
        "card.pdf",
        made.make_pdf_with_page_entry("/Annots", annotations(Subtype=pikepdf.Name.RichMedia)),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "script under an escaped name": (
        "card.pdf",
        made.make_pdf(catalog={"/Extra": ACTION()}).replace(b"/JavaScript", b"/J#61vaScript"),
        RefusalCode.ACTIVE_CONTENT,
    ),
    "pdf packed as nobody does": (
        "card.pdf", made.make_pdf_with_stream(b"x").replace(b"/FlateDecode", b"/LZWDecode"), RefusalCode.TOO_COMPLEX,
    ),
    **{name: (file_name, make(), code) for name, (file_name, make, code) in BOMBS.items()},
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspectors() -> AsyncIterator[Inspectors]:
    pool = Inspectors()
    yield pool
    await pool.close()


async def judge(inspectors: Inspectors, name: str, content: bytes) -> Inspected:
    kind = read_kind(name, content[:HEAD_BYTES])
    check_declared_size(kind, content)
    rebuilt = bytearray()
    passed = await inspectors.inspect(kind, len(content), stream(content), write=rebuilt.extend)
    return Inspected(kind=passed.kind, content=bytes(rebuilt), quality=passed.quality)


async def stream(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 65_536):
        yield content[at : at + 65_536]


def test_the_corpus_has_at_least_sixty_files() -> None:
    assert len(GOOD) + len(BAD) >= 60


@pytest.mark.asyncio(loop_scope="module")
class TestCorpus:
    @pytest.mark.parametrize("case", GOOD)
    async def test_accepts(self, inspectors: Inspectors, case: str) -> None:
        name, content, stored_kind = GOOD[case]

        inspected = await judge(inspectors, name, content)

        assert inspected.kind is stored_kind
        assert made.CANARY not in inspected.content
        assert b"Exif" not in inspected.content
        assert b"PK\x03\x04" not in inspected.content

    @pytest.mark.parametrize("case", BAD)
    async def test_refuses(self, inspectors: Inspectors, case: str) -> None:
        name, content, code = BAD[case]

        with pytest.raises(DocumentRefused) as refused:
            await judge(inspectors, name, content)

        assert refused.value.code is code


@pytest.mark.asyncio(loop_scope="module")
class TestRebuild:
    async def test_turns_the_picture_upright(self, inspectors: Inspectors) -> None:
        content = made.make_jpeg((1200, 800), exif=made.make_exif(orientation=6))

        inspected = await judge(inspectors, "card.jpg", content)

        assert Image.open(io.BytesIO(inspected.content)).size == (800, 1200)

    async def test_keeps_a_dense_picture_within_the_size_of_a_document(self, inspectors: Inspectors) -> None:
        content = made.write(Image.effect_noise((3700, 3700), 80), "JPEG", quality=50)
        assert len(content) < images.MAX_STORED_BYTES

        inspected = await judge(inspectors, "card.jpg", content)

        assert len(content) < len(inspected.content) <= images.MAX_STORED_BYTES

    async def test_takes_none_that_does_not_get_small_enough(self) -> None:
        with pytest.raises(DocumentRefused) as refused:
            images.write_jpeg(made.make_card(), 1_000)

        assert refused.value.code is RefusalCode.TOO_LARGE

    async def test_leaves_of_a_jpeg_what_makes_the_picture_and_nothing_else(
        self, inspectors: Inspectors
    ) -> None:
        note = made.CANARY * 9
        content = made.make_jpeg(exif=made.make_exif(), comment=note, icc_profile=note, xmp=note)
        assert {"APP1", "APP2", "COM"} <= set(list_segments(content))

        inspected = await judge(inspectors, "card.jpg", content)

        assert set(list_segments(inspected.content)) == {"APP0", "DQT", "SOF0", "DHT", "SOS"}

    async def test_leaves_of_a_png_what_makes_the_picture_and_nothing_else(
        self, inspectors: Inspectors
    ) -> None:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", made.CANARY.decode(), zip=True)
        content = made.make_png(pnginfo=notes, exif=made.make_exif(), icc_profile=made.CANARY)
        assert {b"zTXt", b"eXIf", b"iCCP"} <= set(list_chunks(content))

        inspected = await judge(inspectors, "card.png", content)

        assert set(list_chunks(inspected.content)) == {b"IHDR", b"IDAT", b"IEND"}

    async def test_keeps_the_shades_of_a_scan_of_16_bits(self, inspectors: Inspectors) -> None:
        inspected = await judge(inspectors, "card.png", made.make_grey_png((1001, 700)))

        picture = Image.open(io.BytesIO(inspected.content)).convert("L")
        assert [picture.getpixel((x, 5)) for x in (0, 250, 500, 750, 1000)] == [0, 63, 127, 191, 255]

    async def test_leaves_nothing_to_click_in_a_pdf(self, inspectors: Inspectors) -> None:
        inspected = await judge(inspectors, "card.pdf", made.make_pdf_with_link(made.CANARY))

        with pikepdf.open(io.BytesIO(inspected.content)) as stored:
            assert "/Outlines" not in stored.Root
            assert list(stored.pages[0].Annots) == []
            assert [found for found in stored.objects if "URI" in repr(found)] == []

    async def test_leaves_no_text_of_a_pdfs_author(self, inspectors: Inspectors) -> None:
        content = made.write(made.make_card(), "PDF", author=made.CANARY.decode(), title=made.CANARY.decode())

        inspected = await judge(inspectors, "card.pdf", content)

        with pikepdf.open(io.BytesIO(inspected.content)) as stored:
            assert "/Info" not in stored.trailer
        assert made.CANARY not in inspected.content


def list_segments(jpeg: bytes) -> Iterator[str]:
    """The names of the segments up to the picture's data (ITU-T T.81, table B.1)."""
    at, name = 2, ""
    while name != "SOS":
        name = JpegImagePlugin.MARKER[jpeg[at + 1] + 0xFF00][0]
        yield name
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def list_chunks(png: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(png):
        yield png[at + 4 : at + 8]
        at += 12 + int.from_bytes(png[at : at + 4], "big")


def pictures() -> Iterator[tuple[str, bytes, tuple[Quality, ...]]]:
    card = made.make_card()
    yield "sharp", made.write(card, "JPEG"), ()
    yield "small", made.make_jpeg((400, 260)), (Quality.SMALL,)
    yield "dark", made.write(made.make_card(shade=30), "JPEG"), (Quality.DARK,)
    yield "blurred", made.write(card.filter(ImageFilter.GaussianBlur(12)), "JPEG"), (Quality.BLURRY,)


@pytest.mark.asyncio(loop_scope="module")
class TestQuality:
    @pytest.mark.parametrize(("name", "content", "expected"), list(pictures()))
    async def test_tells_what_a_reviewer_would(
        self, inspectors: Inspectors, name: str, content: bytes, expected: tuple[Quality, ...]
    ) -> None:
        inspected = await judge(inspectors, "card.jpg", content)

        assert inspected.quality == expected, name
