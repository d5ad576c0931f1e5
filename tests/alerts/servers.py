"""A webhook and a mail server on this machine, which keep what they are told."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Hook:
    """What was posted, and what is answered: the statuses in their order, then 200."""

    url: str = ""
    posted: list[dict] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@contextmanager
def webhook():
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            status = hook.statuses.pop(0) if hook.statuses else 200
            if status == 200:
                hook.posted.append(json.loads(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_port}/services/T0/s3cret-token"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Post:
    """A mail server that speaks as much SMTP as a client needs, by RFC 5321."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """The commands, with `TLS ` before those that nobody could read on the way."""
    sign_ins: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """What is answered to MAIL, before it is taken."""
    has_starttls: bool = True

    async def serve(self, reader, writer, tls, is_safe):
        async def say(*lines):
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        await say("220 post.example.com ESMTP")
        while line := (await reader.readline()).decode().strip():
            self.told.append(f"TLS {line}" if is_safe else line)
            word = line.split()[0].upper()
            if word == "EHLO":
                more = ["250-STARTTLS"] if self.has_starttls and not is_safe else []
                await say("250-post.example.com", *more, "250 AUTH PLAIN")
            elif word == "STARTTLS":
                await say("220 go ahead")
                await writer.start_tls(tls)
                is_safe = True
            elif word == "AUTH":
                said = base64.b64decode(line.split()[2]).decode().split("\0")
                self.sign_ins.append(":".join(said[1:]))
                is_right = said[2] != "wrong"
                await say("235 hello" if is_right else "535 5.7.8 not you, wrong")
            elif word == "MAIL" and self.refusals:
                await say(self.refusals.pop(0))
            elif word in ("MAIL", "RCPT", "RSET"):
                await say("250 ok")
            elif word == "DATA":
                await say("354 go on")
                data = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(data[:-5], policy=policy.default))
                await say("250 taken")
            elif word == "QUIT":
                await say("221 bye")
                break
        writer.close()


@contextmanager
def post(certificate: Path, *, is_safe=False):
    """A mail server; `is_safe` where it speaks TLS from the first word on."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    box, loop, is_up = Post(), asyncio.new_event_loop(), threading.Event()

    async def start():
        server = await asyncio.start_server(
            lambda reader, writer: box.serve(reader, writer, tls, is_safe),
            "127.0.0.1",
            0,
            ssl=tls if is_safe else None,
        )
        box.port = server.sockets[0].getsockname()[1]
        is_up.set()

    def work():
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert is_up.wait(10)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def make_certificate(path: Path) -> Path:
    """A certificate of 127.0.0.1 and its key in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
