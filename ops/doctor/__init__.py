"""Checks a live pair of orgs, and the cluster, against the mapping and the configuration; each finding says how it is repaired."""
