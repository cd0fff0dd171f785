"""asking for satisfaction, and scores"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d50b"
down_revision = "b1f0c3a4d50a"
branch_labels = None
depends_on = None

_COLUMNS = (
    sa.Column("public_id", sa.String(length=36), nullable=True),
    sa.Column("kind", sa.String(length=32), nullable=True),
    sa.Column("state", sa.String(length=32), nullable=True),
    sa.Column("visitor_id", sa.Integer(), nullable=True),
    sa.Column("dimensions", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("reason_topic", sa.String(length=40), nullable=True),
    sa.Column("reason_emotion", sa.String(length=32), nullable=True),
    sa.Column("reason_cues", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("questions", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("sample_share", sa.Float(), nullable=True),
    sa.Column("not_invited_why", sa.String(length=32), nullable=True),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        for column in _COLUMNS:
            batch_op.add_column(column.copy())
    # What was asked before cannot be answered any more. Of several rows of one contact the newest stays the one.
    op.execute(
        "UPDATE feedback SET kind = CASE WHEN complaint_id IS NULL THEN 'contact' ELSE 'case' END,"
        " state = CASE WHEN answered_at IS NOT NULL THEN 'answered'"
        " WHEN invited_at IS NOT NULL THEN 'unanswered' ELSE 'not_invited' END,"
        " finished_at = answered_at"
    )
    op.execute(
        "DELETE FROM feedback WHERE EXISTS (SELECT 1 FROM feedback AS later WHERE later.id > feedback.id"
        " AND later.kind = feedback.kind AND (later.interaction_id = feedback.interaction_id"
        " OR later.complaint_id = feedback.complaint_id))"
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=32), nullable=False)
        batch_op.alter_column("state", existing_type=sa.String(length=32), nullable=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_feedback_visitor_id_visitor"),
            "visitor",
            ["visitor_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_unique_constraint(batch_op.f("uq_feedback_public_id"), ["public_id"])
        batch_op.create_unique_constraint(
            batch_op.f("uq_feedback_interaction_id_kind"), ["interaction_id", "kind"]
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_feedback_complaint_id_kind"), ["complaint_id", "kind"]
        )
        batch_op.create_index("ix_feedback_state_closes", ["state", "closes_at"], unique=False)
        for name in ("visitor_id", "invited_at", "answered_at"):
            batch_op.create_index(batch_op.f(f"ix_feedback_{name}"), [name], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        for name in ("answered_at", "invited_at", "visitor_id"):
            batch_op.drop_index(batch_op.f(f"ix_feedback_{name}"))
        batch_op.drop_index("ix_feedback_state_closes")
        batch_op.drop_constraint(batch_op.f("uq_feedback_complaint_id_kind"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_feedback_interaction_id_kind"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_feedback_public_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("fk_feedback_visitor_id_visitor"), type_="foreignkey")
        for column in reversed(_COLUMNS):
            batch_op.drop_column(column.name)
