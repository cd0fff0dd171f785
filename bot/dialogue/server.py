"""``python -m bot.dialogue.server``: ``rasa run`` on the address of ZHIKE_RASA_URL, quietly."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

from care.settings import load_settings


def main() -> None:
    """Starts the Rasa server in this process; further arguments are handed to ``rasa run``."""
    settings = load_settings()
    address = urlsplit(settings.rasa_url)
    os.chdir(settings.root)
    # Rasa and TensorFlow read these while they are imported.
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    sys.path.insert(0, str(settings.root))
    from rasa.__main__ import main as rasa_main

    sys.argv = [
        "rasa", "run", "-i", address.hostname or "127.0.0.1", "-p", str(address.port or 5005),
        "--endpoints", "endpoints.yml", "--credentials", "credentials.yml", *sys.argv[1:],
    ]  # fmt: skip
    rasa_main()


if __name__ == "__main__":
    main()
