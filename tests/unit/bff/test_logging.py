import ast
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bff import logging as portal_logging
from bff.logging import FIELDS, configure_logging, format_exception, keep_known_fields

ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


class Output:
    """What the process writes; structlog takes the buffer of `sys.stdout` when it is configured."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.buffer.getvalue().splitlines()]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[Output]:
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, Output()
    monkeypatch.setattr(sys, "stdout", written)
    configure_logging("info")
    yield written
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


class TestLines:
    def test_hold_known_fields_only(self, output: Output) -> None:
        structlog.get_logger().warning("delivery_put_off", reason="away", phone="canary", email="canary")

        (line,) = output.lines()
        assert line["event"] == "delivery_put_off"
        assert line["reason"] == "away"
        assert "canary" not in json.dumps(line)

    def test_tell_an_exception_by_type_and_place(self, output: Output) -> None:
        try:
            raise ValueError("canary")
        except ValueError:
            structlog.get_logger().exception("odd")

        (line,) = output.lines()
        assert line["error"] == "ValueError"
        assert line["trace"][-1] == "ValueError"
        assert "test_logging.py" in line["trace"][0]
        assert "canary" not in json.dumps(line)

    def test_of_libraries_lose_their_arguments(self, output: Output) -> None:
        logging.getLogger("some.library").warning("connection to %s failed", "canary")
        logging.getLogger("httpx").info("GET https://example.com?q=canary")

        (line,) = output.lines()
        assert line["logger"] == "some.library"
        assert line["reason"] == "connection to %s failed"

    def test_stay_one_line_whatever_is_in_a_value(self, output: Output) -> None:
        structlog.get_logger().info("odd", reason="a\r\nb\x1b[31m\u2028c")

        assert len(output.buffer.getvalue().strip().split(b"\n")) == 1


class TestFormatException:
    def test_goes_back_to_the_cause(self) -> None:
        try:
            try:
                raise KeyError("canary")
            except KeyError as cause:
                raise RuntimeError("canary") from cause
        except RuntimeError as error:
            told = format_exception(error)

        assert [part for part in told if part.endswith("Error")] == ["RuntimeError", "KeyError"]
        assert "canary" not in " ".join(told)


class TestFields:
    def test_hold_every_name_that_the_product_logs(self) -> None:
        """A name that is not known would be dropped, so either it is harmless and known, or it is not logged."""
        dropped = {
            (path.relative_to(ROOT).as_posix(), name)
            for package in ("bff", "sf_sync", "cache")
            for path in sorted((ROOT / package).rglob("*.py"))
            if "emulator" not in path.parts
            for name in list_logged_names(path)
            if name not in FIELDS and name != "exc_info"
        }

        assert dropped == set()

    def test_leave_out_what_could_name_somebody(self) -> None:
        assert not FIELDS & {
            "email",
            "phone",
            "name",
            "token",
            "address",
            "password",
            "file_name",
            "query",
            "body",
        }
        assert keep_known_fields(None, "", {"email": "canary"}) == {}


def list_logged_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        if node.func.attr in LEVELS and isinstance(owner, ast.Name) and owner.id.lstrip("_") == "log":
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_request_id_is_none_outside_a_request() -> None:
    assert portal_logging.get_request_id() == "none"
