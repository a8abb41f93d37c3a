"""When somebody else made a person's password: it is good for choosing one of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("people", sa.Column("one_time_since", sa.String(27), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("people", "one_time_since")
