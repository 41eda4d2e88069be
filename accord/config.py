"""One configuration: a TOML file plus the environment. All faults are told at once; secrets come from the environment or from files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from accord.cluster import Kafka, is_loopback, is_open
from accord.errors import Fatal

#: Settings that may not stand in the configuration file, only in the environment (ACCORD_SALESFORCE__CLIENT_SECRET ...).
SECRETS = frozenset({"client_secret", "refresh_token", "password", "security_token", "consumer_secret", "token_secret", "tokens", "webhook_url"})
#: Addresses of databases: they may hold a password, and then they are secrets too.
DATABASES = frozenset({"audit_url", "reporting_url"})


#: What asyncpg takes as `ssl` and doesn't fall back from; `disable` is somebody's word that nobody listens.
TLS_OF_DATABASE = frozenset({"require", "verify-ca", "verify-full", "disable"})


class Section(BaseModel):
    """A table of the file: unknown names are faults, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def closed(url: str) -> str:
    """An address that nobody on the way can read along; on this machine plain HTTP does."""
    if is_open(url):
        raise ValueError(f"{url} would be reached without TLS; use https")
    return url


class Salesforce(Section):
    """How to reach the org. `login_url` is its My Domain address."""

    login_url: str
    auth: Literal["jwt", "client_credentials", "refresh", "password"] = "jwt"
    client_id: str
    username: str = ""
    private_key_file: Path | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    password: SecretStr | None = None
    security_token: SecretStr | None = None
    pubsub: str = "api.pubsub.salesforce.com:443"
    channel: str = "/data/Accord_Changes__chn"
    api_version: str = "67.0"
    ca_file: Path | None = None
    slots: int = 8
    poll_s: float = 60.0
    bulk_from: int = 2_000

    @field_validator("login_url")
    @classmethod
    def _closed(cls, url: str) -> str:
        return closed(url)


class NetSuite(Section):
    """How to reach the account. `rest_url`, `restlet_url`: empty = derived from the account id."""

    account: str
    auth: Literal["m2m", "tba"] = "m2m"
    client_id: str = ""
    certificate_id: str = ""
    private_key_file: Path | None = None
    consumer_key: str = ""
    consumer_secret: SecretStr | None = None
    token_id: str = ""
    token_secret: SecretStr | None = None
    rest_url: str = ""
    restlet_url: str = ""
    restlet_script: str = "customscript_accord_poll"
    restlet_deploy: str = "customdeploy_accord_poll"
    ca_file: Path | None = None
    concurrency: int = 5
    poll_s: float = 5.0
    lag_s: float = 10.0
    overlap_s: float = 300.0
    prices_s: float = 600.0

    @field_validator("rest_url", "restlet_url")
    @classmethod
    def _closed(cls, url: str) -> str:
        return closed(url) if url else url


class Run(Section):
    """How the roles run on this machine.

    `margin_s`: how far the clocks of one system's parts may be apart. `call_s`: after this long a call can no longer take effect at its
    target; a sink that follows one which died leaves alone for so long what may have been under way. `reporting`: whether `accord run all`
    keeps golden records as tables too. `audit_days`: how long the audit trail's database keeps a row, in whole days; 0 = for ever.
    """

    state_dir: Path = Path(".accord")
    audit_url: str = Field(default="", repr=False)
    audit_days: int = Field(default=0, ge=0)
    reporting: bool = False
    reporting_url: str = Field(default="", repr=False)
    metrics_port: int = 0
    margin_s: float = 5.0
    call_s: float = 130.0
    workers: int = 1

    @field_validator("audit_url", "reporting_url")
    @classmethod
    def _closed(cls, url: str) -> str:
        """Its driver would go on without TLS where the server offers none, so the address must say."""
        given = urlsplit(url)
        if given.hostname and not is_loopback(given.hostname) and TLS_OF_DATABASE.isdisjoint(parse_qs(given.query).get("ssl", ())):
            raise ValueError("the database would be reached without TLS; add ?ssl=verify-full (or ssl=disable on a network of your own)")
        return url


class Api(Section):
    """Where shops read terms. One token per store, from the environment or a file (one a line); `behind_tls`: a proxy speaks TLS."""

    host: str = "127.0.0.1"
    port: int = 8470
    certificate_file: Path | None = None
    key_file: Path | None = None
    behind_tls: bool = False
    tokens: dict[str, SecretStr] = Field(default_factory=dict)
    token_files: dict[str, Path] = Field(default_factory=dict)


