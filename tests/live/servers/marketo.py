"""A Marketo on the loopback that is as strict as the real one, and breaks when told.

What it knows of Marketo is from Adobe's pages
(https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/rest-api);
where Adobe's OpenAPI is at hand, each request and answer is held to it. What a client
does that Marketo forbids is refused, and written down in `broken`.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.live.servers.contract import Contract

NO_ADOBE = "Adobe's OpenAPI of Marketo is not at hand (LEAD_FUNNEL_SHARED)"
CLIENT_ID, CLIENT_SECRET = "4c1e7d0a-client", "s3cr3t/+of=marketo"
DELETE_LEAD = 37
TYPES = {
    1: "Visit Webpage",
    2: "Fill Out Form",
    12: "New Lead",
    13: "Change Data Value",
    22: "Change Score",
    32: "Merge Leads",
    DELETE_LEAD: "Delete Lead",
    104: "Change Status in Progression",
}
LEAD_FIELDS = (
    "id", "email", "firstName", "lastName", "phone", "company", "leadSource",
    "leadStatus", "sfdcLeadId", "mqlDate", "createdAt", "updatedAt",
)  # fmt: skip
LONGEST = timedelta(days=31)
PAGE = 300


@cache
def adobes_contract() -> Contract | None:
    """Adobe's description, where it is at hand. Its `Attribute` says that values are
    objects, while its own examples, and Marketo, have texts and numbers."""
    from tests.conftest import SHARED

    paths = sorted((SHARED / "data" / "marketo_api").glob("swagger-*.json"))
    if not paths:
        return None
    attribute = {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": {"type": "string"}},
    }
    return Contract.read(
        paths, {"Attribute": attribute}, [r"/rest/asset/v1/programs\.json"]
    )


@dataclass
class Company:
    """What is in Marketo. Instants are texts such as 2026-04-01T00:00:00Z."""

    leads: dict[int, dict[str, Any]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)
    deletions: list[dict[str, Any]] = field(default_factory=list)
    programs: list[dict[str, Any]] = field(default_factory=list)
    members: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def add_lead(self, number: int, created: str, **fields: Any) -> None:
        old = self.leads.get(number, {"id": number, "createdAt": created})
        self.leads[number] = {**old, "updatedAt": created, **fields}

    def add(
        self,
        kind: int,
        lead: int,
        at: str,
        value_id: int | None = None,
        value: str | None = None,
        guid: str | None = None,
        **attributes: Any,
    ) -> str:
        """An activity; its attributes by their names with `_` for blanks."""
        rows = self.deletions if kind == DELETE_LEAD else self.activities
        guid = guid or str(1000 + len(self.activities) + len(self.deletions))
        rows.append(
            {
                "marketoGUID": guid,
                "leadId": lead,
                "activityDate": at,
                "activityTypeId": kind,
                "campaignId": None,
                "primaryAttributeValueId": value_id,
                "primaryAttributeValue": value,
                "attributes": {
                    name.replace("_", " "): each for name, each in attributes.items()
                },
            }
        )
        return guid

    def merge(self, loser: int, winner: int, at: str) -> None:
        """What Marketo does: the loser is gone, and only an activity says so."""
        self.leads.pop(loser)
        self.add(32, winner, at, winner, Lead_ID=winner, Merge_IDs=[loser])

    def delete(self, lead: int, at: str) -> None:
        self.leads.pop(lead)
        self.add(DELETE_LEAD, lead, at, lead)

    def write_export(
        self, kind: str, wanted: Mapping[str, Any], fields: list[str], path: Path
    ) -> int:
        """Write the rows of an export as CSV; how many they are."""
        by, span = next(
            (name, span) for name, span in wanted.items() if name.endswith("edAt")
        )
        types = wanted.get("activityTypeIds")
        if kind == "leads":
            rows: Iterable[Mapping[str, Any]] = self.leads.values()
        else:
            rows = self.activities
            by = "activityDate"
        found = [
            row
            for row in rows
            if span["startAt"] <= row[by] <= span["endAt"]
            and (not types or row["activityTypeId"] in types)
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file, lineterminator="\n")
            written.writerow(fields)
            written.writerows(
                [[_in_csv(row.get(name)) for name in fields] for row in found]
            )
        return len(found)


def _in_csv(value: Any) -> Any:
    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


@dataclass
class Job:
    """An export."""

    id: str
    kind: str
    body: Mapping[str, Any]
    created: datetime
    status: str = "Created"
    looked_at: int = 0
    path: Path | None = None
    rows: int = 0
    digest: str = ""
    error: str | None = None

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path else 0

    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "exportId": self.id,
            "format": "CSV",
            "status": self.status,
            "createdAt": _text(self.created),
        }
        if self.path is not None:
            said |= {
                "finishedAt": _text(self.created),
                "numberOfRecords": self.rows,
                "fileSize": self.size,
                "fileChecksum": f"sha256:{self.digest}",
            }
        return said if self.error is None else {**said, "errorMsg": self.error}


class Refusal(Exception):
    """An error of Marketo's, with its code."""

    def __init__(self, code: int | str, message: str) -> None:
        self.code, self.message = str(code), message


