"""The database's schema, step by step, on SQLite and PostgreSQL alike.

A change of a table in `care.records` comes with a revision here:
``alembic revision --autogenerate -m "what changes"``; a test holds both together.
"""
