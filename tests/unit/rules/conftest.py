"""No deadline for a single example: the machine may be busy, and the rules have a test of their speed."""

from hypothesis import settings

settings.register_profile("rules", deadline=None)
settings.load_profile("rules")