class Mail(Section):
    """The mail server of notices."""

    host: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    username: str = ""
    password: SecretStr | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError(f'{self.host} would be reached without TLS; tls = "starttls" or "tls"')
        return self


class Route(Section):
    """Where notices go. webhook: Slack's form, its address is a secret. digest_s: collect for so long; 0 = at once."""

    kind: Literal["webhook", "email", "topic"]
    webhook_url: SecretStr | None = None
    webhook_url_file: Path | None = None
    to: tuple[str, ...] = ()
    digest_s: float = 0.0


class Rule(Section):
    """Which troubles go where, and how old they must be; a list that is empty means any."""

    entity: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    store: tuple[str, ...] = ()
    status: tuple[Literal["rejected", "waiting", "missing", "dead"], ...] = ()
    after_s: float = 0.0
    to: tuple[str, ...]


class Notices(Section):
    """How rejected and long-parked work reaches people (docs/guide.md)."""

    mail: Mail | None = None
    routes: dict[str, Route] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = [
            f"rules.{n}.to: no route {r!r}; there are {', '.join(self.routes) or 'none'}"
            for n, rule in enumerate(self.rules)
            for r in rule.to
            if r not in self.routes
        ]
        for name, route in self.routes.items():
            if route.kind == "webhook" and not route.webhook_url and not route.webhook_url_file:
                faults.append(f"routes.{name}: give webhook_url_file, or {variable(f'notices.routes.{name}.webhook_url')}")
            if route.kind == "email" and not (self.mail and route.to):
                faults.append(f"routes.{name}: e-mail needs notices.mail and addresses in to")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Reconcile(Section):
    """The scheduled comparison (docs/guide.md). every_s: 0 = none; grace_s: younger changes may still be under way; entities: none = all."""

    every_s: float = 0.0
    repair: bool = False
    grace_s: float = 300.0
    entities: tuple[str, ...] = ()


class Settings(BaseSettings):
    """Everything that `accord` needs to know. `reference` and `stores` are read by the mapping (docs/mapping.md)."""

    model_config = SettingsConfigDict(env_prefix="ACCORD_", env_nested_delimiter="__", extra="forbid", frozen=True)

    kafka: Kafka = Kafka()
    salesforce: Salesforce
    netsuite: NetSuite
    run: Run = Run()
    api: Api = Api()
    notices: Notices = Notices()
    reconcile: Reconcile = Reconcile()
    mapping_dir: Path | None = None
    entities: tuple[str, ...] = (
        "customer", "contact", "address", "tax_registration", "item", "pricebook", "price", "price_break", "customer_price", "inventory", "quote", "order", "fulfilment", "invoice", "payment",
        "credit_memo", "refund", "return", "order_event",
    )  # fmt: skip
    reference: dict[str, Any] = Field(default_factory=dict)
    stores: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (the library's signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment is stronger than the file."""
        return env_settings, init_settings


def load(path: Path) -> Settings:
    """Read the file and the environment. Raises Fatal naming every fault: where, what was found, what to do."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise Fatal(f"{path}: cannot be read ({error.strerror}); write one, docs/guide.md shows how") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path}: not TOML: {error}") from error
    faults = [f"  {where}: a secret may not stand in the file; set {variable(where)} instead" for where in secrets_in(table)]
    try:
        settings = Settings(**table)
    except ValidationError as error:
        faults += [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}{_found(e)}" for e in error.errors(include_url=False)]
        settings = None
    if faults or settings is None:
        raise Fatal(f"{path}: {len(faults)} fault(s)\n" + "\n".join(faults))
    return settings


def secrets_in(table: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of secrets that stand in the file."""
    out: list[str] = []
    for name, value in table.items():
        if name in SECRETS:
            out += [f"{prefix}{name}.{each}" for each in value] if isinstance(value, Mapping) else [prefix + name]
        elif name in DATABASES and isinstance(value, str) and urlsplit(value).password:
            out.append(prefix + name)
        elif isinstance(value, Mapping):
            out += secrets_in(value, f"{prefix}{name}.")
    return out


def variable(where: str) -> str:
    """The environment variable of a setting: `salesforce.client_secret` -> ACCORD_SALESFORCE__CLIENT_SECRET."""
    return "ACCORD_" + where.replace(".", "__").upper()


def _found(error: Any) -> str:
    found = error.get("input")
    secret = (SECRETS | DATABASES).intersection(error["loc"])
    return "" if isinstance(found, Mapping) or secret or error["type"] == "missing" else f" (found {found!r})"
