"""clocks of complaints: escalations, legal clocks, notices to staff"""

from __future__ import annotations

revision = "b1f0c3a4d505"
down_revision = "b1f0c3a4d504"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
