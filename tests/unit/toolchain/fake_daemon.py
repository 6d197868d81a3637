"""A small Docker daemon on a unix socket: pings, images, pulls, imports and runs."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit


class FakeDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """`images` are present; `pullable` come by a pull; `outputs` answer containers in turn."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(str(path), Handler)
        self.url = f"unix://{path}"
        self.images, self.pullable = set(), set()
        self.outputs, self.requests, self.imported = [], [], {}
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: FakeDaemon  # pyright: ignore[reportIncompatibleVariableOverride]

    def address_string(self):
        return "unix"

    def log_message(self, *_):  # pyright: ignore[reportIncompatibleMethodOverride]
        pass

    def answer(self, status: int, body: bytes | dict = b""):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def read(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        self.server.requests.append(f"GET {self.path}")
        if self.path == "/_ping":
            self.answer(200, b"OK")
        elif self.path == "/version":
            self.answer(200, {"Arch": "amd64"})
        elif self.path.startswith("/images/"):
            name = self.path.removeprefix("/images/").removesuffix("/json")
            self.answer(200 if name in self.server.images else 404, {"message": "no such image"})
        else:
            self.answer(200, self.server.outputs.pop(0).encode())

    def do_POST(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        body = self.read()
        self.server.requests.append(f"POST {url.path}")
        if url.path == "/images/create" and "fromSrc" in query:
            name = f"{query['repo'][0]}:{query['tag'][0]}"
            self.server.images.add(name)
            self.server.imported[name] = (body, query["changes"])
            self.answer(200, b'{"status":"sha256:1"}\n')
        elif url.path == "/images/create":
            name = f"{query['fromImage'][0]}:{query['tag'][0]}"
            if name not in self.server.pullable:
                self.answer(500, {"message": "registry: no such host"})
                return
            self.server.images.add(name)
            layer = {"status": "Downloading", "id": "a"}
            lines = [
                {**layer, "progressDetail": {"current": 1 << 20, "total": 2 << 20}},
                {"status": "Download complete", "id": "a", "progressDetail": {}},
            ]
            self.answer(200, "".join(json.dumps(line) + "\r\n" for line in lines).encode())
        elif url.path == "/containers/create":
            self.answer(201, {"Id": "c1"})
        elif url.path.endswith("/start"):
            self.answer(204)
        else:
            self.answer(200, {"StatusCode": 0})

    def do_DELETE(self):
        self.server.requests.append(f"DELETE {self.path}")
        self.server.images.discard(self.path.removeprefix("/images/"))
        self.answer(200, b"[]")
