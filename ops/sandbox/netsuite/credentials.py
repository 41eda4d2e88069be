"""What a client signs in with: generated at first start, kept in the sandbox's folder."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

FILE = "netsuite-credentials.json"
KEY_FILE = "netsuite-key.pem"
SIGNING_FILE = "netsuite-signing-key.pem"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets of one sandbox account. `private_key`: file of the PEM key whose certificate is mapped as `certificate_id`."""

    account: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str
    client_id: str
    certificate_id: str
    private_key: Path

    def public_key(self) -> str:
        key = load_key(self.private_key)
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def signing_key(self) -> rsa.RSAPrivateKey:
        """The account's own key, which signs access tokens."""
        path = self.private_key.parent / SIGNING_FILE
        _make_key(path, 2048)
        return load_key(path)


def ensure(directory: Path, account: str) -> Credentials:
    """The credentials of `directory`, made when it has none."""
    directory.mkdir(parents=True, exist_ok=True)
    path, key = directory / FILE, directory / KEY_FILE
    if path.exists() and key.exists():
        return Credentials(**{**json.loads(path.read_text("utf-8")), "private_key": key})
    _make_key(key, 3072)
    hexes = [secrets.token_hex(32) for _ in range(5)]
    made = Credentials(account, hexes[0], hexes[1], hexes[2], hexes[3], hexes[4], secrets.token_urlsafe(24), key)
    kept = {name: value for name, value in asdict(made).items() if name != "private_key"}
    path.touch(mode=0o600)
    path.write_text(json.dumps(kept, indent=2), "utf-8")
    return made


def load_key(path: Path) -> rsa.RSAPrivateKey:
    """A key that we made ourselves: checking its primes again would cost a quarter of a second."""
    key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _make_key(path: Path, bits: int) -> None:
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        form = serialization.PrivateFormat.PKCS8
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
