"""Which model reads topics best: candidates, learning curve, and what is still confused; docs/understanding.md."""
