"""Profiles per organisation: numbers, kinds, contexts of creation, claims."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
