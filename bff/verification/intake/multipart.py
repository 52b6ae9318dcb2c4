"""Splits a multipart body as it arrives: one part named `file`, and the small field `sendAnyway`.

The framework's own parser would spool a document in clear on disk. python-multipart's push parser hands out
slices; whatever it raises on hostile input becomes one refusal.
"""

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from bff.verification.intake.refusals import FileMissing, NotMultipart, UnknownField, UploadMalformed

_FIELD_BYTES = 16
_HEADERS, _HEADER_BYTES = 8, 4224
_MAX_BOUNDARY = 70  # RFC 2046, section 5.1.1


def parse_boundary(content_type: str) -> bytes:
    """Raises IntakeRefused (415, 400)."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise NotMultipart
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= _MAX_BOUNDARY:
        raise UploadMalformed
    return boundary


class DocumentForm:
    """Feed it chunks with `feed`, then `finish`. File bytes go to `write` as they come."""

    def __init__(self, boundary: bytes, write: Callable[[bytes], None]) -> None:
        self.file_name: str | None = None
        self.fields: dict[str, str] = {}
        self._write = write
        self._part: str | None = None
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._text = bytearray()
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header_name,
                "on_header_value": self._take_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open_part,
                "on_part_data": self._take_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
            max_header_count=_HEADERS,
            max_header_size=_HEADER_BYTES,
        )

    def feed(self, chunk: bytes) -> None:
        """Raises IntakeRefused 400 for anything that is not a well-formed form of ours."""
        try:
            self._parser.write(chunk)
        except (FormParserError, ValueError, IndexError, KeyError, AssertionError) as error:
            raise UploadMalformed from error

    def finish(self) -> None:
        """Raises IntakeRefused 400 when the body was cut (the parser itself does not complain) or had no file."""
        if not self._ended or self.file_name is None:
            raise UploadMalformed

    def _begin_part(self) -> None:
        self._part, self._disposition = None, b""

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _end_header(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        name.clear()
        value.clear()

    def _open_part(self) -> None:
        kind, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or name not in ("file", "sendAnyway"):
            raise UnknownField
        if name == "file":
            self._open_file(options.get(b"filename"))
        elif name in self.fields:
            raise UnknownField
        self._part = name
        self._text.clear()

    def _open_file(self, file_name: bytes | None) -> None:
        if self.file_name is not None or file_name is None:
            raise UnknownField
        if not file_name:
            raise FileMissing
        self.file_name = file_name.decode("utf-8", "replace")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self._write(bytes(data[start:end]))
            return
        self._text.extend(data[start:end])
        if len(self._text) > _FIELD_BYTES:
            raise UnknownField

    def _end_part(self) -> None:
        if self._part not in (None, "file"):
            self.fields[str(self._part)] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self._ended = True
