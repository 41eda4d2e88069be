"""SOQL: grammar, then evaluation over the store."""
