"""Drift: where the two systems and Accord's records differ, found with few calls, named, and put on the ordinary path. Guide: docs/guide.md."""
