"""Builders of documents, good and hostile. Everything is made here; nothing is downloaded or shows a person."""

import io
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image, ImageDraw
from pillow_heif import from_pillow

CANARY = b"CANARY-9f27"


def make_card(size: tuple[int, int] = (1200, 800), *, shade: int = 235) -> Image.Image:
    """A picture with the structure of a card: lines of sharp text on light paper."""
    image = Image.new("RGB", size, (shade, shade, shade))
    draw = ImageDraw.Draw(image)
    for line in range(12):
        draw.text((40, 30 + line * size[1] // 13), f"RESIDENCE CARD LINE {line} " * 6, fill=(shade // 8,) * 3)
    return image


def write(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def make_jpeg(size: tuple[int, int] = (1200, 800), **options: object) -> bytes:
    return write(make_card(size), "JPEG", **options)


def make_png(size: tuple[int, int] = (1200, 800), mode: str = "RGB", **options: object) -> bytes:
    return write(make_card(size).convert(mode), "PNG", **options)


def make_heic(size: tuple[int, int] = (1200, 800)) -> bytes:
    out = io.BytesIO()
    from_pillow(make_card(size)).save(out, quality=80)
    return out.getvalue()


def make_exif(*, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = CANARY.decode()
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def make_png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and carries a few bytes: what a decompression bomb looks like."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def make_ftyp(brand: bytes, *others: bytes, size: int | None = None) -> bytes:
    brands = b"".join(others)
    length = 16 + len(brands) if size is None else size
    return length.to_bytes(4, "big") + b"ftyp" + brand + b"\0\0\0\0" + brands + bytes(200)


def make_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inside.txt", CANARY)
    return out.getvalue()


def make_pdf(*, pages: int = 1, catalog: dict[str, object] | None = None, **save: object) -> bytes:
    """A small PDF; `catalog` entries are merged into its root, which is where actions live."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(600, 400))
    for name, value in (catalog or {}).items():
        pdf.Root[name] = pdf.make_indirect(value) if isinstance(value, pikepdf.Dictionary) else value
    out = io.BytesIO()
    pdf.save(out, **save)
    return out.getvalue()


def make_script_action() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def make_pdf_with_page_entry(name: str, value: object) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj[name] = value
    out = io.BytesIO()
    pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def make_pdf_with_link(address: bytes) -> bytes:
    """As apps for scanning add one below the picture; and a bookmark with the same address."""
    action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(address.decode()))
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 50, 10]), A=action
    )
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([link])
    with pdf.open_outline() as outline:
        bookmark = pikepdf.OutlineItem("more")
        bookmark.action = action
        outline.root.append(bookmark)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def make_grey_png(size: tuple[int, int] = (1200, 800)) -> bytes:
    """Of 16 bits a pixel, from black on the left to white on the right."""
    row = b"".join(struct.pack("<H", x * 65_535 // (size[0] - 1)) for x in range(size[0]))
    return write(Image.frombytes("I;16", size, row * size[1]), "PNG")


def make_pdf_with_attachment() -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.attachments["x.txt"] = pikepdf.AttachedFileSpec(pdf, CANARY)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def make_encrypted_pdf(password: str) -> bytes:
    return make_pdf(encryption=pikepdf.Encryption(user=password, owner="owner"))


def make_jpeg_header(width: int, height: int) -> bytes:
    """A JPEG whose frame declares a size that its few bytes cannot have."""
    content = bytearray(make_jpeg((64, 48)))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def make_heic_header(width: int, height: int) -> bytes:
    """The same as HEIC: every `ispe` property lies."""
    content = bytearray(make_heic((64, 48)))
    at = content.find(b"ispe")
    while at != -1:
        content[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = content.find(b"ispe", at + 16)
    return bytes(content)


def make_pdf_with_stream(content: bytes, *, filters: int = 1, **entries: object) -> bytes:
    """A page whose content is packed as often as wanted; with entries it is something else, such as a picture."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    for _ in range(filters):
        content = zlib.compress(content, 9)
    stream = pikepdf.Stream(pdf, b"")
    stream.write(content, filter=[pikepdf.Name.FlateDecode] * filters)
    for name, value in entries.items():
        stream[f"/{name}"] = value
    pdf.pages[0].Contents = stream
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    return out.getvalue()


def make_pdf_of_packed_objects(size: int, *, count: int = 1) -> bytes:
    """Written by hand: `count` object streams, each of which unpacks to one string of `size` bytes."""
    out = bytearray(b"%PDF-1.7\n")
    places: dict[int, bytes] = {}

    def write_object(number: int, body: bytes) -> None:
        places[number] = b"\x01" + len(out).to_bytes(4, "big") + b"\0\0"
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    write_object(1, b"<</Type/Catalog/Pages 2 0 R>>")
    write_object(2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    write_object(3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>>>")
    for number in range(4, 4 + 2 * count, 2):
        head = b"%d 0 " % (number + 1)
        packed = zlib.compress(head + b"(" + b"A" * size + b")", 9)
        about = b"<</Type/ObjStm/N 1/First %d/Filter/FlateDecode/Length %d>>" % (len(head), len(packed))
        write_object(number, about + b"stream\n" + packed + b"\nendstream")
        places[number + 1] = b"\x02" + number.to_bytes(4, "big") + b"\0\0"
    last, start = 4 + 2 * count, len(out)
    table = b"".join(places.get(number, bytes(7)) for number in range(last))
    table += b"\x01" + start.to_bytes(4, "big") + b"\0\0"
    about = b"<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Length %d>>" % (last + 1, len(table))
    write_object(last, about + b"stream\n" + table + b"\nendstream")
    out.extend(b"startxref\n%d\n%%%%EOF" % start)
    return bytes(out)
