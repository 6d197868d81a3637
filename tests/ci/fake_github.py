"""As much of GitHub's REST API as comments and issues need, on loopback.

It is strict where GitHub is: the token, sizes, the kinds of requests, pages of a hundred entries.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
REPOSITORY = "somebody/shop"
LONGEST = 65_536
BOT = {"login": "github-actions[bot]", "type": "Bot"}


@dataclass
class FakeGitHub:
    """A repository: its pull requests' comments, and its issues."""

    url: str = ""
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """By the number of the pull request."""
    issues: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the answers to the next requests, before anything is done."""
    next_id: int = 100

    def add_comment(self, number: int, body: str, kind: str = "Bot") -> dict[str, Any]:
        """A comment that is there already."""
        self.next_id += 1
        one = {"id": self.next_id, "body": body, "user": {"login": "x", "type": kind}}
        self.comments.setdefault(number, []).append(one)
        return one

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and document for a request."""
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if len(body.get("body", "")) > LONGEST:
            return 422, {"message": "Validation Failed: body is too long"}
        for verb, pattern, act in (
            ("GET", r"issues/(\d+)/comments", self._comments),
            ("POST", r"issues/(\d+)/comments", self._comment),
            ("PATCH", r"issues/comments/(\d+)", self._edit),
            ("GET", r"issues", self._list),
            ("POST", r"issues", self._open),
            ("PATCH", r"issues/(\d+)", self._change),
        ):
            match = re.fullmatch(f"/repos/{REPOSITORY}/{pattern}", parts.path)
            if match and verb == method:
                number = int(match[1]) if match.groups() else 0
                return act(number, body, query)
        return 404, {"message": "Not Found"}

    def _comments(self, number: int, _: Any, query: dict[str, str]) -> tuple[int, Any]:
        return 200, _page(self.comments.setdefault(number, []), query)

    def _comment(self, number: int, body: dict[str, Any], _: Any) -> tuple[int, Any]:
        self.next_id += 1
        one = {"id": self.next_id, "body": body["body"], "user": BOT}
        self.comments.setdefault(number, []).append(one)
        return 201, one

    def _edit(self, identifier: int, body: dict[str, Any], _: Any) -> tuple[int, Any]:
        for one in (one for entries in self.comments.values() for one in entries):
            if one["id"] == identifier:
                one["body"] = body["body"]
                return 200, one
        return 404, {"message": "Not Found"}

    def _list(self, _number: int, _: Any, query: dict[str, str]) -> tuple[int, Any]:
        state, label = query.get("state", "open"), query.get("labels")
        wanted = [one for one in self.issues if one["state"] == state and label in one["labels"]]
        return 200, _page(wanted, query)

    def _open(self, _number: int, body: dict[str, Any], _: Any) -> tuple[int, Any]:
        self.issues.append({**body, "number": len(self.issues) + 1, "state": "open", "user": BOT})
        return 201, self.issues[-1]

    def _change(self, number: int, body: dict[str, Any], _: Any) -> tuple[int, Any]:
        self.issues[number - 1].update(body)
        return 200, self.issues[number - 1]


def _page(entries: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size = min(int(query.get("per_page", "30")), 100)
    begin = (int(query.get("page", "1")) - 1) * size
    return entries[begin : begin + size]


@contextmanager
def running() -> Iterator[FakeGitHub]:
    """A fake GitHub at an address of its own."""
    state = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            state.requests.append(f"{self.command} {self.path}")
            headers: dict[str, str] = {}
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, document = 401, {"message": "Bad credentials"}
            elif state.refusals:
                status, headers = state.refusals.pop(0)
                document = {"message": "not now"}
            else:
                status, document = state.answer(self.command, self.path, body)
            text = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 - as the server asks for them

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