@dataclass
class Trouble:
    """What goes wrong with calls of a path, so many times."""

    path: str
    what: Callable[[Handler], bool]
    """Answers by itself, or says that the call is to go on."""
    times: int = 1


def status(code: int) -> Callable[[Handler], bool]:
    """Answer with a status, as gateways do."""

    def answer(handler: Handler) -> bool:
        handler.answer(code, b"<html>gateway</html>", "text/html")
        return True

    return answer


def error(code: int, message: str) -> Callable[[Handler], bool]:
    """Answer with an error as Marketo does, with the status 200."""

    def answer(handler: Handler) -> bool:
        raise Refusal(code, message)

    return answer


def cut_after(count: int) -> Callable[[Handler], bool]:
    """Send so many bytes of a file and hang up."""

    def answer(handler: Handler) -> bool:
        handler.hang_up_after = count
        return False

    return answer


def spoilt(handler: Handler) -> bool:
    """Send a file with another byte in it."""
    handler.is_spoilt = True
    return False


def silence(seconds: float) -> Callable[[Handler], bool]:
    def answer(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return answer


@dataclass
class MarketoServer:
    """The server. As a context it runs; `url` is its address."""

    company: Company = field(default_factory=Company)
    now: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    contract: Contract | None = None
    page: int = PAGE
    token_calls: int = 10_000
    """After how many calls a token is gone."""
    rate: tuple[int, float] = (100, 20.0)
    daily_calls: int = 50_000
    daily_bytes: int = 500_000_000
    used_by_others: int = 0
    looks: int = 1
    """How often an export is looked at before it is made."""
    in_queue: int = 10
    others_in_queue: int = 0
    may_filter_by_update: bool = True
    denied: str = "(?!)"
    troubles: list[Trouble] = field(default_factory=list)
    fails: list[str] = field(default_factory=list)
    """Statuses that the next exports end with."""

    calls: list[str] = field(default_factory=list)
    """`METHOD /path` of every call that was answered."""
    asked: list[str] = field(default_factory=list)
    """Every call with its query, refused ones too."""
    broken: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What its own answers break of the contract."""
    tokens: list[str] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    most_at_once: int = 0
    """How many exports were queued or processed at a time."""
    sent: int = 0
    """Bytes of files."""
    expired: set[str] = field(default_factory=set)
    """Paging tokens that are not known any more."""

    def __enter__(self) -> MarketoServer:
        self.folder = Path(tempfile.mkdtemp())
        self.lock = threading.Lock()
        self.recent: deque[float] = deque()
        self.token_left = 0
        self.given: list[str] = []
        handler = type("Bound", (Handler,), {"marketo": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        threading.Thread(
            target=self.http.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def environ(self, **more: str) -> dict[str, str]:
        """The environment under which this is the company's Marketo."""
        return {
            "LEAD_FUNNEL_MARKETO_ENDPOINT": f"{self.url}/rest",
            "LEAD_FUNNEL_MARKETO_CLIENT_ID": CLIENT_ID,
            "LEAD_FUNNEL_MARKETO_CLIENT_SECRET": CLIENT_SECRET,
            **more,
        }

    # Signing in, and what every call has to keep to.

    def identity(self, query: Mapping[str, list[str]]) -> tuple[int, dict[str, Any]]:
        given = [query.get(name) for name in ("client_id", "client_secret")]
        if given != [[CLIENT_ID], [CLIENT_SECRET]]:
            return 401, {"error": "unauthorized", "error_description": "Bad client"}
        self.tokens.append(f"{uuid.uuid4()}:int")
        self.token_left = self.token_calls
        return 200, {
            "access_token": self.tokens[-1],
            "token_type": "bearer",
            "expires_in": 3599,
            "scope": "api@example.com",
        }

    def admit(self, handler: Handler) -> None:
        """Let a call in, or refuse it."""
        method, path, query = handler.command, handler.path_only, handler.query
        if "access_token" in query:
            self.breaks(f"{path} has its token in the address", 601, "Unauthorized")
        authorization = handler.headers.get("Authorization", "")
        if not authorization.startswith("Bearer "):
            self.breaks(f"{path} is not signed", 600, "Access token not specified")
        token = authorization.removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refusal(601, "Access token invalid")
        if token != self.tokens[-1] or self.token_left <= 0:
            raise Refusal(602, "Access token expired")
        self.token_left -= 1
        limit, seconds = self.rate
        now = time.monotonic()
        self.recent.append(now)
        while now - self.recent[0] > seconds:
            self.recent.popleft()
        if len(self.recent) > limit:
            self.breaks(
                f"more than {limit} calls in {seconds} s",
                606,
                f"Max rate limit '{limit}' exceeded with in '{seconds}' secs",
            )
        if len(self.calls) + self.used_by_others >= self.daily_calls:
            raise Refusal(607, "Daily API Request Quota reached")
        if re.search(self.denied, path):
            raise Refusal(603, "Access denied")
        self.calls.append(f"{method} {path}")

    def breaks(self, what: str, code: int, message: str) -> None:
        self.broken.append(what)
        raise Refusal(code, message)

    # The answers.

    def answer(self, handler: Handler) -> dict[str, Any]:
        path, query = handler.path_only, handler.query
        bulk = re.fullmatch(
            r"/bulk/v1/(activities|leads)/export(?:/(.+?))?(?:/(\w+))?\.json", path
        )
        if bulk:
            return self.export(handler, *bulk.groups())
        program = re.fullmatch(r"/rest/v1/leads/programs/(\d+)\.json", path)
        if program:
            members = self.company.members.get(int(program.group(1)), [])
            return self.listed(members, query)
        simple = {
            "/rest/v1/stats/usage.json": self.usage,
            "/rest/v1/activities/types.json": self.types,
            "/rest/v1/leads/describe2.json": self.describe,
            "/rest/v1/activities/pagingtoken.json": self.paging_token,
            "/rest/v1/activities.json": self.activities,
            "/rest/v1/activities/deletedleads.json": self.deletions,
            "/rest/asset/v1/programs.json": self.programs,
        }
        if path not in simple:
            self.breaks(f"no path {path}", 610, "Requested resource not found")
        return simple[path](query)

    def usage(self, _: Mapping[str, list[str]]) -> dict[str, Any]:
        total = len(self.calls) + self.used_by_others
        users = [{"userId": "api@example.com", "count": len(self.calls)}]
        return {"result": [{"date": "2026-06-01", "total": total, "users": users}]}

    def types(self, _: Mapping[str, list[str]]) -> dict[str, Any]:
        return {
            "result": [
                {
                    "id": number,
                    "name": name,
                    "primaryAttribute": {"name": "Name", "dataType": "string"},
                    "attributes": [],
                }
                for number, name in TYPES.items()
            ]
        }

    def describe(self, _: Mapping[str, list[str]]) -> dict[str, Any]:
        fields = [
            {
                "name": name,
                "displayName": name,
                "dataType": "string",
                "updateable": True,
                "crmManaged": False,
            }
            for name in LEAD_FIELDS
        ]
        lead = {"name": "API Lead", "searchableFields": [["id"]], "fields": fields}
        return {"result": [lead]}

    def programs(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        found = self.company.programs
        for name, keeps in (
            ("earliestUpdatedAt", lambda at, bound: at >= bound),
            ("latestUpdatedAt", lambda at, bound: at <= bound),
        ):
            if name in query:
                bound = query[name][0]
                found = [
                    row
                    for row in found
                    if keeps(row["updatedAt"].replace("Z+0000", "Z"), bound)
                ]
        size = int(query.get("maxReturn", ["20"])[0])
        if size > 200:
            self.breaks("more than 200 programs a page", 701, "maxReturn is too large")
        begin = int(query.get("offset", ["0"])[0])
        page = found[begin : begin + size]
        if page:
            return {"result": page}
        return {"warnings": ["No assets found for the given search criteria."]}

    # Lists, by paging tokens.

    def token(self, *parts: Any) -> str:
        text = json.dumps([*parts, len(self.given)])
        token = base64.b32encode(text.encode()).decode()
        self.given.append(token)
        return token

    def read_token(self, query: Mapping[str, list[str]]) -> list[Any]:
        token = query["nextPageToken"][0]
        if token in self.expired or token not in self.given:
            raise Refusal(1003, "Invalid value for nextPageToken")
        return json.loads(base64.b32decode(token))

    def size(self, query: Mapping[str, list[str]]) -> int:
        size = int(query.get("batchSize", [str(PAGE)])[0])
        if size > PAGE:
            self.breaks(f"a batch of {size}", 1003, "batchSize is too large")
        return min(size, self.page)

    def paging_token(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        return {"nextPageToken": self.token("since", query["sinceDatetime"][0], 0)}

    def activities(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        types = {int(each) for each in query["activityTypeIds"]}
        if len(types) > 10:
            self.breaks("more than ten activity types", 1003, "Too many types")
        rows = [
            row for row in self.company.activities if row["activityTypeId"] in types
        ]
        return self.behind(rows, query)

    def deletions(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        oldest = _text(self.now - timedelta(days=14))
        rows = [row for row in self.company.deletions if row["activityDate"] >= oldest]
        return self.behind(rows, query)

    def behind(
        self, rows: Iterable[Mapping[str, Any]], query: Mapping[str, list[str]]
    ) -> dict[str, Any]:
        _, since, begin, _ = self.read_token(query)
        found = sorted(
            (row for row in rows if row["activityDate"] >= since),
            key=lambda row: row["activityDate"],
        )
        end = begin + self.size(query)
        return {
            "nextPageToken": self.token("since", since, end),
            "moreResult": end < len(found),
            "result": [_in_list(row) for row in found[begin:end]],
        }

    def listed(
        self, rows: list[dict[str, Any]], query: Mapping[str, list[str]]
    ) -> dict[str, Any]:
        begin = self.read_token(query)[1] if "nextPageToken" in query else 0
        end = begin + self.size(query)
        said: dict[str, Any] = {"result": rows[begin:end]}
        if end < len(rows):
            said["nextPageToken"] = self.token("list", end)
        return said

    # Exports.

    def export(
        self, handler: Handler, kind: str, what: str | None, action: str | None
    ) -> dict[str, Any]:
        if what is None:
            wanted = {each.lower() for each in handler.query.get("status", ())}
            jobs = [
                job
                for job in self.jobs.values()
                if job.kind == kind and (not wanted or job.status.lower() in wanted)
            ]
            return self.listed([job.said() for job in jobs], handler.query)
        if what == "create":
            return {"result": [self.create(kind, json.loads(handler.body)).said()]}
        job = self.jobs.get(what)
        if job is None or job.kind != kind:
            raise Refusal(1013, f"Export {what} not found")
        if action == "enqueue":
            self.enqueue(job)
        elif action == "cancel":
            job.status = "Cancelled"
        elif action == "status":
            self.work(job)
        return {"result": [job.said()]}

    def create(self, kind: str, body: Mapping[str, Any]) -> Job:
        wanted = body["filter"]
        spans = [name for name in ("createdAt", "updatedAt") if name in wanted]
        if len(spans) != 1:
            self.breaks("an export without a span of time", 1003, "Invalid filter")
        if spans == ["updatedAt"] and not self.may_filter_by_update:
            raise Refusal(1035, "Unsupported filter type for target subscription")
        start, end = (
            datetime.fromisoformat(wanted[spans[0]][name])
            for name in ("startAt", "endAt")
        )
        if end - start > LONGEST or end <= start:
            self.breaks(f"an export of {end - start}", 1003, "Date range is too long")
        if DELETE_LEAD in wanted.get("activityTypeIds", ()):
            self.breaks("an export of deletions", 1003, "Unsupported activity type")
        unknown = set(body["fields"]) - {
            *LEAD_FIELDS, "marketoGUID", "leadId", "activityDate", "activityTypeId",
            "campaignId", "primaryAttributeValueId", "primaryAttributeValue",
            "attributes",
        }  # fmt: skip
        if unknown:
            self.breaks(f"no field {unknown}", 1006, f"Field {unknown} not found")
        self.mind_quota()
        job = Job(str(uuid.uuid4()), kind, body, self.now)
        self.jobs[job.id] = job
        return job

    def mind_quota(self) -> None:
        if sum(job.size for job in self.jobs.values()) >= self.daily_bytes:
            raise Refusal(1029, "Export daily quota exceeded")

    def under_way(self) -> list[Job]:
        return [
            job for job in self.jobs.values() if job.status in ("Queued", "Processing")
        ]

    def enqueue(self, job: Job) -> None:
        if job.status != "Created":
            raise Refusal(1029, "Job already queued")
        self.mind_quota()
        if len(self.under_way()) + self.others_in_queue >= self.in_queue:
            raise Refusal(1029, "Too many jobs in queue")
        job.status = "Queued"
        self.most_at_once = max(self.most_at_once, len(self.under_way()))

    def work(self, job: Job) -> None:
        """Go on with an export as it is looked at; two are made at a time."""
        processed = [each for each in self.under_way() if each.status == "Processing"]
        if job.status == "Queued" and len(processed) < 2:
            job.status = "Processing"
        if job.status != "Processing":
            return
        job.looked_at += 1
        if job.looked_at < self.looks:
            return
        if self.fails:
            job.status = self.fails.pop(0)
            job.error = "Something broke" if job.status == "Failed" else None
            return
        job.path = self.folder / f"{job.id}.csv"
        job.rows = self.company.write_export(
            job.kind, job.body["filter"], list(job.body["fields"]), job.path
        )
        with job.path.open("rb") as file:
            job.digest = hashlib.file_digest(file, "sha256").hexdigest()
        job.status = "Completed"


class Handler(BaseHTTPRequestHandler):
    """One call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    marketo: MarketoServer
    hang_up_after: int | None = None
    is_spoilt: bool = False

    def log_message(self, *_: object) -> None:
        """Nothing is told."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.marketo.now.astimezone(UTC), usegmt=True)

    def do_GET(self) -> None:
        self.take()

    def do_POST(self) -> None:
        self.take()

    def take(self) -> None:
        parts = urlsplit(self.path)
        self.path_only = parts.path
        self.query = parse_qs(parts.query, keep_blank_values=True)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hang_up_after, self.is_spoilt = None, False
        with self.marketo.lock:
            self.marketo.asked.append(f"{self.command} {self.path}")
        try:
            self.take_up()
        except Refusal as refusal:
            said = [{"code": refusal.code, "message": refusal.message}]
            self.say({"success": False, "errors": said})

    def take_up(self) -> None:
        marketo = self.marketo
        with marketo.lock:
            if marketo.contract:
                headers = {name.lower(): each for name, each in self.headers.items()}
                broken = marketo.contract.broken_by_request(
                    self.command, self.path_only, self.query, headers, self.body
                )
                if broken:
                    marketo.breaks(broken, 1003, broken)
            if self.path_only == "/identity/oauth/token":
                code, said = marketo.identity(self.query)
            else:
                code, said = 0, {}
        if code:
            return self.answer(code, json.dumps(said).encode(), "application/json")
        for trouble in marketo.troubles:
            if trouble.times and re.search(trouble.path, self.path):
                trouble.times -= 1
                if trouble.what(self):
                    return None
        with marketo.lock:
            marketo.admit(self)
        if self.path_only.endswith("/file.json"):
            return self.send_file()
        with marketo.lock:
            said = marketo.answer(self)
        return self.say({"success": True, "errors": [], "warnings": [], **said})

    def say(self, said: Mapping[str, Any]) -> None:
        content = json.dumps({"requestId": "e42b#1", "warnings": [], **said}).encode()
        contract = self.marketo.contract
        # Before the answer: who has it may ask at once what was wrong with it.
        if contract and said["success"]:
            path = self.path_only
            broken = contract.broken_by_answer(self.command, path, content, "json")
            if broken:
                self.marketo.wrong.append(f"{path}: {broken}")
        self.answer(200, content, "application/json;charset=UTF-8")

    def answer(self, code: int, content: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_file(self) -> None:
        """The content of an export, or a part of it."""
        job = self.marketo.jobs.get(self.path_only.split("/")[-2])
        if job is None or job.path is None:
            return self.answer(404, b"The job has not completed", "text/plain")
        begin, end = 0, job.size - 1
        if span := self.headers.get("Range"):
            first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", span).groups()
            begin, end = int(first), min(int(last or end), end)
        self.send_response(206 if span else 200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(end - begin + 1))
        if span:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{job.size}")
        self.end_headers()
        count = end - begin + 1
        if self.hang_up_after is not None:
            count = min(count, self.hang_up_after)
            self.close_connection = True
        self.wfile.flush()
        if self.is_spoilt:
            content = job.path.read_bytes()
            self.wfile.write(content[:-2] + b"?" + content[-1:])
            return None
        with self.marketo.lock:
            self.marketo.sent += count
        with job.path.open("rb") as file:
            self.connection.sendfile(file, begin, count)
        return None


def _in_list(row: Mapping[str, Any]) -> dict[str, Any]:
    """An activity as lists have it: its attributes by name and value, and nothing
    where there is nothing."""
    attributes = [
        {"name": name, "value": json.dumps(value) if isinstance(value, list) else value}
        for name, value in row["attributes"].items()
    ]
    kept = {name: value for name, value in row.items() if value is not None}
    number = int(hashlib.sha256(row["marketoGUID"].encode()).hexdigest()[:8], 16)
    return {**kept, "id": number, "attributes": attributes}


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
