"""Salesforce as far as a load sees it: OAuth, REST queries, Bulk API 2.0.

By the REST API Developer Guide and the Bulk API 2.0 Developer Guide, v65.
"""

from __future__ import annotations

import base64
import csv
import io
import itertools
import re
from datetime import UTC, datetime
from typing import Any

from tests.live.servers.base import Answer, BrokenContract, Request, Server

CLIENT_ID, CLIENT_SECRET, USERNAME = (
    "3MVG9client",
    "s3cret/Marker+4711",
    "loader@a.example",
)
VERSION = "v65.0"
SOQL = re.compile(
    r"select (?P<fields>[\w, ]+) from (?P<object>\w+)"
    r"(?: where (?P<filter>\w+) >= (?P<since>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?"
    r"(?: order by (?P<order>\w+), Id)?"
)
COMPOUND = ("address", "location")


class Salesforce(Server):
    """An org. `objects` maps a name to the types of its fields, `rows` to its rows."""

    def __init__(self, objects: dict[str, dict[str, str]], page: int = 2000) -> None:
        super().__init__()
        self.objects = objects
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in objects}
        self.page = page
        self.public_key: bytes | None = None
        self.tokens: dict[str, int | None] = {}
        """How many calls each still holds for; none: any number."""
        self.calls_of_a_token: int | None = None
        self.cursors: dict[str, list[dict[str, Any]]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.numbers = itertools.count(1)
        self.used, self.most = 0, 15_000
        self.tracked = {"Lead": {"Status", "OwnerId"}, "Opportunity": {"StageName"}}
        self.view_all: set[str] = set()
        self.view_all_data = False
        self.may_sign_in = True
        self.polls = 1
        """How often a job is asked for before it is complete."""

    # Requests.

    def handle(self, request: Request) -> Answer:
        if request.path == "/services/oauth2/token":
            return self._token(request)
        refused = self._refused(request)
        if refused:
            return refused
        if request.path == "/services/oauth2/userinfo":
            return Answer({"user_id": "005000000000001AAA"})
        self.used += 1
        begin = f"/services/data/{VERSION}/"
        if not request.path.startswith(begin):
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        answer = self._data(request, request.path.removeprefix(begin).rstrip("/"))
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.most}"
        return answer

    def _data(self, request: Request, path: str) -> Answer:
        if path == "":
            return Answer({"limits": f"/services/data/{VERSION}/limits"})
        if path == "limits":
            left = self.most - self.used
            return Answer(
                {
                    "DailyApiRequests": {"Max": self.most, "Remaining": left},
                    "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 9_999},
                }
            )
        if path in ("query", "queryAll"):
            return self._query(request.query["q"], path == "queryAll")
        if path.startswith("query/"):
            rows = self.cursors.pop(path.removeprefix("query/"), None)
            if rows is None:
                return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            return self._page(rows, len(rows))
        if found := re.fullmatch(r"sobjects/(\w+)/describe", path):
            return self._describe(found[1])
        if path == "jobs/query":
            return self._make_job(request)
        if found := re.fullmatch(r"jobs/query/(\w+)", path):
            return self._job(found[1])
        if found := re.fullmatch(r"jobs/query/(\w+)/results", path):
            return self._results(found[1], request)
        raise BrokenContract("no such resource")

    # Signing in.

    def _token(self, request: Request) -> Answer:
        form = request.form
        if not self.may_sign_in:
            return Answer(
                {"error": "invalid_grant", "error_description": "no client user"}, 400
            )
        if form["grant_type"] == "client_credentials":
            given = request.headers["Authorization"].removeprefix("Basic ")
            if base64.b64decode(given).decode() != f"{CLIENT_ID}:{CLIENT_SECRET}":
                return Answer(
                    {
                        "error": "invalid_client",
                        "error_description": "invalid client credentials",
                    },
                    400,
                )
        elif form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            import jwt

            claims = jwt.decode(
                form["assertion"],
                self.public_key,
                algorithms=["RS256"],
                audience="https://login.salesforce.com",
            )
            if (claims["iss"], claims["sub"]) != (CLIENT_ID, USERNAME):
                raise BrokenContract(f"claims {claims}")
        else:
            raise BrokenContract(f"grant {form['grant_type']}")
        token = f"00D!token{next(self.numbers)}"
        self.tokens[token] = self.calls_of_a_token
        return Answer({"access_token": token, "instance_url": self.address})

    def _refused(self, request: Request) -> Answer | None:
        token = (request.headers["Authorization"] or "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise BrokenContract("no token of ours")
        left = self.tokens[token]
        if left == 0:
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if left is not None:
            self.tokens[token] = left - 1
        return None

    # Rows.

    def _describe(self, name: str) -> Answer:
        if name not in self.objects:
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [
            {"name": field, "type": kind} for field, kind in self.objects[name].items()
        ]
        return Answer({"name": name, "fields": fields})

    def _query(self, soql: str, with_deleted: bool) -> Answer:
        if " from FieldDefinition " in soql:
            name = re.search(r"QualifiedApiName = '(\w+)'", soql)[1]
            fields = re.findall(r"'(\w+)'", soql.partition(" in (")[2])
            tracked = self.tracked.get(name, ())
            rows = [
                {"QualifiedApiName": each, "IsFieldHistoryTracked": each in tracked}
                for each in fields
            ]
            return self._page(rows, len(rows))
        if " from PermissionSet " in soql:
            rows = [{"Id": "0PS1"}] if self.view_all_data else []
            return self._page(rows, len(rows))
        if " from ObjectPermissions " in soql:
            rows = [
                {"SobjectType": name, "PermissionsViewAllRecords": True}
                for name in sorted(self.view_all)
            ]
            return self._page(rows, len(rows))
        rows = self._selected(soql, with_deleted)
        if isinstance(rows, Answer):
            return rows
        return self._page(rows, len(rows))

    def _selected(self, soql: str, with_deleted: bool) -> Any:
        found = SOQL.fullmatch(soql)
        if found is None:
            raise BrokenContract(f"malformed query {soql}")
        name = found["object"]
        fields = found["fields"].split(", ")
        known = self.objects[name]
        for field in (*fields, found["filter"], found["order"]):
            if field and field not in known:
                raise BrokenContract(f"no such column {field!r} on {name}")
        rows = [
            row for row in self.rows[name] if with_deleted or not row.get("IsDeleted")
        ]
        if found["since"]:
            since = found["since"].replace("Z", "+00:00")
            rows = [
                row for row in rows if instant(row[found["filter"]]) >= instant(since)
            ]
        if found["order"]:
            rows.sort(key=lambda row: (instant(row[found["order"]]), row["Id"]))
        return [
            {
                "attributes": {"type": name},
                **{field: row.get(field) for field in fields},
            }
            for row in rows
        ]

    def _page(self, rows: list[dict[str, Any]], total: int) -> Answer:
        answer: dict[str, Any] = {
            "totalSize": total,
            "done": len(rows) <= self.page,
            "records": rows[: self.page],
        }
        if not answer["done"]:
            cursor = f"01g{next(self.numbers)}-{self.page}"
            self.cursors[cursor] = rows[self.page :]
            answer["nextRecordsUrl"] = f"/services/data/{VERSION}/query/{cursor}"
        return Answer(answer)

    # Bulk API 2.0.

    def _make_job(self, request: Request) -> Answer:
        said = request.json
        if request.method != "POST" or said["operation"] not in ("query", "queryAll"):
            raise BrokenContract("a job is made by POST, with query or queryAll")
        rows = self._selected(said["query"], said["operation"] == "queryAll")
        name = SOQL.fullmatch(said["query"])["object"]
        fields = SOQL.fullmatch(said["query"])["fields"].split(", ")
        if any(self.objects[name][field] in COMPOUND for field in fields):
            raise BrokenContract("compound fields are not supported in bulk query")
        job = f"750{next(self.numbers)}"
        # Without an order rows come in any.
        self.jobs[job] = {"rows": rows[::-1], "fields": fields, "polls": self.polls}
        return Answer(
            {
                "id": job,
                "state": "UploadComplete",
                "createdDate": "2026-11-01T00:00:00.000+0000",
            }
        )

    def _job(self, job: str) -> Answer:
        if job not in self.jobs:
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        self.jobs[job]["polls"] -= 1
        is_done = self.jobs[job]["polls"] < 0
        return Answer({"id": job, "state": "JobComplete" if is_done else "InProgress"})

    def _results(self, job: str, request: Request) -> Answer:
        if self.jobs[job]["polls"] >= 0:
            raise BrokenContract("the job is not complete")
        if request.headers["Accept"] != "text/csv":
            raise BrokenContract("results are CSV")
        begin = int(request.query.get("locator") or 0)
        most = min(int(request.query["maxRecords"]), self.page)
        rows = self.jobs[job]["rows"][begin : begin + most]
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(self.jobs[job]["fields"])
        for row in rows:
            writer.writerow([as_csv(row[field]) for field in self.jobs[job]["fields"]])
        is_last = begin + most >= len(self.jobs[job]["rows"])
        return Answer(
            out.getvalue().encode(),
            headers={
                "Content-Type": "text/csv; charset=UTF-8",
                "Sforce-NumberOfRecords": str(len(rows)),
                "Sforce-Locator": "null" if is_last else str(begin + most),
            },
        )


def error(status: int, code: str, message: str) -> Answer:
    return Answer([{"errorCode": code, "message": message}], status)


def as_csv(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    return text.replace("+0000", "Z") if re.match(r"\d{4}-\d\d-\d\dT", text) else text


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
