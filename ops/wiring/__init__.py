"""The one place that joins parts: configuration in, running parts out."""
