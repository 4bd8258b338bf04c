"""A server on 127.0.0.1 in the place of a portal."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Portal:
    """Answers every path with `content`, or each with the file of that name; `asked` counts the requests."""

    def __init__(self, content: bytes | dict[str, bytes], length: int | None = None, status: int = 200) -> None:
        portal = self
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.asked += 1
                body = content if isinstance(content, bytes) else content[self.path.rpartition("/")[2]]
                self.send_response(status)
                self.send_header("Content-Length", str(length if length is not None else len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Portal:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/files/{name}"
