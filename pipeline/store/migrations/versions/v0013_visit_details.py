"""What a field team found beside the outcome: which look-alike, how exact the position, a photograph."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "visit_details",
        sa.Column("visit_id", sa.String(length=80), nullable=False),
        sa.Column("look_alike", sa.String(length=80), nullable=False),
        sa.Column("accuracy_m", sa.Float(53), nullable=True),
        sa.Column("photograph_sha256", sa.String(length=64), nullable=True),
        sa.Column("leaf", POSITION, nullable=False),
        sa.CheckConstraint("accuracy_m > 0 AND accuracy_m <= 10000", name="visit_details_accuracy_is_one"),
        sa.CheckConstraint("length(photograph_sha256) = 64", name="visit_details_photograph_is_named"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="visit_details_leaf_refers"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name="visit_details_visit_id_refers"),
        sa.PrimaryKeyConstraint("visit_id", name="visit_details_key"),
        sa.UniqueConstraint("leaf", name="visit_details_one_leaf"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("visit_details")
