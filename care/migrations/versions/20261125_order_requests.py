"""what customers ask the order system to do"""

from __future__ import annotations

revision = "b1f0c3a4d501"
down_revision = "9776ab695649"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
