"""No-fly zones of a district: ground over which nothing is flown."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "no_fly_zones",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        *[sa.Column(side, sa.Float(precision=53), nullable=False) for side in ("west", "south", "east", "north")],
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.String(27), nullable=False),
        sa.CheckConstraint("valid_from <= valid_until", name="no_fly_zones_ends_after_it_began"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="no_fly_zones_district_id_refers"),
        sa.PrimaryKeyConstraint("id", name="no_fly_zones_key"),
    )
    op.create_index("no_fly_zones_district_id", "no_fly_zones", ["district_id"], unique=False)
    op.create_index("no_fly_zones_place", "no_fly_zones", ["west", "east", "south", "north"], unique=False)


def downgrade() -> None:
    """Remove it."""
    op.drop_table("no_fly_zones")
