"""Exports that Marketo makes in its own time: asked for, waited for, fetched, and
split into a file for each kind of row.

An export is remembered by what it is about, so a load that was interrupted finds the
one that it had asked for, and what it had fetched of it. Memory holds a few thousand
rows at a time, however long a file is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from requests import Response
from requests.exceptions import RequestException

from orchestration.live.marketo.client import Marketo
from orchestration.live.marketo.errors import (
    AFTER_MIDNIGHT,
    NOT_NOW,
    PASSING,
    TOKEN_GONE,
    MarketoError,
    in_sentences,
    raise_error,
)
from orchestration.live.marketo.settings import Window, written
from orchestration.live.source import PassingError
from orchestration.run import progress

AHEAD = 2
"""How many exports Marketo makes at a time."""
KEPT_FOR = timedelta(days=6)
"""Marketo keeps a file for seven days."""
BLOCK, CHUNK = 1 << 22, 1 << 20
"""Bytes that are read at a time, of a file and of an answer."""
TRIES = 5
DAY_BEGINS = ZoneInfo("America/Chicago")


@dataclass(frozen=True)
class Kind:
    """What is exported: `activities` or `leads`."""

    name: str
    fields: tuple[str, ...]
    filter_of: Callable[[Window], Mapping[str, Any]]
    split_by: str | None = None
    """The column by which rows go to files of their own."""

    @property
    def path(self) -> str:
        return f"bulk/v1/{self.name}/export"

    def body(self, window: Window) -> dict[str, Any]:
        return {
            "fields": list(self.fields),
            "format": "CSV",
            "filter": dict(self.filter_of(window)),
        }

    def key(self, window: Window) -> str:
        """Tells exports apart by what they are about."""
        text = json.dumps(self.body(window), sort_keys=True)
        return (
            f"{self.name}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
        )


@dataclass
class Exports:
    """The exports of one kind, for a folder that outlasts a load."""

    marketo: Marketo
    kind: Kind
    folder: Path
    sizes: list[int] = field(default_factory=list)
    _started: dict[str, str] = field(default_factory=dict)
    """By key: the ids of exports that are known to be under way or made."""
    _enqueued: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()

    # What is handed out.

    def batches(
        self, spans: Sequence[Window], part: str = ""
    ) -> Iterator[tuple[Window, int, pa.RecordBatch | None]]:
        """The rows of a part, window by window in this order: with each the window and
        how many rows of it came before; at the end of a window, no rows."""
        for place, window in enumerate(spans):
            folder = self._fetched(window, spans[place + 1 : place + AHEAD])
            before = 0
            path = folder / f"{part or 'rows'}.arrow"
            if path.is_file():
                with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                    for batch in reader:
                        yield window, before, batch
                        before += batch.num_rows
            yield window, before, None

    def forget_files(self) -> None:
        """Remove what was fetched: it has been read."""
        for path in self.folder.glob(f"{self.kind.name}-*"):
            shutil.rmtree(path)

    def _fetched(self, window: Window, ahead: Sequence[Window]) -> Path:
        """The folder with the rows of a window."""
        folder = self.folder / self.kind.key(window)
        if (folder / "whole").is_file():
            return folder
        self._start(window)
        for later in ahead:
            self._start_ahead(later)
        for _ in range(TRIES):
            export = self._made(window)
            folder.mkdir(exist_ok=True)
            path = folder / "file.csv"
            if self._fetch(export, path):
                self._split(path, folder)
                path.unlink()
                (folder / "whole").touch()
                return folder
            path.unlink()
        raise PassingError(
            f"Marketo's file of {self._about(window)} is not what its checksum says, "
            f"{TRIES} times over: try again later."
        )

    # Asking and waiting.

    def _about(self, window: Window) -> str:
        return f"{self.kind.name} from {written(window.start)} to {written(window.end)}"

    def _start(self, window: Window) -> str:
        """The id of the export of a window, which is made or under way."""
        key = self.kind.key(window)
        if key not in self._started:
            known = self._ids().get(key)
            if known is None or self._state(known["id"]) is None:
                known = self._create(window, key)
            self._started[key] = known["id"]
        return self._started[key]

    def _start_ahead(self, window: Window) -> None:
        """Have a later window made meanwhile. What is wrong with it is said when its
        turn comes."""
        try:
            export = self._start(window)
            if export not in self._enqueued:
                self._enqueue(export)
        except (MarketoError, PassingError):
            return

    def _create(self, window: Window, key: str) -> dict[str, str]:
        self._look_at_size()
        under_way = len(self._started) - len(self.sizes)
        likely = self.sizes[-1] * (1 + under_way) if self.sizes else 0
        self.marketo.usage.before_export(likely)
        with _quota_in_a_sentence():
            said = self.marketo.post(
                f"{self.kind.path}/create.json", self.kind.body(window)
            )
        known = {
            "id": said["result"][0]["exportId"],
            "made": datetime.now(UTC).isoformat(),
        }
        self._write({**self._ids(), key: known})
        return known

    def _state(self, export: str) -> dict[str, Any] | None:
        """What Marketo says of an export that an earlier load asked for; none where it
        is no good any more."""
        try:
            said = self.marketo.get(f"{self.kind.path}/{export}/status.json")
        except MarketoError:
            return None
        state = said["result"][0]
        return None if _is(state, "failed", "canceled", "cancelled") else state

    def _made(self, window: Window) -> dict[str, Any]:
        """The state of a window's export, when it is made."""
        patience, waited, failed = self.marketo.patience, 0.0, 0
        while True:
            export = self._start(window)
            said = self.marketo.get(f"{self.kind.path}/{export}/status.json")
            state = said["result"][0]
            if _is(state, "completed"):
                self._count(state)
                return state
            if _is(state, "failed", "canceled", "cancelled"):
                failed += 1
                self._forget(window)
                if failed >= 3:
                    raise PassingError(
                        f"Marketo's export of {self._about(window)} "
                        f"{_plainly(state)} {failed} times over: try again later, and "
                        "ask Marketo Support if it stays so."
                    )
                continue
            if _is(state, "created"):
                self._enqueue(export)
            if waited >= patience.longest_queue:
                raise PassingError(
                    f"Marketo has not made its export of {self._about(window)} in "
                    f"{waited / 3600:.0f} hours: try again later. The load then goes "
                    "on waiting for the same export."
                )
            progress.say(f"marketo: waiting for {self._about(window)}")
            patience.sleep(patience.poll)
            waited += patience.poll

    def _enqueue(self, export: str) -> None:
        """Have it made; where the queue is full, it is asked again later."""
        try:
            with _quota_in_a_sentence():
                self.marketo.post(f"{self.kind.path}/{export}/enqueue.json")
            self._enqueued.add(export)
        except MarketoError as error:
            if error.code != NOT_NOW:
                raise

    # Fetching.

    def _fetch(self, export: Mapping[str, Any], path: Path) -> bool:
        """Whether the file came whole; what came before a cut is not fetched again."""
        size = int(export.get("fileSize") or 0)
        address = f"{self.kind.path}/{export['exportId']}/file.json"
        path.touch()
        in_vain = 0
        while (have := path.stat().st_size) < size:
            with in_sentences(address):
                try:
                    self._fetch_from(address, have, path)
                    why = RequestException("no content")
                except RequestException as error:
                    why = error
                if path.stat().st_size > have:
                    in_vain = 0
                    continue
                in_vain += 1
                if in_vain >= TRIES:
                    raise why
            self.marketo.patience.sleep(self.marketo.patience.backoff)
        return _checksum(export) in ("", _digest(path))

    def _fetch_from(self, address: str, begin: int, path: Path) -> None:
        with self.marketo.file(address, begin) as answer:
            answer.raise_for_status()
            chunks = answer.iter_content(CHUNK)
            first = next(chunks, b"")
            if first.startswith(b"{"):
                self._refused(first, address)
                return
            with path.open("ab" if _goes_on(answer, begin) else "wb") as file:
                file.write(first)
                for chunk in chunks:
                    file.write(chunk)

    def _refused(self, content: bytes, address: str) -> None:
        """An error came instead of a file."""
        said = json.loads(content)
        error = (said.get("errors") or [{"code": "?", "message": "no reason"}])[0]
        if error["code"] in TOKEN_GONE:
            self.marketo.token.obtain_token()
        elif error["code"] not in PASSING:
            raise_error(error, address)

    def _split(self, path: Path, folder: Path) -> None:
        """Write the rows of a file as Arrow, those of each part by themselves."""
        if path.stat().st_size == 0:
            return
        writers: dict[str, pa.RecordBatchWriter] = {}
        names = tuple(self.kind.fields)
        text = pa.string()
        schema = pa.schema([(name, text) for name in names])
        reading = csv.ConvertOptions(
            column_types=schema,
            include_columns=names,
            include_missing_columns=True,
            null_values=["null", ""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
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
                for part, found in self._parts(batch):
                    if part not in writers:
                        file = open_files.enter_context(
                            pa.OSFile(str(folder / f"{part}.arrow"), "wb")
                        )
                        writers[part] = open_files.enter_context(
                            pa.ipc.new_stream(file, schema)
                        )
                    writers[part].write_batch(found)

    def _parts(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        if self.kind.split_by is None:
            yield "rows", batch
            return
        column = batch.column(self.kind.split_by)
        for value in pc.unique(column).drop_null().to_pylist():
            yield value, batch.filter(pc.equal(column, value))

    # What is known of exports, and what they took.

    @property
    def _register(self) -> Path:
        return self.folder / f"{self.kind.name}.json"

    def _ids(self) -> dict[str, dict[str, str]]:
        try:
            return json.loads(self._register.read_text())
        except (OSError, ValueError):
            return {}

    def _write(self, ids: Mapping[str, Any]) -> None:
        new = self._register.with_suffix(".new")
        new.write_text(json.dumps(ids, indent=1))
        new.replace(self._register)

    def _forget(self, window: Window) -> None:
        key = self.kind.key(window)
        self._started.pop(key, None)
        self._write({name: each for name, each in self._ids().items() if name != key})

    def _forget_old(self) -> None:
        """What Marketo no longer keeps, and what was fetched of it."""
        now = datetime.now(UTC)
        ids = {
            key: known
            for key, known in self._ids().items()
            if now - datetime.fromisoformat(known["made"]) < KEPT_FOR
        }
        self._write(ids)
        for path in self.folder.glob(f"{self.kind.name}-*"):
            if path.name not in ids:
                shutil.rmtree(path)

    def _look_at_size(self) -> None:
        """Learn once how much this user's exports took of the day."""
        if self.marketo.usage.exports_are_known:
            return
        self.marketo.usage.bytes_today = bytes_today(self.marketo)
        self.marketo.usage.exports_are_known = True

    def _count(self, state: Mapping[str, Any]) -> None:
        """Count an export that was made for this load."""
        size = int(state.get("fileSize") or 0)
        self.sizes.append(size)
        if state["exportId"] in self._counted:
            return
        self._counted.add(state["exportId"])
        self.marketo.usage.exported(size)

    @property
    def _counted(self) -> set[str]:
        return self.marketo.usage.counted


def bytes_today(marketo: Marketo) -> int:
    """How much the exports of this user that ended today took: what others' took,
    Marketo does not say."""
    today = marketo.now().astimezone(DAY_BEGINS).date()
    found = 0
    for name in ("activities", "leads"):
        for page in marketo.list_of(
            f"bulk/v1/{name}/export.json", status=["completed"]
        ):
            for export in page.rows:
                ended = export.get("finishedAt")
                if not ended:
                    continue
                day = datetime.fromisoformat(ended).astimezone(DAY_BEGINS).date()
                if day == today:
                    marketo.usage.counted.add(export["exportId"])
                    found += int(export.get("fileSize") or 0)
    return found


@contextmanager
def _quota_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except MarketoError as error:
        if error.code != NOT_NOW or "quota" not in error.message.lower():
            raise
        raise PassingError(
            "Marketo: what may be exported on a day is used up (1029), by everyone "
            "together. The load goes on where it stopped when it is started "
            f"{AFTER_MIDNIGHT}."
        ) from None


def _is(state: Mapping[str, Any], *names: str) -> bool:
    return str(state.get("status", "")).lower() in names


def _plainly(state: Mapping[str, Any]) -> str:
    said = state.get("errorMsg")
    if _is(state, "failed"):
        return f"failed ({said})" if said else "failed"
    return "was cancelled"


def _goes_on(answer: Response, begin: int) -> bool:
    """Whether an answer is what was asked for from a byte on, and not all of it."""
    span = answer.headers.get("Content-Range", "")
    return answer.status_code == 206 and span.startswith(f"bytes {begin}-")


def _checksum(export: Mapping[str, Any]) -> str:
    return str(export.get("fileChecksum") or "").lower().removeprefix("sha256:")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
