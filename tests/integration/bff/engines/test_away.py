"""Clusters of data folders that the account of PostgreSQL can't reach; only root has that problem."""

import os
import shutil
from pathlib import Path

import pytest

from bff.engines.postgres import Postgres

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder below one that only root may enter, as `mktemp -d` makes them."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder / "data"


def read_pointer(postgres: Postgres) -> Path:
    return Path((postgres.folder / "postgres.moved").read_text().strip())


class TestClosedFolder:
    def test_has_its_cluster_elsewhere_and_says_so(self, closed: Path) -> None:
        postgres = Postgres(closed, lasting=False)
        postgres.start()

        cluster = read_pointer(postgres)
        assert (cluster / "PG_VERSION").exists()
        assert str(cluster.parent) in postgres.log.read_text()

        postgres.remove()
        assert not cluster.parent.exists()

    def test_that_was_deleted_leaves_no_password_to_guess(self, closed: Path) -> None:
        Postgres(closed, lasting=False).start()
        shutil.rmtree(closed)

        again = Postgres(closed, lasting=False)
        again.start()

        assert again.pid is not None
        again.remove()

    def test_that_was_deleted_has_its_cluster_deleted_at_the_next_start_of_another(
        self, closed: Path, tmp_path: Path
    ) -> None:
        deleted, other = Postgres(closed, lasting=False), Postgres(tmp_path / "other", lasting=False)
        deleted.start()
        cluster = read_pointer(deleted)
        deleted.stop()
        shutil.rmtree(closed)

        other.start()

        assert not cluster.exists()
        other.remove()
