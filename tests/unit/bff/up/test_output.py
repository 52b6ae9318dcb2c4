"""What the supervisor reads of its processes and tells of them."""

from pathlib import Path

import pytest

from bff.up.children import describe_exit, read_last_line
from bff.up.tailing import read_whole_lines


class TestExit:
    @pytest.mark.parametrize(("code", "words"), [(0, "exit code 0"), (1, "exit code 1"), (-9, "SIGKILL")])
    def test_is_told_in_words(self, code: int, words: str) -> None:
        assert describe_exit(code) == words


class TestLastLine:
    def test_is_what_the_process_said_last(self, tmp_path: Path) -> None:
        log = tmp_path / "web.log"
        log.write_text("Traceback …\n\nPermissionError: no\n\n")

        assert read_last_line(log) == "PermissionError: no"

    def test_of_a_command_is_its_error_alone(self, tmp_path: Path) -> None:
        log = tmp_path / "prepare.log"
        log.write_text("Error: PostgreSQL cannot be reached.\n")

        assert read_last_line(log) == "PostgreSQL cannot be reached."

    def test_of_a_silent_process_says_so(self, tmp_path: Path) -> None:
        assert read_last_line(tmp_path / "missing.log") == "it said nothing"


class TestTail:
    def test_shows_whole_lines_once(self, tmp_path: Path) -> None:
        log = tmp_path / "web.log"
        log.write_text("one\ntwo\nhal")

        lines, position = read_whole_lines(log, 0)
        assert lines == ["one", "two"]

        with log.open("a") as file:
            file.write("f\n")
        assert read_whole_lines(log, position) == (["half"], log.stat().st_size)
