"""`make audit`: known vulnerabilities of what the locks install, by pip-audit.

It asks the OSV database. Where that cannot be reached nothing is known, which is said
and is no failure, unless AUDIT_REQUIRED=1: a machine without a network can still run
the other checks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (
    *("requirements-dev.lock", "requirements-spark.lock"),
    "requirements-audit.lock",
)
"""Each of the other locks is a part of the first."""

DATABASE = "https://api.osv.dev/v1/query"
TIMEOUT = 15
"""Seconds."""

PASSED, FOUND, UNKNOWN = 0, 1, 2


def reason_out_of_reach(database: str) -> str | None:
    """Why the database does not answer, or none."""
    question = urllib.request.Request(
        database, b'{"package": {"name": "pip", "ecosystem": "PyPI"}}'
    )
    try:
        with urllib.request.urlopen(question, timeout=TIMEOUT) as answer:
            answer.read()
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None


def audit(program: Sequence[str], environ: Mapping[str, str]) -> int:
    """The status of the whole audit; what was found is said as it comes."""
    database = environ.get("AUDIT_DATABASE") or DATABASE
    reason = reason_out_of_reach(database)
    if reason is not None:
        print(
            f"NOT AUDITED: the database of vulnerabilities at {database} cannot be "
            f"reached ({reason}). Nothing is known of {len(LOCKS)} lock files; run "
            "`make audit` where there is a network.",
            file=sys.stderr,
        )
        return UNKNOWN if environ.get("AUDIT_REQUIRED") == "1" else PASSED
    failed = []
    for lock in LOCKS:
        print(f"{lock}:", flush=True)
        # The hashes are the lock's: nothing is downloaded or resolved.
        done = subprocess.run(
            [
                *program,
                *("--requirement", str(ROOT / lock), "--require-hashes"),
                *("--disable-pip", "--vulnerability-service", "osv"),
                *("--osv-url", database, "--progress-spinner", "off"),
            ],
            check=False,
        )
        if done.returncode:
            failed.append(lock)
    if failed:
        print(
            f"Look at {', '.join(failed)}: raise what is named there in the .in file "
            "and run `make lock`; what cannot be raised yet, and does no harm here, "
            "is passed over by its id (pip-audit --ignore-vuln) with a reason in "
            "DECISIONS.md.",
            file=sys.stderr,
        )
        return FOUND
    return PASSED


if __name__ == "__main__":
    sys.exit(audit([sys.executable, "-m", "pip_audit"], os.environ))
