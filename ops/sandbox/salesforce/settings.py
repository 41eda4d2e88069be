"""How this org is set up: what an admin could have chosen otherwise, and what is open about real orgs (reference, "Open points")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Switches of one org.

    `organization`: which org it is, a number that makes its id. `undeployed`: objects or fields of our metadata that the admin forgot. `plus_is_space`: what `+` in an external id of a path means.
    `origin_through_collections`: whether Sforce-Call-Options reaches changeOrigin through composite and collections (undocumented).
    `bulk_polls`: so many looks at a Bulk job find it InProgress before it is done. `daily_calls`: Enterprise with licences. `enhanced_commerce_orders`: quantity and price of activated orders are frozen.
    """

    organization: int = 1
    currency: str = "USD"
    undeployed: tuple[str, ...] = ()
    cdc_addon: bool = False
    cdc_entities: tuple[str, ...] | None = None
    state_country_picklists: bool = True
    enhanced_commerce_orders: bool = True
    plus_is_space: bool = False
    origin_through_collections: bool = False
    daily_calls: int = 5_000_000
    page_size: int = 2000
    bulk_polls: int = 0
    api_versions: tuple[int, ...] = tuple(range(45, 69))
    newest_version: int = 67
