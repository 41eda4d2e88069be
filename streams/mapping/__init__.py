"""Mapping is data: tables in TOML, loaded once, compiled to functions. Guide: docs/mapping.md."""

from streams.mapping.entity import Entity
from streams.mapping.load import load, shipped
from streams.mapping.stores import Reference, Store, stores

__all__ = ["Entity", "Reference", "Store", "load", "shipped", "stores"]
