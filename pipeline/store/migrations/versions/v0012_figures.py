"""Indexes that hold all that figures of a review read of decisions and flags."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FIRST = sa.text("supersedes IS NULL")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(
        "decisions_by_time",
        "decisions",
        ["decided_at", "person_id", "flag_id", "reader", "verdict", "seconds_looked"],
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )
    op.create_index("flags_by_origin", "flags", ["id", "flight_id", "origin"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("flags_by_origin", "flags")
    op.drop_index("decisions_by_time", "decisions")
