"""staff accounts: second factor, single sign-on, hours"""

from __future__ import annotations

revision = "b1f0c3a4d50a"
down_revision = "b1f0c3a4d509"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
