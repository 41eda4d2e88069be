"""Golden records as tables that finance can close on: SQLite embedded, PostgreSQL beyond one machine."""
