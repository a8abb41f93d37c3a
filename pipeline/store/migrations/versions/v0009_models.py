"""Models: challengers, the champion, and who promoted it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=False),
        sa.Column("report_sha256", sa.String(length=64), nullable=True),
        sa.Column("compared_with", sa.String(length=80), nullable=True),
        sa.Column("labels_sha256", sa.String(length=64), nullable=True),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.Column("leaf", POSITION, nullable=False),
        sa.CheckConstraint("state IN ('challenger', 'champion', 'retired')", name="models_state_is_known"),
        sa.CheckConstraint("outcome IN ('better', 'not_shown', 'worse', 'founding')", name="models_outcome_is_known"),
        sa.CheckConstraint("length(bundle_sha256) = 64", name="models_bundle_is_named"),
        sa.ForeignKeyConstraint(["compared_with"], ["models.id"], name="models_compared_with_refers"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="models_leaf_refers"),
        sa.PrimaryKeyConstraint("id", name="models_key"),
        sa.UniqueConstraint("leaf", name="models_one_leaf"),
        sa.UniqueConstraint("name", name="models_one_name"),
    )
    op.create_table(
        "promotions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("override", sa.Text(), server_default="", nullable=False),
        sa.Column("leaf", POSITION, nullable=False),
        sa.CheckConstraint("step IN ('founding', 'promotion', 'roll_back')", name="promotions_step_is_known"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="promotions_has_a_reason"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="promotions_leaf_refers"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="promotions_model_id_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="promotions_person_id_refers"),
        sa.PrimaryKeyConstraint("number", name="promotions_key"),
        sa.UniqueConstraint("leaf", name="promotions_one_leaf"),
    )
    op.create_index("promotions_model_id", "promotions", ["model_id"], unique=False)


def downgrade() -> None:
    """Remove the tables."""
    op.drop_table("promotions")
    op.drop_table("models")
