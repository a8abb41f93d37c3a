"""People, what they may do, and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _districts()
    _people()
    _person_roles()
    _person_districts()
    _sign_ins()
    _sessions()
    _api_tokens()
    _ledger()
    _checkpoints()


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("checkpoints")
    op.drop_table("ledger")
    op.drop_table("api_tokens")
    op.drop_table("sessions")
    op.drop_table("sign_ins")
    op.drop_table("person_districts")
    op.drop_table("person_roles")
    op.drop_table("people")
    op.drop_table("districts")


def _districts() -> None:
    op.create_table(
        "districts",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="districts_key"),
        sa.UniqueConstraint("name", name="districts_one_name"),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("locked_at", sa.String(27), nullable=True),
        sa.Column("locked_until", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name="people_key"),
        sa.UniqueConstraint("name", name="people_one_name"),
    )


def _person_roles() -> None:
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "role IN ('surveyor', 'reviewer', 'field', 'manager', 'administrator')", name="person_roles_role_is_known"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="person_roles_person_id_refers"),
        sa.PrimaryKeyConstraint("person_id", "role", name="person_roles_key"),
    )


def _person_districts() -> None:
    op.create_table(
        "person_districts",
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("district_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name="person_districts_district_id_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="person_districts_person_id_refers"),
        sa.PrimaryKeyConstraint("person_id", "district_id", name="person_districts_key"),
    )


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("tried_at", sa.String(27), nullable=False),
        sa.Column("succeeded", sa.Boolean(create_constraint=True, name="is_boolean"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sign_ins_key"),
    )
    op.create_index("sign_ins_by_name", "sign_ins", ["name", "tried_at"], unique=False)
    op.create_index("sign_ins_by_source", "sign_ins", ["source", "tried_at"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.CheckConstraint("expires_at > started_at", name="sessions_lasts"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="sessions_person_id_refers"),
        sa.PrimaryKeyConstraint("id", name="sessions_key"),
    )
    op.create_index(("sessions_person_id"), "sessions", ["person_id"], unique=False)


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("expires_at", sa.String(27), nullable=False),
        sa.Column("used_at", sa.String(27), nullable=True),
        sa.Column("revoked_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="api_tokens_person_id_refers"),
        sa.PrimaryKeyConstraint("id", name="api_tokens_key"),
    )
    op.create_index(("api_tokens_person_id"), "api_tokens", ["person_id"], unique=False)


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="ledger_person_id_refers"),
        sa.PrimaryKeyConstraint("position", name="ledger_key"),
    )
    op.create_index("ledger_by_subject", "ledger", ["subject"], unique=False)


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("leaves", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.String(27), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("leaves", name="checkpoints_key"),
    )
