"""The hand-written header reader against fastavro's reading of the whole event."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_sync.feed.decoder import SchemaUnusable, compile_reader
from sf_sync.feed.header import MalformedHeader, has_known_layout, make_header_reader
from tests.fixtures.change_events import (
    CHANGE_TYPES,
    HEADER_FIELDS,
    decode,
    dump,
    encode,
    make_header,
    make_schema,
)

SCHEMA = make_schema()
HEADER_SCHEMA = SCHEMA["fields"][0]["type"]
READ = make_header_reader(HEADER_SCHEMA)

texts = st.text(max_size=200)
headers = st.builds(
    make_header,
    entityName=texts,
    recordIds=st.lists(st.text("0123456789abcXYZ*", max_size=18), max_size=130),
    changeType=st.sampled_from(CHANGE_TYPES),
    changeOrigin=texts,
    transactionKey=texts,
    sequenceNumber=st.integers(-(2**31), 2**31 - 1),
    commitTimestamp=st.integers(-(2**63), 2**63 - 1),
    commitNumber=st.integers(-(2**63), 2**63 - 1),
)


class TestHeaderReader:
    @given(headers, texts)
    def test_reads_what_fastavro_reads(self, header: dict[str, Any], name: str) -> None:
        payload = encode(SCHEMA, header, Name=name)

        read = READ(payload)

        whole = decode(SCHEMA, payload)["ChangeEventHeader"]
        assert read.entity == whole["entityName"]
        assert list(read.record_ids) == whole["recordIds"]
        assert read.change_type == whole["changeType"]
        assert read.committed_ms == whole["commitTimestamp"]

    def test_reads_arrays_written_in_sized_blocks(self) -> None:
        ids = [b"001000000000001AAA", b"001000000000002AAA", b"001000000000003AAA"]
        plain = encode(SCHEMA, make_header(recordIds=[]))
        opening, rest = plain[:8], plain[9:]  # "Account" and its length; one byte of an empty array
        items = [b"\x24" + text for text in ids]
        # A count of -2 with the block's size in bytes (38), then a plain count of 1, then the end.
        blocks = b"\x03\x4c" + items[0] + items[1] + b"\x02" + items[2] + b"\x00"

        read = READ(opening + blocks + rest)

        assert read.record_ids == tuple(text.decode() for text in ids)
        assert decode(SCHEMA, opening + blocks + rest)["ChangeEventHeader"]["recordIds"] == list(
            read.record_ids
        )

    @given(headers, st.data())
    def test_refuses_an_event_that_ends_inside_what_it_reads(
        self, header: dict[str, Any], data: st.DataObject
    ) -> None:
        opening = encode_opening(header)

        assert READ(opening) == READ(encode(SCHEMA, header))
        with pytest.raises(MalformedHeader):
            READ(opening[: data.draw(st.integers(0, len(opening) - 1))])

    @given(st.binary(max_size=300))
    def test_never_fails_otherwise_on_garbage(self, payload: bytes) -> None:
        with contextlib.suppress(MalformedHeader):
            READ(payload)

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(b"\xff" * 400, id="a number that never ends"),
            pytest.param(b"\x01", id="a text of negative length"),
            pytest.param(b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", id="a text of 2**62 characters"),
            pytest.param(b"\x02\xff\x00", id="a text that is no UTF-8"),
            pytest.param(b"", id="nothing"),
        ],
    )
    def test_refuses(self, payload: bytes) -> None:
        with pytest.raises(MalformedHeader):
            READ(payload)

    @pytest.mark.parametrize(
        "symbol", [b"\x14", b"\x01", b"\xfe\x01"], ids=["behind the last", "negative", "far behind"]
    )
    def test_refuses_a_change_type_that_the_schema_lacks(self, symbol: bytes) -> None:
        plain = encode(SCHEMA, make_header(recordIds=[], changeType="CREATE"))

        with pytest.raises(MalformedHeader):
            READ(plain[:9] + symbol + plain[10:])


def encode_opening(header: dict[str, Any]) -> bytes:
    """The bytes of the fields that the reader reads, and no more."""
    opening = make_schema(header_fields=HEADER_FIELDS[:7])
    names = [field["name"] for field in HEADER_FIELDS[:7]]
    return encode({**opening, "fields": opening["fields"][:1]}, {name: header[name] for name in names})


class TestCompileReader:
    @given(headers)
    def test_reads_another_layout_through_fastavro(self, header: dict[str, Any]) -> None:
        swapped = make_schema(
            header_fields=[HEADER_FIELDS[2], HEADER_FIELDS[0], HEADER_FIELDS[1], *HEADER_FIELDS[3:]]
        )
        assert not has_known_layout(swapped["fields"][0]["type"])

        read = compile_reader(dump(swapped))(encode(swapped, header, Name="x"))

        assert read == READ(encode(SCHEMA, header))

    def test_reads_a_schema_with_more_fields_and_change_types(self) -> None:
        types = {"type": "enum", "name": "ChangeType", "symbols": [*CHANGE_TYPES, "ARCHIVE"]}
        fields = [*HEADER_FIELDS[:2], {"name": "changeType", "type": types}, *HEADER_FIELDS[3:]]
        newer = make_schema(header_fields=fields, extra=("Portal_New__c",))

        read = compile_reader(dump(newer))(
            encode(newer, make_header(changeType="ARCHIVE"), Portal_New__c="x")
        )

        assert read.change_type == "ARCHIVE"
        assert read.record_ids == ("001000000000001AAA",)

    def test_tells_a_header_in_another_layout_that_is_malformed(self) -> None:
        swapped = make_schema(header_fields=[HEADER_FIELDS[1], HEADER_FIELDS[0], *HEADER_FIELDS[2:]])

        with pytest.raises(MalformedHeader):
            compile_reader(dump(swapped))(b"\x02")

    @pytest.mark.parametrize(
        "schema_json",
        [
            pytest.param("", id="empty"),
            pytest.param("<html>", id="HTML"),
            pytest.param("[]", id="a list"),
            pytest.param('"string"', id="a text"),
            pytest.param('{"type":"record","name":"X","fields":[]}', id="no fields"),
            pytest.param('{"type":"record","name":"X","fields":[{"name":"At","type":"long"}]}', id="a platform event"),
            pytest.param(
                '{"type":"record","name":"X","fields":[{"name":"H","type":{"type":"record","name":"H","fields":['
                '{"name":"entityName","type":"string"}]}}]}',
                id="another header",
            ),
            pytest.param(dump(make_schema(header_fields=[*HEADER_FIELDS[:2], {"name": "changeType", "type": "nope"},
                                                         *HEADER_FIELDS[3:]])), id="an unknown type"),
        ],
    )  # fmt: skip
    def test_refuses_a_schema_without_a_change_event_header(self, schema_json: str) -> None:
        with pytest.raises(SchemaUnusable):
            compile_reader(schema_json)
