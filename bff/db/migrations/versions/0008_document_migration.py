"""Where each organisation stands on the way from the portal's table to Salesforce Files."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
