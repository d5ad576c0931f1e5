"""HubSpot as far as a load sees it: objects, search, batches, associations.

By the API reference of 2026-03, and the payloads of its examples.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.live.servers.base import Answer, BrokenContract, Request, Server

TOKEN = "pat-eu1-Marker/4711+secret"
SEARCHED = 10_000
KINDS = ("contacts", "deals", "calls", "emails", "meetings", "tasks", "communications")


class HubSpot(Server):
    """An account. `records` maps an object to its records by id."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, dict[str, Any]]] = {k: {} for k in KINDS}
        self.properties = {
            kind: ["hs_object_id", "createdate", "hs_lastmodifieddate"]
            for kind in KINDS
        }
        self.properties["contacts"] += [
            "email",
            "lastmodifieddate",
            "lifecyclestage",
            "hs_lead_status",
            "hubspot_owner_id",
            "hs_merged_object_ids",
            "hs_additional_emails",
        ]
        self.properties["deals"] += ["dealstage", "hubspot_owner_id", "hs_is_closed"]
        self.own = {"contacts": ["tier"]}
        self.links: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.owners: list[dict[str, Any]] = []
        self.pipelines: list[dict[str, Any]] = []
        self.forms: list[dict[str, Any]] = []
        self.submissions: dict[str, list[dict[str, Any]]] = {}
        """By form, the newest first."""
        self.lists: list[dict[str, Any]] = []
        self.members: dict[str, dict[str, str]] = {}
        """By list and record, when it joined."""
        self.now = datetime(2026, 4, 10, tzinfo=UTC)
        self.clock = lambda: self.now
        self.has_dated = True
        self.has_version = "2026-03"
        self.scopes_missing: set[str] = set()
        self.page = 100
        self.found_at_once = 200

    # Records.

    def put(
        self, kind: str, key: int, at: datetime, **properties: Any
    ) -> dict[str, Any]:
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        stamp = iso(at)
        record = self.records[kind].setdefault(
            str(key), {"created": stamp, "values": {}, "history": {}, "archived": None}
        )
        record["updated"] = stamp
        record["values"].update({**properties, modified: stamp})
        for name, value in properties.items():
            record["history"].setdefault(name, []).insert(
                0, {"value": value, "timestamp": stamp, "sourceType": "CRM_UI"}
            )
        return record

    def archive(self, kind: str, key: int, at: datetime) -> None:
        self.records[kind][str(key)]["archived"] = iso(at)

    def merge(self, left: int, right: int, new: int, at: datetime) -> None:
        """Both contacts become one of a new id, which lists the old ones."""
        gone = [self.records["contacts"].pop(str(key)) for key in (left, right)]
        values = {**gone[1]["values"], **gone[0]["values"]}
        values["hs_merged_object_ids"] = f"{left};{right}"
        values["hs_additional_emails"] = gone[1]["values"].get("email")
        values.pop("lastmodifieddate")
        self.put("contacts", new, at, **values)

    def submit(self, form: str, key: str, at: datetime, email: str | None) -> None:
        """A submission of a form, with what somebody wrote into it."""
        if not any(each["id"] == form for each in self.forms):
            self.forms.append(
                {
                    "id": form,
                    "name": f"Form {form}",
                    "formType": "hubspot",
                    "createdAt": iso(days(0)),
                    "updatedAt": iso(days(0)),
                    "archived": False,
                    "fieldGroups": [{"fields": [{"name": "email"}]}],
                }
            )
        values = [{"name": "message", "value": "private", "objectTypeId": "0-1"}]
        if email is not None:
            values.append({"name": "email", "value": email, "objectTypeId": "0-1"})
        rows = self.submissions.setdefault(form, [])
        rows.append(
            {
                "conversionId": key,
                "submittedAt": int(at.timestamp() * 1000),
                "values": values,
                "pageUrl": "https://customer.example/?who=private",
            }
        )
        rows.sort(key=lambda row: -row["submittedAt"])

    def join(self, key: str, record: int, at: datetime, kind: str = "MANUAL") -> None:
        """A record joins a list."""
        if not any(each["listId"] == key for each in self.lists):
            self.lists.append(
                {
                    "listId": key,
                    "name": f"List {key}",
                    "processingType": kind,
                    "objectTypeId": "0-1",
                    "createdAt": iso(days(0)),
                    "updatedAt": iso(days(0)),
                    "listVersion": 1,
                    "additionalProperties": {},
                }
            )
        self.members.setdefault(key, {})[str(record)] = iso(at)
        self._tell(key, hs_last_record_added_at=str(int(at.timestamp() * 1000)))

    def leave(self, key: str, record: int, at: datetime) -> None:
        del self.members[key][str(record)]
        self._tell(key, hs_last_record_removed_at=str(int(at.timestamp() * 1000)))

    def _tell(self, key: str, **news: str) -> None:
        [each] = [each for each in self.lists if each["listId"] == key]
        size = {"hs_list_size": str(len(self.members[key]))}
        each["additionalProperties"].update(size, **news)

    # Requests.

    def handle(self, request: Request) -> Answer:
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return error(401, "INVALID_AUTHENTICATION", "Authentication not valid")
        path = request.path.strip("/")
        dated = re.sub(r"(?<=/)20\d\d-\d\d(?=/|$)", "{v}", path)
        if dated != path and (
            not self.has_dated or self.has_version not in path.split("/")
        ):
            return Answer(b"<html>404</html>", 404, {"Content-Type": "text/html"})
        plain = dated
        for old, new in (
            (r"crm/v3/objects/(.*)", r"crm/objects/{v}/\1"),
            (r"crm/v4/associations/(.*)", r"crm/associations/{v}/\1"),
            (r"crm/v3/(properties|pipelines)/(.*)", r"crm/\1/{v}/\2"),
            (r"crm/v3/owners", "crm/owners/{v}"),
            (r"account-info/v3/(.*)", r"account-info/{v}/\1"),
            (r"marketing/v3/forms", "marketing/forms/{v}"),
            (r"crm/v3/lists/(.*)", r"crm/lists/{v}/\1"),
        ):
            plain = re.sub(f"^{old}$", new, plain)
        answer = self._answer(request, plain)
        answer.headers["X-HubSpot-RateLimit-Daily-Remaining"] = "249000"
        return answer

    def _answer(self, request: Request, path: str) -> Answer:
        if path == "account-info/{v}/details":
            return Answer({"portalId": 4711, "timeZone": "Asia/Tokyo"})
        if path == "account-info/{v}/api-usage/daily/private-apps":
            usage = {"currentUsage": 1000, "usageLimit": 250000}
            return Answer({"results": [usage]})
        if path == "crm/owners/{v}":
            archived = request.query.get("archived") == "true"
            return self._page(
                [o for o in self.owners if o["archived"] == archived], request.query
            )
        if found := re.fullmatch(r"crm/pipelines/{v}/(\w+)", path):
            return Answer({"results": self.pipelines})
        if found := re.fullmatch(r"crm/properties/{v}/(\w+)", path):
            return self._properties(found[1])
        if found := re.fullmatch(r"crm/associations/{v}/(\w+)/(\w+)/batch/read", path):
            return self._associations(found[1], found[2], request)
        if found := re.fullmatch(r"crm/objects/{v}/(\w+)(/.*)?", path):
            kind, action = found[1], found[2]
            if kind in self.scopes_missing:
                return missing_scope(kind)
            if action is None:
                return self._list(kind, request.query)
            if action == "/search":
                return self._search(kind, request.json)
            if action == "/batch/read":
                return self._read(kind, request)
        if path.startswith(("marketing/forms/", "form-integrations/")):
            return self._forms(request, path)
        if path.startswith("crm/lists/"):
            return self._lists(request, path)
        raise BrokenContract("no such endpoint")

    def _forms(self, request: Request, path: str) -> Answer:
        if "forms" in self.scopes_missing:
            return missing_scope("forms", "forms")
        if path == "marketing/forms/{v}":
            archived = request.query.get("archived") == "true"
            return self._page(
                [each for each in self.forms if each["archived"] == archived],
                request.query,
            )
        form = path.removeprefix("form-integrations/v1/submissions/forms/")
        if int(request.query["limit"]) > 50:
            raise BrokenContract("limit is 50 at most")
        if form not in self.submissions:
            return error(404, "OBJECT_NOT_FOUND", "no such form")
        return self._page(self.submissions[form], request.query)

    def _lists(self, request: Request, path: str) -> Answer:
        if "lists" in self.scopes_missing:
            return missing_scope("lists", "crm.lists.read")
        if path == "crm/lists/{v}/search":
            said = request.json
            if said["count"] > 500:
                raise BrokenContract("count is 500 at most")
            wanted = said.get("additionalProperties", [])
            begin, end = said["offset"], said["offset"] + min(said["count"], self.page)
            shown = [
                {
                    **each,
                    "additionalProperties": {
                        name: value
                        for name, value in each["additionalProperties"].items()
                        if name in wanted
                    },
                }
                for each in self.lists[begin:end]
            ]
            more = end < len(self.lists)
            return Answer({"lists": shown, "offset": end, "hasMore": more})
        found = re.fullmatch(r"crm/lists/{v}/(\d+)/memberships/join-order", path)
        if found is None or int(request.query["limit"]) > 250:
            raise BrokenContract("no such endpoint, or limit is 250 at most")
        if found[1] not in self.members:
            return error(404, "OBJECT_NOT_FOUND", "no such list")
        rows = [
            {"recordId": record, "membershipTimestamp": at}
            for record, at in self.members[found[1]].items()
        ]
        rows.sort(key=lambda row: row["membershipTimestamp"])
        return self._page(rows, request.query)

    def _properties(self, kind: str) -> Answer:
        if kind in self.scopes_missing:
            return missing_scope(kind)
        names = [{"name": n, "hubspotDefined": True} for n in self.properties[kind]]
        names += [{"name": n, "hubspotDefined": False} for n in self.own.get(kind, [])]
        return Answer({"results": names})

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        size = min(int(query["limit"]), self.page)
        begin = int(query.get("after") or 0)
        body: dict[str, Any] = {"results": rows[begin : begin + size]}
        if begin + size < len(rows):
            body["paging"] = {"next": {"after": str(begin + size)}}
        return Answer(body)

    def _shown(self, key: str, record: dict[str, Any]) -> dict[str, Any]:
        shown = {
            "id": key,
            "createdAt": record["created"],
            "updatedAt": record["updated"],
            "archived": record["archived"] is not None,
        }
        if record["archived"]:
            shown["archivedAt"] = record["archived"]
        return shown

    def _list(self, kind: str, query: dict[str, str]) -> Answer:
        if int(query["limit"]) > 100:
            raise BrokenContract("limit is 100 at most")
        archived = query.get("archived") == "true"
        keys = sorted(map(int, self.records[kind]))
        rows = [
            (key, self._shown(str(key), self.records[kind][str(key)]))
            for key in keys
            if (self.records[kind][str(key)]["archived"] is not None) == archived
        ]
        after = int(query.get("after") or 0)
        rows = [(key, row) for key, row in rows if key > after]
        size = min(int(query["limit"]), self.page)
        body: dict[str, Any] = {"results": [row for _, row in rows[:size]]}
        if len(rows) > size:
            body["paging"] = {"next": {"after": str(rows[size - 1][0])}}
        return Answer(body)

    def _search(self, kind: str, said: dict[str, Any]) -> Answer:
        if said["limit"] > 200:
            raise BrokenContract("limit is 200 at most")
        if int(said.get("after") or 0) + said["limit"] > SEARCHED:
            return error(400, "VALIDATION_ERROR", "paging beyond 10000")
        groups = said["filterGroups"]
        if len(groups) > 5:
            raise BrokenContract("5 groups of filters at most")
        rows = []
        for key, record in self.records[kind].items():
            if record["archived"] is not None:
                continue
            if any(
                all(self._passes(key, record, each) for each in group["filters"])
                for group in groups
            ):
                shown = self._shown(key, record)
                shown["properties"] = {
                    name: record["values"].get(name) for name in said["properties"]
                }
                rows.append((int(key), shown))
        [order] = said["sorts"]
        if order != {"propertyName": "hs_object_id", "direction": "ASCENDING"}:
            raise BrokenContract(f"sorted by {order}")
        shown = [row for _, row in sorted(rows)][: said["limit"]]
        return Answer({"total": len(rows), "results": shown})

    def _passes(self, key: str, record: dict[str, Any], said: dict[str, Any]) -> bool:
        name, operator, value = said["propertyName"], said["operator"], said["value"]
        if name == "hs_object_id" and operator == "GT":
            return int(key) > int(value)
        if name.endswith("lastmodifieddate") and operator == "GTE":
            at = datetime.fromisoformat(record["values"][name])
            return at.timestamp() * 1000 >= int(value)
        if name == "hs_is_closed" and operator == "EQ":
            return record["values"].get(name) == value
        if name == "hs_additional_emails" and operator == "CONTAINS_TOKEN":
            return value in (record["values"].get(name) or "").split(";")
        raise BrokenContract(f"no filter {said}")

    def _read(self, kind: str, request: Request) -> Answer:
        said = request.json
        history = said.get("propertiesWithHistory")
        if len(said["inputs"]) > (50 if history else 100):
            raise BrokenContract("too many inputs")
        archived = request.query.get("archived") == "true"
        by = said.get("idProperty")
        results, errors = [], []
        for each in said["inputs"]:
            key = each["id"]
            if by:
                key = self._key_of(kind, by, key)
            record = self.records[kind].get(key)
            if record is None or (record["archived"] is not None) != archived:
                errors.append({"category": "OBJECT_NOT_FOUND", "status": "error"})
                continue
            shown = self._shown(key, record)
            shown["properties"] = {
                name: record["values"].get(name)
                for name in {*said["properties"], "hs_object_id"}
            }
            shown["properties"]["hs_object_id"] = key
            # Of a record without any history HubSpot leaves the key out.
            if history and record["history"]:
                shown["propertiesWithHistory"] = {
                    name: record["history"].get(name, []) for name in history
                }
            results.append(shown)
        body = {"status": "COMPLETE", "results": results}
        if errors:
            body |= {"numErrors": len(errors), "errors": errors}
        return Answer(body, 207 if errors else 200)

    def _key_of(self, kind: str, name: str, value: str) -> str:
        """Of several addresses only the first one is an id."""
        if name != "email":
            raise BrokenContract(f"{name} tells no record from another")
        for key, record in self.records[kind].items():
            if (record["values"].get(name) or "").lower() == value.lower():
                return key
        return ""

    def _associations(self, kind: str, to: str, request: Request) -> Answer:
        results = []
        for each in request.json["inputs"]:
            found = self.links.get((kind, to), {}).get(each["id"], [])
            begin = int(each.get("after") or 0)
            if not found:
                continue
            one = {
                "from": {"id": each["id"]},
                "to": [{"toObjectId": int(k)} for k in found[begin : begin + 2]],
            }
            if begin + 2 < len(found):
                one["paging"] = {"next": {"after": str(begin + 2)}}
            results.append(one)
        return Answer({"status": "COMPLETE", "results": results})


def error(status: int, category: str, message: str, **more: Any) -> Answer:
    said = {"status": "error", "message": message, "category": category, **more}
    return Answer(said, status)


def missing_scope(kind: str, scope: str = "") -> Answer:
    scope = scope or f"crm.objects.{kind}.read"
    return error(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes",
        errors=[{"context": {"requiredGranularScopes": [scope]}}],
    )


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def days(number: float) -> datetime:
    """So many days after the first of April."""
    return datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=number)
