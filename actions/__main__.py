"""``python -m actions``: the action server on the address of ZHIKE_ACTIONS_URL."""

from __future__ import annotations

from actions.server import main

if __name__ == "__main__":
    main()
