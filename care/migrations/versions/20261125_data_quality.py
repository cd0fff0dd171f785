"""data quality, merging and imports"""

from __future__ import annotations

revision = "b1f0c3a4d502"
down_revision = "b1f0c3a4d501"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
