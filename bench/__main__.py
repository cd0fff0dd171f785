"""``python -m bench``: every measurement, one after the other; each writes its entry of `results.json`."""

from __future__ import annotations

import sys

from bench import latency

if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    sys.exit(latency.main())
