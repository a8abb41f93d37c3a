"""Leases, decisions, visits and the stop switch."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _leases()
    _decisions()
    _visits()
    _stops()


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("stops")
    op.drop_table("visits")
    op.drop_table("decisions")
    op.drop_table("leases")


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flag_id", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("leased_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.CheckConstraint("expires_at > leased_at", name="leases_lasts"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="leases_flag_id_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="leases_person_id_refers"),
        sa.PrimaryKeyConstraint("id", name="leases_key"),
    )
    op.create_index("leases_of_flag", "leases", ["flag_id"], unique=False)
    op.create_index(
        "leases_one_open",
        "leases",
        ["flag_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flag_id", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("session_id", sa.String(length=80), nullable=False),
        sa.Column("leaf", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("pictures_sha256", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("threshold", sa.Float(precision=53), nullable=False),
        sa.Column("seconds_looked", sa.Float(precision=53), nullable=False),
        sa.Column("decided_at", sa.String(27), nullable=False),
        sa.Column("supersedes", sa.String(length=80), nullable=True),
        sa.CheckConstraint("verdict IN ('confirm', 'reject', 'unsure')", name="decisions_verdict_is_known"),
        sa.CheckConstraint("length(pictures_sha256) = 64", name="decisions_evidence_was_seen"),
        sa.CheckConstraint("seconds_looked >= 0", name="decisions_looked_forwards"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="decisions_flag_id_refers"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="decisions_leaf_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="decisions_person_id_refers"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="decisions_session_id_refers"),
        sa.ForeignKeyConstraint(["supersedes"], ["decisions.id"], name="decisions_supersedes_refers"),
        sa.PrimaryKeyConstraint("id", name="decisions_key"),
        sa.UniqueConstraint("leaf", name="decisions_one_leaf"),
        sa.UniqueConstraint("supersedes", name="decisions_one_supersedes"),
    )
    op.create_index("decisions_of_flag", "decisions", ["flag_id"], unique=False)
    op.create_index(
        "decisions_one_person",
        "decisions",
        ["flag_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    op.create_index(
        "decisions_one_reader",
        "decisions",
        ["flag_id", "reader"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("flag_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planned_by", sa.String(length=80), nullable=False),
        sa.Column("planned_at", sa.String(27), nullable=False),
        sa.Column("leaf", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("found_by", sa.String(length=80), nullable=True),
        sa.Column("found_at", sa.String(27), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('absent', 'already_removed', 'look_alike', 'no_access', 'verified')",
            name="visits_outcome_is_known",
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (found_by IS NULL) AND (outcome IS NULL) = (found_at IS NULL)", name="visits_found"
        ),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="visits_flag_id_refers"),
        sa.ForeignKeyConstraint(["found_by"], ["people.id"], name="visits_found_by_refers"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="visits_leaf_refers"),
        sa.ForeignKeyConstraint(["planned_by"], ["people.id"], name="visits_planned_by_refers"),
        sa.PrimaryKeyConstraint("id", name="visits_key"),
        sa.UniqueConstraint("flag_id", "number", name="visits_one_number"),
        sa.UniqueConstraint("leaf", name="visits_one_leaf"),
    )


def _stops() -> None:
    op.create_table(
        "stops",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stopped", sa.Boolean(create_constraint=True, name="is_boolean"), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="stops_person_id_refers"),
        sa.PrimaryKeyConstraint("number", name="stops_key"),
    )
