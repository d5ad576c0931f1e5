"""Exports that Marketo makes in its own time: asked for, waited for and fetched.

An export is remembered by what it is about, so a load that was interrupted finds the
one that it had asked for, and what it had fetched of it. Memory holds a few thousand
rows at a time, however long a file is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from orchestration.live.marketo.client import Marketo
from orchestration.live.marketo.errors import (
    AFTER_MIDNIGHT,
    NOT_NOW,
    MarketoError,
)
from orchestration.live.marketo.files import TRIES, fetch, split
from orchestration.live.marketo.settings import Window, written
from orchestration.live.source import PassingError
from orchestration.run import progress

AHEAD = 2
"""How many exports Marketo makes at a time."""
KEPT_FOR = timedelta(days=6)
"""Marketo keeps a file for seven days."""
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


@dataclass(frozen=True)
class Batch:
    """Some rows of an export."""

    window: Window
    export: str
    """The id that Marketo gave it: the rows of another one may be in another order."""
    before: int
    """How many rows of the export came before these."""
    rows: pa.RecordBatch | None = None


@dataclass
class Exports:
    """The exports of one kind, for a folder that outlasts a load."""

    marketo: Marketo
    kind: Kind
    folder: Path
    sizes: dict[str, int] = field(default_factory=dict)
    """By id: how large those are that were made."""
    _begun: dict[str, str] = field(default_factory=dict)
    """By key: the ids of exports that are known to be under way or made."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()

    # What is handed out.

    def batches(self, spans: Sequence[Window], part: str = "rows") -> Iterator[Batch]:
        """The rows of a part, window by window in this order; behind those of a window
        one without rows."""
        for place, window in enumerate(spans):
            folder = self._fetched(window, spans[place + 1 : place + AHEAD])
            export = self._ids()[self.kind.key(window)]["id"]
            before = 0
            path = folder / f"{part}.arrow"
            if path.is_file():
                with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                    for rows in reader:
                        yield Batch(window, export, before, rows)
                        before += rows.num_rows
            yield Batch(window, export, before)

    def forget(self) -> None:
        """All that was asked for has been read: remove it."""
        for key in self._begun:
            shutil.rmtree(self.folder / key, ignore_errors=True)
        kept = {
            key: each for key, each in self._ids().items() if key not in self._begun
        }
        self._write(kept)

    def _fetched(self, window: Window, ahead: Sequence[Window]) -> Path:
        """The folder with the rows of a window."""
        folder = self.folder / self.kind.key(window)
        if (folder / "whole").is_file():
            return folder
        self._begin(window)
        for later in ahead:
            self._begin_ahead(later)
        folder.mkdir(exist_ok=True)
        path = folder / "file.csv"
        for _ in range(TRIES):
            if fetch(self.marketo, self.kind.path, self._made(window), path):
                split(path, folder, self.kind.fields, self.kind.split_by)
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

    def _begin(self, window: Window) -> str:
        """The id of the export of a window, which is made or to be made."""
        key = self.kind.key(window)
        if key in self._begun:
            return self._begun[key]
        known = self._ids().get(key)
        state = self._state(known["id"]) if known else None
        export = known["id"] if state else self._create(window, key)
        self._begun[key] = export
        if state is None or _is(state, "created"):
            self._enqueue(export)
        return export

    def _begin_ahead(self, window: Window) -> None:
        """Have a later window made meanwhile. What is wrong with it is said when its
        turn comes."""
        try:
            self._begin(window)
        except (MarketoError, PassingError):
            return

    def _create(self, window: Window, key: str) -> str:
        self._look_at_size()
        under_way = len(self._begun) - len(self.sizes)
        last = next(reversed(self.sizes.values()), 0)
        likely = last * (1 + under_way)
        self.marketo.usage.before_export(likely)
        with _quota_in_a_sentence():
            said = self.marketo.post(
                f"{self.kind.path}/create.json", self.kind.body(window)
            )
        export = said["result"][0]["exportId"]
        known = {"id": export, "begun": datetime.now(UTC).isoformat()}
        self._write({**self._ids(), key: known})
        return export

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
            export = self._begin(window)
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
        except MarketoError as error:
            if error.code != NOT_NOW:
                raise

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
        self._begun.pop(key, None)
        self._write({name: each for name, each in self._ids().items() if name != key})

    def _forget_old(self) -> None:
        """What Marketo no longer keeps, and what was fetched of it."""
        now = datetime.now(UTC)
        ids = {
            key: known
            for key, known in self._ids().items()
            if now - datetime.fromisoformat(known["begun"]) < KEPT_FOR
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
        export, usage = state["exportId"], self.marketo.usage
        self.sizes[export] = int(state.get("fileSize") or 0)
        if export not in usage.counted:
            usage.counted.add(export)
            usage.exported(self.sizes[export])


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
