"""The mapping for people: what it says and why, as pages, and what a changed one would do."""
