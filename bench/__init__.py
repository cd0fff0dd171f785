"""Measurements of the real product. Each writes its entry of `results.json`."""
