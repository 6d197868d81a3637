"""Azure's management service on this machine: the two caches that keys can be made anew of.

It speaks HTTPS, wants a token, the API version of the SDK and a body with nothing else in it, and
makes keys as Azure does: at once for a classic cache, in an operation that is polled for a managed
one. `orders` make it fail in a chosen way.
"""

import json
import re
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from package_certificates import issue

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-rg/providers/Microsoft.Cache"
MANAGED = f"{GROUP}/redisEnterprise/shop-queue/databases/default"
CLASSIC = f"{GROUP}/redis/shop-queue"
API = {MANAGED: "2025-07-01", CLASSIC: "2024-11-01"}
OPERATIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache/operationsStatus/"


def new_key() -> str:
    """A key like Azure's: base64, with its signs in it."""
    return "Ab+/" + secrets.token_hex(18) + "="


@dataclass
class Orders:
    """What goes wrong."""

    status: int = 0
    """Status of the answer to the POST; 0: what is right."""
    body: Any = None
    """Its body: a text, or something for JSON."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    polls: int = 2
    """How often an operation is asked for until it has ended."""
    end: Any = None
    """The last answer to the polling, in place of the keys."""
    broken_polls: int = 0
    """How many of the first polls are answered by 502."""
    silent: bool = False
    """No answer to the POST."""
    hang_up: bool = False
    """The connection ends after the POST was read."""


class Management(ThreadingHTTPServer):
    """The service. `keys` by resource id and kind; `seen` what was asked, without tokens."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        authority = issue("ca", is_ca=True, uses=None)
        leaf = issue("server", issuer=authority)
        (folder / "server.pem").write_text(leaf.certificate_pem + leaf.key_pem)
        self.ca = folder / "ca.pem"
        self.ca.write_text(authority.certificate_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.token = f"token-{secrets.token_hex(12)}"
        self.keys = {resource: {"Primary": new_key(), "Secondary": new_key()} for resource in API}
        self.known_keys = {key for pair in self.keys.values() for key in pair.values()}
        self.orders = Orders()
        self.seen: list[str] = []
        self.operations: dict[str, list[Any]] = {}
        self.asked_scopes: list[str] = []
        self.polled = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up in these tests."""

    def make(self, resource: str, kind: str) -> None:
        """A new key in place of one."""
        self.keys[resource][kind] = new_key()
        self.known_keys.add(self.keys[resource][kind])

    def secrets(self) -> set[str]:
        """All that nothing may print."""
        return {self.token, *self.known_keys}


def error(code: str, message: str) -> dict[str, Any]:
    """An error as Azure writes one."""
    return {"error": {"code": code, "message": message}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Management  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        self.server.seen.append(f"POST {url.path}")
        orders = self.server.orders
        if orders.silent:
            time.sleep(5)
        if orders.hang_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if orders.status:
            self._answer(orders.status, orders.body, orders.headers)
            return
        resource = url.path.removesuffix("/regenerateKey")
        reasons: list[tuple[int, str, Callable[[], bool]]] = [
            (401, "InvalidAuthenticationToken", self._authorized),
            (404, "ResourceNotFound", lambda: resource in API and resource != url.path),
            (
                400,
                "InvalidApiVersionParameter",
                lambda: parse_qs(url.query) == {"api-version": [API[resource]]},
            ),
            (400, "InvalidRequestContent", lambda: self._wanted(text) is not None),
        ]
        for status, code, holds in reasons:
            if not holds():
                self._answer(status, error(code, "the request is wrong"))
                return
        self.server.make(resource, str(self._wanted(text)))
        if resource == CLASSIC:
            self._answer(200, self._keys(resource))
            return
        operation = secrets.token_hex(8)
        # The body of the end is made now: which keys there are is decided.
        end = orders.end or {"status": "Succeeded", "properties": {}, **self._keys(resource)}
        self.server.operations[operation] = [
            *([502] * orders.broken_polls),
            *([{"status": "InProgress"}] * (orders.polls - 1)),
            end,
        ]
        place = f"{self.server.url}{OPERATIONS}{operation}?api-version=2025-07-01"
        headers = {"Azure-AsyncOperation": place, "Location": place, "Retry-After": "0"}
        self._answer(202, None, headers)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.seen.append(f"GET {re.sub(r'[0-9a-f]{16}$', 'ID', url.path)}")
        left = self.server.operations.get(url.path.rpartition("/")[2])
        if not self._authorized() or not left:
            self._answer(404, error("NotFound", "no such operation"))
            return
        answer = left.pop(0) if len(left) > 1 else left[0]
        self.server.polled.set()
        if isinstance(answer, int):
            self._answer(answer, "<html>bad gateway</html>")
        else:
            self._answer(200, answer)

    def _authorized(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.server.token}"

    def _wanted(self, text: bytes) -> str | None:
        try:
            body = json.loads(text)
        except ValueError:
            return None
        kind = body.get("keyType") if isinstance(body, dict) else None
        return kind if body == {"keyType": kind} and kind in {"Primary", "Secondary"} else None

    def _keys(self, resource: str) -> dict[str, str]:
        pair = self.server.keys[resource]
        return {"primaryKey": pair["Primary"], "secondaryKey": pair["Secondary"]}

    def _answer(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


class Identity(ThreadingHTTPServer):
    """The service on a machine in Azure that hands out tokens of the machine's identity."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _IdentityHandler)
        self.token = token
        self.header = secrets.token_hex(8)
        self.resources: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        """What Azure sets there, and that no other way to log in is tried."""
        return {
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self.server_address[1]}/msi/token",
            "IDENTITY_HEADER": self.header,
        }


class _IdentityHandler(BaseHTTPRequestHandler):
    server: Identity  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        right = self.headers.get("X-IDENTITY-HEADER") == self.server.header
        self.server.resources += query.get("resource", [])
        body = {
            "access_token": self.server.token,
            "expires_on": str(int(time.time()) + 3600),
            "resource": query.get("resource", [""])[0],
            "token_type": "Bearer",
        }
        text = json.dumps(body if right else {"error": "unauthorized"}).encode()
        self.send_response(200 if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass
