"""The interpretation key, and which version of it was before whose eyes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "key_entries",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("likeness", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("withdrawn", sa.Boolean(create_constraint=True, name="key_entries_is_boolean"), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("leaf", long, nullable=False),
        sa.CheckConstraint("likeness IN ('target', 'look_alike')", name="key_entries_likeness_is_known"),
        sa.CheckConstraint(
            "stage IN ('seedling', 'leaf', 'flower', 'fruit', 'after', 'any')", name="key_entries_stage_is_known"
        ),
        sa.CheckConstraint("version >= 1", name="key_entries_counts_from_1"),
        sa.ForeignKeyConstraint(["leaf"], ["ledger.position"], name="key_entries_leaf_refers"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="key_entries_person_id_refers"),
        sa.PrimaryKeyConstraint("id", "version", name="key_entries_key"),
        sa.UniqueConstraint("leaf", name="key_entries_one_leaf"),
    )
    op.create_table(
        "key_views",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("session_id", sa.String(length=80), nullable=False),
        sa.Column("key_version", long, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="key_views_session_id_refers"),
        sa.PrimaryKeyConstraint("id", name="key_views_key"),
    )
    op.create_index("key_views_of_session", "key_views", ["session_id", "at"], unique=False)


def downgrade() -> None:
    """Remove them."""
    op.drop_table("key_views")
    op.drop_table("key_entries")
