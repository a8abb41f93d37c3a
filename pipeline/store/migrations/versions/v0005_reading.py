"""What readers saw, outlines they drew, and why something is put before them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table. SQLite adds a column with its check only in words of its own."""
    op.execute(
        "ALTER TABLE flags ADD COLUMN origin VARCHAR(20) DEFAULT 'scan' NOT NULL "
        "CONSTRAINT flags_origin_is_known CHECK (origin IN ('scan', 'control', 'audit'))"
    )
    op.create_index("flags_by_age", "flags", ["status", "raised_at"], unique=False)
    for column, kind in (
        ("picture_sha256", sa.String(64)),
        ("overview_sha256", sa.String(64)),
        ("served_at", sa.String(27)),
        ("pictures_sha256", sa.String(64)),
        ("shown_at", sa.String(27)),
        ("revealed_at", sa.String(27)),
        ("undone", sa.String(80)),
    ):
        op.add_column("leases", sa.Column(column, kind, nullable=True))
    op.create_index("leases_of_person", "leases", ["person_id", "leased_at"], unique=False)
    op.add_column("decisions", sa.Column("outline_sha256", sa.String(64), nullable=True))
    op.create_index("decisions_of_person", "decisions", ["person_id", "decided_at"], unique=False)
    op.create_table(
        "redrawn_outlines",
        sa.Column("decision_id", sa.String(length=80), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("area_m2", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("part >= 1", name="redrawn_outlines_counts_from_1"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="redrawn_outlines_decision_id_refers"),
        sa.PrimaryKeyConstraint("decision_id", "part", name="redrawn_outlines_key"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("redrawn_outlines")
    op.drop_index("decisions_of_person", "decisions")
    op.drop_column("decisions", "outline_sha256")
    op.drop_index("leases_of_person", "leases")
    for column in (
        "undone",
        "revealed_at",
        "shown_at",
        "pictures_sha256",
        "served_at",
        "overview_sha256",
        "picture_sha256",
    ):
        op.drop_column("leases", column)
    op.drop_index("flags_by_age", "flags")
    op.execute("ALTER TABLE flags DROP COLUMN origin")
