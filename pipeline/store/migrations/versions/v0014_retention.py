"""Imagery that was let go: of which flights no picture is kept any more."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "imagery_removals",
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("removed_at", sa.String(length=27), nullable=False),
        sa.Column("leaf", POSITION, nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="imagery_removals_flight_id_refers"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="imagery_removals_leaf_refers"),
        sa.PrimaryKeyConstraint("flight_id", name="imagery_removals_key"),
        sa.UniqueConstraint("leaf", name="imagery_removals_one_leaf"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("imagery_removals")
