"""A server on this machine that speaks a vendor's contract, and minds it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return _single(parse_qs(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Failure:
    """An answer that takes the place of the next that fit."""

    fits: Callable[[Request], bool]
    answer: Answer | Callable[[Request], Answer] | None
    """None: the connection is cut."""
    times: int = 1


class BrokenContract(Exception):
    """The client asked for what the vendor does not offer."""


class Server:
    """Answers by `handle`; what it cannot make sense of is a breach of the contract,
    which leaving the context raises."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.failures: list[Failure] = []
        self.breaches: list[str] = []
        self.lock = threading.RLock()
        self.clock: Callable[[], Any] | None = None
        """The vendor's, for the header Date."""

    def handle(self, request: Request) -> Answer:
        raise NotImplementedError

    def fail(self, part: str, answer: Answer | None, times: int = 1) -> None:
        """The next requests whose address has this part get another answer."""
        self.failures.append(
            Failure(lambda request: part in request.path, answer, times)
        )

    def asked(self, part: str) -> list[Request]:
        return [request for request in self.requests if part in request.path]

    def __enter__(self) -> Server:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                request = Request(
                    self.command,
                    parts.path,
                    _single(parse_qs(parts.query, keep_blank_values=True)),
                    self.headers,
                    self.rfile.read(length),
                )
                with server.lock:
                    server.requests.append(request)
                    try:
                        answer = server._failure(request) or server.handle(request)
                    except Exception as error:
                        said = f"{request.method} {self.path}: {error!r}"
                        server.breaches.append(said)
                        answer = Answer({"breach": said}, 400)
                if answer.status == 0:
                    self.close_connection = True
                    return
                body = answer.body
                if not isinstance(body, bytes):
                    body = b"" if body is None else json.dumps(body).encode()
                self.send_response_only(answer.status)
                if server.clock is not None:
                    date = format_datetime(server.clock(), usegmt=True)
                    self.send_header("Date", date)
                headers = {"Content-Type": "application/json", **answer.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = _serve

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.http.shutdown()
        self.http.server_close()
        if error[0] is None:
            assert not self.breaches, self.breaches

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def _failure(self, request: Request) -> Answer | None:
        for failure in self.failures:
            if failure.times and failure.fits(request):
                failure.times -= 1
                if callable(failure.answer):
                    return failure.answer(request)
                return failure.answer or Answer(status=0)
        return None


def _single(query: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in query.items()}
