"""The audit trail, kept in a database that people ask: SQLite embedded, PostgreSQL beyond one machine."""
