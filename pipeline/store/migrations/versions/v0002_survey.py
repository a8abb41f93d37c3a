"""Survey areas, flights, and what the machine makes of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _survey_areas()
    _flights()
    _uploads()
    _flight_steps()
    _orthomosaics()
    _scans()
    _flags()


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("flags")
    op.drop_table("scans")
    op.drop_table("orthomosaics")
    op.drop_table("flight_steps")
    op.drop_table("uploads")
    op.drop_table("flights")
    op.drop_table("survey_areas")


def _survey_areas() -> None:
    op.create_table(
        "survey_areas",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=False),
        sa.Column("south", sa.Float(precision=53), nullable=False),
        sa.Column("east", sa.Float(precision=53), nullable=False),
        sa.Column("north", sa.Float(precision=53), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="survey_areas_district_id_refers"),
        sa.PrimaryKeyConstraint("id", name="survey_areas_key"),
        sa.UniqueConstraint("district_id", "name", name="survey_areas_one_name"),
    )
    op.create_index(("survey_areas_district_id"), "survey_areas", ["district_id"], unique=False)
    op.create_index("survey_areas_place", "survey_areas", ["west", "east", "south", "north"], unique=False)


def _flights() -> None:
    op.create_table(
        "flights",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.Column("flown_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.Column("area_m2", sa.Float(precision=53), nullable=True),
        sa.Column("gsd_m", sa.Float(precision=53), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'checking', 'scanning', 'scanned', 'unusable', 'failed', 'cancelled', 'not_flown')",
            name="flights_state_is_known",
        ),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="flights_district_id_refers"),
        sa.ForeignKeyConstraint(["uploaded_by"], ["people.id"], name="flights_uploaded_by_refers"),
        sa.PrimaryKeyConstraint("id", name="flights_key"),
    )
    op.create_index("flights_by_district", "flights", ["district_id", "state", "received_at"], unique=False)
    op.create_index("flights_by_person", "flights", ["uploaded_by"], unique=False)
    op.create_index("flights_place", "flights", ["west", "east", "south", "north"], unique=False)


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.Column("flight_id", sa.String(length=80), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("bytes_received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.Column("abandoned_at", sa.String(27), nullable=True),
        sa.CheckConstraint("bytes_received >= 0 AND bytes_received <= bytes_total", name="uploads_within_its_size"),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="uploads_district_id_refers"),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="uploads_flight_id_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="uploads_person_id_refers"),
        sa.PrimaryKeyConstraint("id", name="uploads_key"),
    )
    op.create_index(("uploads_flight_id"), "uploads", ["flight_id"], unique=False)
    op.create_index(("uploads_person_id"), "uploads", ["person_id"], unique=False)
    op.create_index(("uploads_sha256"), "uploads", ["sha256"], unique=False)


def _flight_steps() -> None:
    op.create_table(
        "flight_steps",
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unit", sa.String(length=20), server_default="", nullable=False),
        sa.Column("started_at", sa.String(27), nullable=True),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="flight_steps_state_is_known"
        ),
        sa.CheckConstraint(
            "step IN ('intake', 'quality', 'scan', 'plots', 'flags')", name="flight_steps_step_is_known"
        ),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="flight_steps_flight_id_refers"),
        sa.PrimaryKeyConstraint("flight_id", "step", name="flight_steps_key"),
    )


def _orthomosaics() -> None:
    op.create_table(
        "orthomosaics",
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("original_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=False),
        sa.Column("left", sa.Float(precision=53), nullable=False),
        sa.Column("top", sa.Float(precision=53), nullable=False),
        sa.Column("pixel_width", sa.Float(precision=53), nullable=False),
        sa.Column("pixel_height", sa.Float(precision=53), nullable=False),
        sa.Column("metres_per_unit", sa.Float(precision=53), nullable=False),
        sa.Column("mask_origin", sa.String(length=80), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="orthomosaics_flight_id_refers"),
        sa.PrimaryKeyConstraint("flight_id", name="orthomosaics_key"),
    )
    op.create_index(("orthomosaics_original_sha256"), "orthomosaics", ["original_sha256"], unique=False)


def _scans() -> None:
    op.create_table(
        "scans",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="scans_flight_id_refers"),
        sa.PrimaryKeyConstraint("id", name="scans_key"),
    )
    op.create_index(("scans_flight_id"), "scans", ["flight_id"], unique=False)


def _flags() -> None:
    op.create_table(
        "flags",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("scan_id", sa.String(length=80), nullable=False),
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=False),
        sa.Column("south", sa.Float(precision=53), nullable=False),
        sa.Column("east", sa.Float(precision=53), nullable=False),
        sa.Column("north", sa.Float(precision=53), nullable=False),
        sa.Column("class_name", sa.String(length=100), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("threshold", sa.Float(precision=53), nullable=False),
        sa.Column("second_read", sa.Boolean(create_constraint=True, name="second_read_is_boolean"), nullable=False),
        sa.Column("raised_at", sa.String(27), nullable=False),
        sa.CheckConstraint(
            "status IN ('unreviewed', 'in_review', 'rejected', 'confirmed', "
            "'disputed', 'visit_planned', 'verified', 'absent', 'look_alike', 'no_access', 'already_removed')",
            name="flags_status_is_known",
        ),
        sa.CheckConstraint("score >= 0 AND score <= 1", name="flags_score_is_probability"),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="flags_flight_id_refers"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="flags_scan_id_refers"),
        sa.PrimaryKeyConstraint("id", name="flags_key"),
        sa.UniqueConstraint("scan_id", "label", name="flags_one_label"),
    )
    op.create_index("flags_by_flight", "flags", ["flight_id", "status"], unique=False)
    op.create_index("flags_place", "flags", ["west", "east", "south", "north"], unique=False)
