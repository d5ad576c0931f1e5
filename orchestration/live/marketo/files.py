"""Files of exports: fetched, also in parts, and split into a file for each kind of row.

Memory holds a few thousand rows at a time, however long a file is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from requests import Response
from requests.exceptions import RequestException

from orchestration.live.marketo.client import Marketo
from orchestration.live.marketo.errors import (
    PASSING,
    TOKEN_GONE,
    in_sentences,
    raise_error,
)

BLOCK, CHUNK = 1 << 20, 1 << 16
"""Bytes that are read at a time, of a file and of an answer: what of a chunk came
before a cut is lost."""
TRIES = 5
"""How often in a row a file may be cut, or broken."""


def fetch(marketo: Marketo, kind: str, export: Mapping[str, Any], path: Path) -> bool:
    """Whether the file came whole; what came before a cut is not fetched again."""
    size = int(export.get("fileSize") or 0)
    address = f"{kind}/{export['exportId']}/file.json"
    path.touch()
    in_vain = 0
    while (have := path.stat().st_size) < size:
        with in_sentences(address):
            try:
                _fetch_from(marketo, address, have, path)
                why = RequestException("no content")
            except RequestException as error:
                why = error
            if path.stat().st_size > have:
                in_vain = 0
                continue
            in_vain += 1
            if in_vain >= TRIES:
                raise why
        marketo.patience.sleep(marketo.patience.backoff)
    return _checksum(export) in ("", _digest(path))


def _fetch_from(marketo: Marketo, address: str, begin: int, path: Path) -> None:
    with marketo.file(address, begin) as answer:
        answer.raise_for_status()
        chunks = answer.iter_content(CHUNK)
        first = next(chunks, b"")
        if first.startswith(b"{"):
            _refused(marketo, first, address)
            return
        with path.open("ab" if _goes_on(answer, begin) else "wb") as file:
            file.write(first)
            for chunk in chunks:
                file.write(chunk)


def _refused(marketo: Marketo, content: bytes, address: str) -> None:
    """An error came instead of a file."""
    said = json.loads(content)
    error = (said.get("errors") or [{"code": "?", "message": "no reason"}])[0]
    if error["code"] in TOKEN_GONE:
        marketo.token.obtain_token()
    elif error["code"] not in PASSING:
        raise_error(error, address)


def split(path: Path, folder: Path, names: Sequence[str], by: str | None) -> None:
    """Write the rows of a file as Arrow, those of each part by themselves."""
    if path.stat().st_size == 0:
        return
    writers: dict[str, pa.RecordBatchWriter] = {}
    text = pa.string()
    schema = pa.schema([(name, text) for name in names])
    reading = csv.ConvertOptions(
        column_types=schema,
        include_columns=list(names),
        include_missing_columns=True,
        null_values=["null", ""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as open_files:
        rows = open_files.enter_context(
            csv.open_csv(
                path,
                read_options=csv.ReadOptions(block_size=BLOCK, use_threads=False),
                parse_options=csv.ParseOptions(newlines_in_values=True),
                convert_options=reading,
            )
        )
        for batch in rows:
            for part, found in _parts(batch, by):
                if part not in writers:
                    file = open_files.enter_context(
                        pa.OSFile(str(folder / f"{part}.arrow"), "wb")
                    )
                    writers[part] = open_files.enter_context(
                        pa.ipc.new_stream(file, schema, options=packed)
                    )
                writers[part].write_batch(found)


def _parts(
    batch: pa.RecordBatch, by: str | None
) -> Iterator[tuple[str, pa.RecordBatch]]:
    if by is None:
        yield "rows", batch
        return
    column = batch.column(by)
    for value in pc.unique(column).drop_null().to_pylist():
        yield value, batch.filter(pc.equal(column, value))


def _goes_on(answer: Response, begin: int) -> bool:
    """Whether an answer is what was asked for from a byte on, and not all of it."""
    span = answer.headers.get("Content-Range", "")
    return answer.status_code == 206 and span.startswith(f"bytes {begin}-")


def _checksum(export: Mapping[str, Any]) -> str:
    return str(export.get("fileChecksum") or "").lower().removeprefix("sha256:")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
