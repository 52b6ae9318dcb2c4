"""The data folder as other processes meet it."""

from pathlib import Path

import pytest

from bff.up.data_dir import DataDir, DataDirBusy


class TestDataDir:
    def test_is_held_by_one_at_a_time(self, tmp_path: Path) -> None:
        with (
            DataDir(tmp_path).held(),
            pytest.raises(DataDirBusy, match=str(tmp_path)),
            DataDir(tmp_path).held(),
        ):
            pass

        with DataDir(tmp_path).held():
            pass

    def test_tells_its_environment_while_it_is_held(self, tmp_path: Path) -> None:
        data_dir = DataDir(tmp_path)
        with data_dir.held():
            assert DataDir(tmp_path).find_running() is None

            data_dir.tell({"REDIS_URL": "redis://here"})

            running = DataDir(tmp_path).find_running()
            assert running is not None
            assert running.environment == {"REDIS_URL": "redis://here"}
        assert DataDir(tmp_path).find_running() is None

    def test_tells_nothing_that_a_killed_holder_left_behind(self, tmp_path: Path) -> None:
        data_dir = DataDir(tmp_path)
        with data_dir.held():
            data_dir.tell({"REDIS_URL": "redis://gone"})
            left = (tmp_path / "up.json").read_bytes()
        (tmp_path / "up.json").write_bytes(left)

        assert DataDir(tmp_path).find_running() is None

    def test_keeps_passwords_from_other_accounts(self, tmp_path: Path) -> None:
        data_dir = DataDir(tmp_path)
        with data_dir.held():
            data_dir.tell({"DATABASE_URL": "postgresql://…"})
            data_dir.get_secrets()

            modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("up.json", "secrets.json")}
        assert modes == {"up.json": 0o600, "secrets.json": 0o600}

    def test_makes_its_secrets_once(self, tmp_path: Path) -> None:
        secrets = DataDir(tmp_path).get_secrets()

        assert len(secrets["BFF_SECRET_KEY"]) >= 32
        assert DataDir(tmp_path).get_secrets() == secrets

    def test_adds_the_secrets_that_a_newer_version_wants(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.json").write_text('{"BFF_SECRET_KEY": "made by an older version"}')

        secrets = DataDir(tmp_path).get_secrets()

        assert secrets["BFF_SECRET_KEY"] == "made by an older version"
        assert len(secrets) > 1
        assert DataDir(tmp_path).get_secrets() == secrets
