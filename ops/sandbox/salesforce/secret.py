"""The org's credentials: made at random when a directory is first used, kept there, so that a restart keeps them."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DOMAIN = "accord-sandbox.example"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Credentials of one connected app and its users; all users have one password. `jwt_private_key`: PEM, RSA 2048."""

    client_id: str
    client_secret: str
    username: str
    password: str
    security_token: str
    refresh_token: str
    jwt_private_key: str

    def __repr__(self) -> str:
        return f"Secrets(client_id={self.client_id!r}, username={self.username!r}, ...)"

    @property
    def jwt_public_key(self) -> bytes:
        key = serialization.load_pem_private_key(self.jwt_private_key.encode(), None)
        return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def make() -> Secrets:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Secrets(
        client_id="3MVG9" + secrets.token_urlsafe(48),
        client_secret=secrets.token_hex(32).upper(),
        username=f"integration@{DOMAIN}",
        password=secrets.token_urlsafe(12),
        security_token=secrets.token_urlsafe(18),
        refresh_token="5Aep861" + secrets.token_urlsafe(48),
        jwt_private_key=pem.decode(),
    )


def ensure(directory: Path) -> Secrets:
    """Those of `directory`, made at first use (file mode 600)."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "salesforce-secrets.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(make())))
    return Secrets(**json.loads(path.read_text()))
