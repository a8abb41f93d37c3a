"""Licensed growers: ground on which something may be grown, without whose it is."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "licensed_growers",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("licence", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        *[sa.Column(side, sa.Float(precision=53), nullable=False) for side in ("west", "south", "east", "north")],
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.String(27), nullable=False),
        sa.CheckConstraint(
            "kind IN ('medical', 'ornamental', 'industrial_hemp')", name="licensed_growers_kind_is_known"
        ),
        sa.CheckConstraint("valid_from <= valid_until", name="licensed_growers_ends_after_it_began"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="licensed_growers_district_id_refers"),
        sa.PrimaryKeyConstraint("id", name="licensed_growers_key"),
    )
    op.create_index("licensed_growers_district_id", "licensed_growers", ["district_id"], unique=False)
    op.create_index("licensed_growers_place", "licensed_growers", ["west", "east", "south", "north"], unique=False)


def downgrade() -> None:
    """Remove it."""
    op.drop_table("licensed_growers")
