"""The sandboxes of `tests/accord`, for the producers that read them."""

from __future__ import annotations

from tests.accord.conftest import account, org, served_account, served_org

__all__ = ["account", "org", "served_account", "served_org"]
