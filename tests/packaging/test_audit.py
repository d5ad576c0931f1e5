"""`make audit` says what it does not know, and fails on what it finds."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.project import ROOT
from tests.packaging import audit
from tests.packaging.licences import locked

NOWHERE = {"AUDIT_DATABASE": "http://127.0.0.1:1/v1/query"}
STUB = "import sys; print(*sys.argv[1:]); sys.exit('{fails}' in ' '.join(sys.argv))"


@pytest.fixture(scope="module")
def database():
    """One that answers; what is in it pip-audit's stub decides."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"AUDIT_DATABASE": f"http://127.0.0.1:{server.server_port}/v1/query"}
    server.shutdown()


def stub(fails="nothing at all"):
    return [sys.executable, "-c", STUB.format(fails=fails)]


@pytest.mark.parametrize(("required", "status"), [("", 0), ("1", 2)])
def test_without_a_database_nothing_is_known(capfd, required, status):
    environ = {**NOWHERE, "AUDIT_REQUIRED": required}
    assert audit.audit(stub("requirements"), environ) == status
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("NOT AUDITED: the database of vulnerabilities at http")


def test_every_lock_is_asked_about(capfd, database):
    assert audit.audit(stub(), database) == 0
    said = capfd.readouterr().out
    for lock in audit.LOCKS:
        assert f"--requirement {ROOT / lock} --require-hashes --disable-pip" in said
    asked = set().union(*map(locked, audit.LOCKS))
    for path in ROOT.glob("requirements*.lock"):
        assert locked(path.name) <= asked, path


def test_what_is_found_fails(capfd, database):
    assert audit.audit(stub("requirements-dev.lock"), database) == 1
    assert "Look at requirements-dev.lock: raise" in capfd.readouterr().err
