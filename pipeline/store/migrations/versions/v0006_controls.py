"""Ground of known truth, and items that ask how good readers and models are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "controls",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flight_id", sa.String(length=80), nullable=False),
        sa.Column("truth", sa.String(length=20), nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("room_m", sa.Float(precision=53), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("flag_id", sa.String(length=80), nullable=True),
        sa.Column("added_by", sa.String(length=80), nullable=True),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("retired_at", sa.String(27), nullable=True),
        sa.CheckConstraint("truth IN ('target', 'clear')", name="controls_truth_is_known"),
        sa.CheckConstraint("room_m > 0", name="controls_has_room"),
        sa.CheckConstraint("score >= 0 AND score <= 1", name="controls_score_is_probability"),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name="controls_added_by_refers"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="controls_flag_id_refers"),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], name="controls_flight_id_refers"),
        sa.PrimaryKeyConstraint("id", name="controls_key"),
    )
    op.create_index("controls_flight_id", "controls", ["flight_id"], unique=False)
    op.create_table(
        "control_items",
        sa.Column("flag_id", sa.String(length=80), nullable=False),
        sa.Column("control_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["control_id"], ["controls.id"], name="control_items_control_id_refers"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="control_items_flag_id_refers"),
        sa.PrimaryKeyConstraint("flag_id", name="control_items_key"),
    )
    op.create_index("control_items_control_id", "control_items", ["control_id"], unique=False)
    op.create_table(
        "audit_items",
        sa.Column("flag_id", sa.String(length=80), nullable=False),
        sa.Column("stratum", sa.Integer(), nullable=False),
        sa.Column("stratum_cells", sa.Integer(), nullable=False),
        sa.Column("stratum_drawn", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stratum_drawn >= 1 AND stratum_drawn <= stratum_cells", name="audit_items_drawn_from_what_is_there"
        ),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="audit_items_flag_id_refers"),
        sa.PrimaryKeyConstraint("flag_id", name="audit_items_key"),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("audit_items")
    op.drop_table("control_items")
    op.drop_table("controls")
