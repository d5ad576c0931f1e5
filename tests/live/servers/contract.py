"""Holds what a client asks and a server answers to a vendor's own description of its
API, in Swagger 2.0."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

TYPES = {
    "integer": r"-?\d+",
    "number": r"-?\d+(\.\d+)?",
    "boolean": r"true|false",
    "string": r"(?s).*",
}


@dataclass
class Contract:
    """What several descriptions of one API say together."""

    described: list[dict[str, Any]] = field(default_factory=list)
    not_described: tuple[str, ...] = ()
    """Patterns of paths that the vendor describes elsewhere."""

    @classmethod
    def read(
        cls,
        paths: Sequence[Path],
        mends: Mapping[str, Any],
        not_described: Sequence[str],
    ) -> Contract:
        """`mends` replaces schemas, by name, that the vendor's own answers break."""
        described = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        for each in described:
            known = each["definitions"]
            known.update({name: mend for name, mend in mends.items() if name in known})
        return cls(described, tuple(not_described))

    def broken_by_request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        body: bytes,
    ) -> str | None:
        """What a request breaks, in a sentence; nothing if all is well."""
        found = self._operation(method, path)
        if found is None:
            return None if self._is_elsewhere(path) else f"no {method} {path}"
        description, operation = found
        stated = {
            (
                each["in"],
                each["name"].lower() if each["in"] == "header" else each["name"],
            ): each
            for each in operation.get("parameters", ())
        }
        for name in query:
            if ("query", name) not in stated:
                return f"{method} {path} has no parameter {name}"
        for (place, name), each in stated.items():
            given = {
                "query": query.get(name),
                "header": [headers[name]] if name in headers else None,
            }.get(place)
            if place in ("query", "header") and given is None:
                if each.get("required"):
                    return f"{method} {path} needs the parameter {name}"
                continue
            for value in given or ():
                kind = each["items"] if each.get("type") == "array" else each
                if not re.fullmatch(TYPES[kind.get("type", "string")], value):
                    return f"{name} of {path} is {value!r}, which is no {kind['type']}"
                if value not in each.get("enum", [value]):
                    return f"{name} of {path} may not be {value!r}"
            if len(given or ()) > 1 and each.get("type") != "array":
                return f"{name} of {path} is given twice"
            if place == "body" and body:
                return self._broken(json.loads(body), each["schema"], description)
        return None

    def broken_by_answer(
        self, method: str, path: str, content: bytes, kind: str
    ) -> str | None:
        """The same of an answer with the status 200."""
        found = self._operation(method, path)
        if found is None or "json" not in kind:
            return None
        description, operation = found
        schema = operation["responses"]["200"]["schema"]
        return self._broken(json.loads(content), schema, description)

    def _is_elsewhere(self, path: str) -> bool:
        return any(re.fullmatch(pattern, path) for pattern in self.not_described)

    def _operation(self, method: str, path: str) -> tuple[dict, dict] | None:
        for description in self.described:
            for template, operations in description["paths"].items():
                pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
                if re.fullmatch(pattern, path) and method.lower() in operations:
                    return description, operations[method.lower()]
        return None

    def _broken(
        self, value: Any, schema: Mapping[str, Any], description: Mapping[str, Any]
    ) -> str | None:
        whole = {**schema, "definitions": description["definitions"]}
        error = best_match(Draft4Validator(whole).iter_errors(value))
        if error is None:
            return None
        return f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message}"
