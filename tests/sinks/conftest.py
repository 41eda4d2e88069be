"""The two sandboxes, served over sockets, once for the room."""

from __future__ import annotations

from tests.accord.conftest import account, org, served_account, served_org

__all__ = ["account", "org", "served_account", "served_org"]
