"""What the HTML files that we write have in common."""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path
from typing import Any

GZIP = 16 + zlib.MAX_WBITS
"""What zlib calls gzip's format; its header holds no time."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is there as a whole or not at all, and whose old content stays
    until then, also where several processes write it. Raises OSError."""
    text = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def as_script(value: Any, *, sort_keys: bool = False) -> str:
    """JSON that may stand in a script of a page, whatever texts are in it: it ends
    no script and begins no comment."""
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys
    )
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def as_zipped(text: str) -> str:
    """A text that scripts of the page unzip, in the letters of base64.

    Of a report's numbers this level and strategy make less than the highest level
    does, in half its time.
    """
    packer = zlib.compressobj(8, wbits=GZIP, strategy=zlib.Z_FILTERED)
    zipped = packer.compress(text.encode()) + packer.flush()
    return base64.b64encode(zipped).decode("ascii")
