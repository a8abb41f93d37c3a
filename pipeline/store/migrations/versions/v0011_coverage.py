"""Coverage: what was looked at on which day, the ground that is to be covered, and what that adds up to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SIDES = ("west", "south", "east", "north")


def upgrade() -> None:
    """Make the tables."""
    _looks()
    _regions()
    op.create_table(
        "ground_moves",
        sa.Column("region_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("previous", sa.Date(), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("level IN ('seen', 'imaged', 'tried')", name="ground_moves_level_is_known"),
        sa.CheckConstraint("previous < day", name="ground_moves_moves_forwards"),
        sa.ForeignKeyConstraint(["region_id"], ["ground_regions.id"], name="ground_moves_region_id_refers"),
        sa.PrimaryKeyConstraint("region_id", "level", "day", "previous", name="ground_moves_key"),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("ground_moves")
    op.drop_table("ground_regions")
    op.drop_table("ground_looks")


def _looks() -> None:
    op.create_table(
        "ground_looks",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("scan_id", sa.String(length=80), nullable=True),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("drawn", sa.LargeBinary(), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        *[sa.Column(side, sa.Float(precision=53), nullable=False) for side in SIDES],
        sa.CheckConstraint("kind IN ('seen', 'imaged', 'skipped')", name="ground_looks_kind_is_known"),
        sa.CheckConstraint("(kind = 'skipped') = (scan_id IS NULL)", name="ground_looks_imagery_has_its_scan"),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="ground_looks_flight_id_refers"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="ground_looks_scan_id_refers"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="ground_looks_district_id_refers"),
        sa.PrimaryKeyConstraint("id", name="ground_looks_key"),
        sa.UniqueConstraint("flight_id", "kind", name="ground_looks_one_kind"),
    )
    op.create_index("ground_looks_of_district", "ground_looks", ["district_id", "kind", "day"], unique=False)
    place = ["district_id", "kind", "west", "east", "south", "north"]
    op.create_index("ground_looks_place", "ground_looks", place, unique=False)


def _regions() -> None:
    op.create_table(
        "ground_regions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("area_id", sa.String(length=80), nullable=True),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("drawn", sa.LargeBinary(), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        *[sa.Column(side, sa.Float(precision=53), nullable=False) for side in SIDES],
        sa.CheckConstraint("area_m2 > 0", name="ground_regions_region_has_an_area"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="ground_regions_district_id_refers"),
        sa.ForeignKeyConstraint(["area_id"], ["survey_areas.id"], name="ground_regions_area_id_refers"),
        sa.PrimaryKeyConstraint("id", name="ground_regions_key"),
        sa.UniqueConstraint("area_id", name="ground_regions_one_area_id"),
    )
    op.create_index("ground_regions_district_id", "ground_regions", ["district_id"], unique=False)
