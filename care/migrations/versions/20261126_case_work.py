"""working on cases: approvals, remedies in parts, limits, links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d507"
down_revision = "b1f0c3a4d506"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("place", sa.String(length=40), nullable=True))

    op.create_table(
        "case_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"],
            ["staff.id"],
            name=op.f("fk_case_approval_asked_by_id_staff"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_case_approval_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["staff.id"],
            name=op.f("fk_case_approval_decided_by_id_staff"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_approval")),
        sa.UniqueConstraint("key", name=op.f("uq_case_approval_key")),
    )
    with op.batch_alter_table("case_approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_approval_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(
            "ix_case_approval_complaint_id_decision", ["complaint_id", "decision"], unique=False
        )

    op.create_table(
        "case_remedy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=40), nullable=True),
        sa.Column("basis", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_case_remedy_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_remedy")),
    )
    with op.batch_alter_table("case_remedy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_remedy_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "remedy_limit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("set_by", sa.String(length=40), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_limit")),
        sa.UniqueConstraint("role", "version", name=op.f("uq_remedy_limit_role_version")),
    )

    op.create_table(
        "case_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("one_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["one_id"],
            ["complaint.id"],
            name=op.f("fk_case_link_one_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["complaint.id"],
            name=op.f("fk_case_link_other_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("one_id", "other_id", "kind", name=op.f("uq_case_link_one_id_other_id_kind")),
    )
    with op.batch_alter_table("case_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_link_one_id"), ["one_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_link_other_id"), ["other_id"], unique=False)

    _words_of_causes(
        {
            "流程": "process",
            "组织": "organisation",
            "位置设施": "place",
            "数据流": "data_flow",
            "技术": "technology",
        }
    )


def downgrade() -> None:
    op.drop_table("case_link")
    op.drop_table("remedy_limit")
    op.drop_table("case_remedy")
    op.drop_table("case_approval")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_column("place")
        batch_op.drop_column("batch")


def _words_of_causes(words: dict[str, str]) -> None:
    """First levels were written by their label until now."""
    for label, value in words.items():
        op.execute(
            sa.text("UPDATE complaint SET root_cause_1 = :value WHERE root_cause_1 = :label").bindparams(
                value=value, label=label
            )
        )
