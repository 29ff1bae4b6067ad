"""Model calls and reviews, for the forge.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_call",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["label"], ["label.text"], name=op.f("fk_model_call_label")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_model_call")),
    )
    op.create_table(
        "review",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("example_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("messages", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["label"], ["label.text"], name=op.f("fk_review_label")),
        sa.PrimaryKeyConstraint("dataset", "example_id", "reviewer", name=op.f("pk_review")),
    )
    op.create_table(
        "model_call_source",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"], ["model_call.key"], name=op.f("fk_model_call_source_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "key", name=op.f("pk_model_call_source")),
    )
    op.create_index(op.f("ix_model_call_source_key"), "model_call_source", ["key"], unique=False)
    op.create_table(
        "review_source",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("example_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset", "example_id", "reviewer"],
            ["review.dataset", "review.example_id", "review.reviewer"],
            name=op.f("fk_review_source_dataset"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "document_id", "dataset", "example_id", "reviewer", name=op.f("pk_review_source")
        ),
    )
    op.create_index(
        op.f("ix_review_source_dataset_example_id_reviewer"),
        "review_source",
        ["dataset", "example_id", "reviewer"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_review_source_dataset_example_id_reviewer"), table_name="review_source")
    op.drop_table("review_source")
    op.drop_index(op.f("ix_model_call_source_key"), table_name="model_call_source")
    op.drop_table("model_call_source")
    op.drop_table("review")
    op.drop_table("model_call")
