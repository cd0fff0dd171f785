"""surge alarms, corrective actions, win-back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d508"
down_revision = "b1f0c3a4d507"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrective_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("cause_note", sa.String(length=500), nullable=False),
        sa.Column("cause_refs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("improves", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("resources", sa.String(length=500), nullable=True),
        sa.Column("sub_tasks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=True),
        sa.Column("figure", sa.String(length=32), nullable=True),
        sa.Column("scope", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("comparison", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff.id"], name=op.f("fk_corrective_action_created_by_staff")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_corrective_action_owner_id_staff")),
        sa.ForeignKeyConstraint(
            ["verified_by"], ["staff.id"], name=op.f("fk_corrective_action_verified_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_action")),
    )
    with op.batch_alter_table("corrective_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrective_action_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_corrective_action_state_due", ["state", "due_on"], unique=False)

    op.create_table(
        "corrective_action_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["corrective_action.id"],
            name=op.f("fk_corrective_action_event_action_id_corrective_action"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_action_event")),
        sa.UniqueConstraint("action_id", "seq", name=op.f("uq_corrective_action_event_action_id_seq")),
    )
    with op.batch_alter_table("corrective_action_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrective_action_event_action_id"), ["action_id"], unique=False)

    op.create_table(
        "surge_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=160), nullable=False),
        sa.Column("open_key", sa.String(length=120), nullable=True),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("baseline", sa.Float(), nullable=False),
        sa.Column("statistic", sa.Float(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("dispersion", sa.Float(), nullable=False),
        sa.Column("crossings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(length=200), nullable=True),
        sa.Column("corrective_action_id", sa.Integer(), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["staff.id"], name=op.f("fk_surge_alarm_acknowledged_by_staff")
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_surge_alarm_closed_by_staff")),
        sa.ForeignKeyConstraint(
            ["corrective_action_id"],
            ["corrective_action.id"],
            name=op.f("fk_surge_alarm_corrective_action_id_corrective_action"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_alarm")),
        sa.UniqueConstraint("open_key", name=op.f("uq_surge_alarm_open_key")),
    )
    with op.batch_alter_table("surge_alarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_surge_alarm_day"), ["day"], unique=False)
        batch_op.create_index("ix_surge_alarm_dimension_value", ["dimension", "value"], unique=False)

    op.create_table(
        "winback_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["winback_case.id"],
            name=op.f("fk_winback_step_case_id_winback_case"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_winback_step")),
    )
    with op.batch_alter_table("winback_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_winback_step_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("winback_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("open_key", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("trigger_why", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("basis", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("state", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offer_amount", sa.Numeric(precision=12, scale=2), nullable=True))
        batch_op.add_column(sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("contacts", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_step", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("won_order_number", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("reason", existing_type=sa.VARCHAR(length=20), nullable=True)

    _fill_old_cases()
    with op.batch_alter_table("winback_case", schema=None) as batch_op:
        batch_op.alter_column("basis", existing_type=sa.String(length=32), nullable=False)
        batch_op.alter_column("state", existing_type=sa.String(length=32), nullable=False)
        batch_op.alter_column("opened_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("contacts", existing_type=sa.Integer(), nullable=False)
        batch_op.create_index(batch_op.f("ix_winback_case_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_winback_case_state_due", ["state", "next_due_at"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_winback_case_open_key"), ["open_key"])
        batch_op.create_foreign_key(
            batch_op.f("fk_winback_case_owner_id_staff"), "staff", ["owner_id"], ["id"]
        )


def downgrade() -> None:
    op.execute("UPDATE winback_case SET reason = 'other' WHERE reason IS NULL")
    with op.batch_alter_table("winback_case", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_winback_case_owner_id_staff"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_winback_case_open_key"), type_="unique")
        batch_op.drop_index("ix_winback_case_state_due")
        batch_op.drop_index(batch_op.f("ix_winback_case_owner_id"))
        batch_op.alter_column("reason", existing_type=sa.VARCHAR(length=20), nullable=False)
        batch_op.drop_column("closed_at")
        batch_op.drop_column("won_order_number")
        batch_op.drop_column("next_due_at")
        batch_op.drop_column("next_step")
        batch_op.drop_column("last_contact_at")
        batch_op.drop_column("contacts")
        batch_op.drop_column("opened_at")
        batch_op.drop_column("offer_amount")
        batch_op.drop_column("owner_id")
        batch_op.drop_column("state")
        batch_op.drop_column("basis")
        batch_op.drop_column("trigger_why")
        batch_op.drop_column("open_key")

    with op.batch_alter_table("winback_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_winback_step_case_id"))

    op.drop_table("winback_step")
    with op.batch_alter_table("surge_alarm", schema=None) as batch_op:
        batch_op.drop_index("ix_surge_alarm_dimension_value")
        batch_op.drop_index(batch_op.f("ix_surge_alarm_day"))

    op.drop_table("surge_alarm")
    with op.batch_alter_table("corrective_action_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrective_action_event_action_id"))

    op.drop_table("corrective_action_event")
    with op.batch_alter_table("corrective_action", schema=None) as batch_op:
        batch_op.drop_index("ix_corrective_action_state_due")
        batch_op.drop_index(batch_op.f("ix_corrective_action_owner_id"))

    op.drop_table("corrective_action")


def _fill_old_cases() -> None:
    """Cases of the older form: their result says how far they came; of several open ones of a customer one goes on."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE winback_case SET opened_at = opened_on")
    else:
        op.execute("UPDATE winback_case SET opened_at = opened_on || ' 00:00:00.000000'")
    op.execute(
        "UPDATE winback_case SET basis = CASE WHEN has_consent THEN 'marketing' ELSE 'service' END,"
        " contacts = CASE WHEN result IS NULL THEN 0 ELSE 1 END,"
        " state = CASE result WHEN 'recovered' THEN 'won' WHEN 'declined' THEN 'lost'"
        " WHEN 'no_answer' THEN 'no_answer' ELSE CASE WHEN result IS NULL THEN 'open' ELSE 'dropped' END END"
    )
    op.execute("UPDATE winback_case SET trigger = 'silence' WHERE trigger = 'silence_2x_gap'")
    op.execute(
        "UPDATE winback_case SET trigger = 'repeated_complaint' WHERE trigger = 'unresolved_complaint'"
    )
    op.execute("UPDATE winback_case SET closed_at = opened_at WHERE result IS NOT NULL")
    op.execute(
        "UPDATE winback_case SET state = 'dropped', result = 'dropped', closed_at = opened_at WHERE result IS NULL"
        " AND id NOT IN (SELECT min(id) FROM winback_case WHERE result IS NULL GROUP BY customer_id)"
    )
    op.execute("UPDATE winback_case SET open_key = 'customer:' || customer_id WHERE state = 'open'")
