"""Multipart bodies as nobody should send them: each a random walk away from a good one, the same for the same seed."""

import random
from collections.abc import AsyncIterator, Iterator

import msgspec

from tests.documents import make_heic, make_jpeg, make_pdf, make_png

BOUNDARY = b"b0undary"
GOOD_TYPE = b"multipart/form-data; boundary=" + BOUNDARY
DOCUMENTS = {
    b"card.jpg": make_jpeg((64, 48)),
    b"card.png": make_png((64, 48)),
    b"card.heic": make_heic((64, 48)),
    b"card.pdf": make_pdf(),
}
TOKENS = (
    b"--", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"--b0undary", b"--b0undary--", b"--b0undary\r\n", b'"', b";",
    b":", b"=", b"\xff\xfe", b"\\", b"%00",
    b"Content-Disposition: form-data", b'; name="file"', b'; filename="card.jpg"',
    b"; filename*=utf-8''card.jpg", b'; name="sendAnyway"', b"Content-Type: image/jpeg", b"Content-Length: -1",
    b"Content-Transfer-Encoding: base64", b"Transfer-Encoding: chunked", b"true", b"\xff\xd8\xff\xe0", b"%PDF-1.7",
    b"Content-Type: multipart/mixed; boundary=b0undary", b"x" * 70, b"A: " + b"y" * 5_000, b" " * 300, b"\t",
)  # fmt: skip
TYPES = (
    b"multipart/form-data", b"multipart/form-data;", b"multipart/form-data; boundary=",
    b'multipart/form-data; boundary=""',
    b'multipart/form-data; boundary="b0undary"', b"multipart/form-data; boundary=b0undary; boundary=other",
    b"multipart/form-data; boundary=" + b"x" * 71, b"multipart/form-data; boundary=" + b"x" * 9_000,
    b"multipart/form-data; boundary=b0undary; charset=\xff\xfe", b"MULTIPART/FORM-DATA; BOUNDARY=b0undary",
    b"multipart/form-data; boundary*=utf-8''b0undary", b"multipart/form-data; boundary=b0\\undary", b"text/plain", b"",
    b"multipart/form-data; boundary=\r", b"multipart/mixed; boundary=b0undary", b"multipart/form-data" + b";" * 500,
)  # fmt: skip


class Body(msgspec.Struct, frozen=True):
    """`sizes` are those of the chunks in which it arrives; the last one is repeated."""

    content_type: bytes
    content: bytes
    sizes: tuple[int, ...]

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._split():
            yield chunk

    def _split(self) -> Iterator[bytes]:
        at = 0
        for size in self.sizes:
            yield self.content[at : at + size]
            at += size
        while at < len(self.content):
            yield self.content[at : at + 65_536]
            at += 65_536


def make_hostile(number: int, *, seed: int) -> Body:
    dice = random.Random(f"{seed}:{number}")
    content_type = dice.choice(TYPES) if dice.random() < 0.08 else GOOD_TYPE
    make = dice.choices((_flip, _cut, _splice, _babble, _stretch), (40, 15, 25, 15, 5))[0]
    return Body(content_type, make(dice), _choose_sizes(dice))


def _choose_sizes(dice: random.Random) -> tuple[int, ...]:
    if dice.random() < 0.5:
        return ()
    return tuple(dice.choice((0, 1, 2, 7, 60, 1_000)) for _ in range(dice.randint(1, 40)))


def _make_good(dice: random.Random) -> bytes:
    # Most documents stop short of the decoder, which is slow; the corpus is what tries that one.
    name, document = dice.choice(list(DOCUMENTS.items()))
    document = document if dice.random() < 0.04 else document[: dice.randint(0, 400)]
    head = b'Content-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name
    parts = [head + document]
    if dice.random() < 0.3:
        parts.insert(dice.randint(0, 1), b'Content-Disposition: form-data; name="sendAnyway"\r\n\r\ntrue')
    return b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY, part) for part in parts) + b"--%s--\r\n" % BOUNDARY


def _flip(dice: random.Random) -> bytes:
    content = bytearray(_make_good(dice))
    for _ in range(dice.randint(1, 12)):
        # Near the head, where the meaning is.
        at = dice.randrange(min(len(content), 200) if dice.random() < 0.7 else len(content))
        content[at] = dice.randrange(256)
    return bytes(content)


def _cut(dice: random.Random) -> bytes:
    content = _make_good(dice)
    start, end = sorted((dice.randint(0, len(content)), dice.randint(0, len(content))))
    return content[:end] if dice.random() < 0.7 else content[:start] + content[end:]


def _splice(dice: random.Random) -> bytes:
    content = _make_good(dice)
    for _ in range(dice.randint(1, 4)):
        at = dice.randint(0, min(len(content), 260))
        content = content[:at] + dice.choice(TOKENS) * dice.choice((1, 1, 1, 2, 50)) + content[at:]
    return content


def _babble(dice: random.Random) -> bytes:
    return b"".join(dice.choice(TOKENS) for _ in range(dice.randint(0, 60)))


def _stretch(dice: random.Random) -> bytes:
    """Much of the same: what makes a parser slow rather than wrong."""
    unit = dice.choice((*TOKENS, b"--b0undar", b"\r\n--b0undary\r\n\r\n", b"\r\r\n", b"-"))
    return _make_good(dice)[: dice.randint(0, 120)] + unit * (dice.randint(1_000, 200_000) // len(unit))
