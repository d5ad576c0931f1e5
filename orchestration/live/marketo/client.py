"""Calls to Marketo's REST API, by dlt's REST client, which turns pages and tries
again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dlt.sources.helpers import requests
from dlt.sources.helpers.requests.retry import DEFAULT_RETRY_EXCEPTIONS
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
)
from requests import Response

from orchestration.live.marketo.errors import (
    Passing,
    in_sentences,
    look_for_errors,
    raise_for_status,
)
from orchestration.live.marketo.limits import USAGE, Metered, Patience, Usage
from orchestration.live.marketo.settings import Settings, written
from orchestration.live.marketo.signing import Token

PAGE, PAGE_OF_ASSETS = 300, 200
"""The most rows that Marketo puts on a page."""
CALLS_BETWEEN_LOOKS = 500
"""After how many calls of our own we ask again what others have used."""


def hooks() -> dict[str, list[Callable[..., None]]]:
    return {"response": [look_for_errors, raise_for_status]}


@dataclass(frozen=True)
class Listed:
    """A page of a list."""

    rows: tuple[dict[str, Any], ...]
    token: str | None
    """Stands for what comes behind it."""
    has_more: bool


class Marketo:
    """A subscription of Marketo, to be asked."""

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self.settings = settings
        self.patience = patience or Patience()
        self.usage = Usage(settings)
        self.session = self._session()
        self.token = Token(
            access_token_url=f"{settings.endpoint}/identity/oauth/token",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            session=self.session,
        )
        self.api = RESTClient(settings.endpoint, auth=self.token, session=self.session)
        self._looked_at: int | None = None

    def _session(self) -> Any:
        patience = self.patience
        client = requests.Client(
            request_timeout=patience.call,
            request_max_attempts=patience.tries,
            request_backoff_factor=patience.backoff,
            request_max_retry_delay=patience.longest,
            raise_for_status=False,
            exceptions=(*DEFAULT_RETRY_EXCEPTIONS, Passing),
        )
        session = client.session
        session.mount(self.settings.endpoint, Metered(self.usage, patience))
        return session

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.settings.client_secret, *self.token.given)

    def now(self) -> datetime:
        """The instant by Marketo's own clock, in whole seconds."""
        if self.token.server_time is None:
            self.token.obtain_token()
        return self.token.server_time

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def _call(self, method: Any, path: str, **sent: Any) -> dict[str, Any]:
        self._look_at_usage()
        with in_sentences(path):
            response = self.api.request(path, method=method, hooks=hooks(), **sent)
            return response.json()

    def _look_at_usage(self) -> None:
        """Learn now and then how many calls of the day everyone has made."""
        last = self._looked_at
        if last is not None and self.usage.calls - last < CALLS_BETWEEN_LOOKS:
            return
        self._looked_at = self.usage.calls
        said = self.get(USAGE)
        for day in (said.get("result") or ())[:1]:
            self.usage.calls_today = int(day.get("total") or 0)

    def list_of(self, path: str, **params: Any) -> Iterator[Listed]:
        """The pages of a list, of which the last names no next one."""
        paginator = JSONResponseCursorPaginator(
            cursor_path="nextPageToken", cursor_param="nextPageToken"
        )
        return self._pages(path, paginator, batchSize=PAGE, **params)

    def assets(self, path: str, **params: Any) -> Iterator[Listed]:
        """Pages by offset, until one is empty."""
        paginator = OffsetPaginator(
            limit=PAGE_OF_ASSETS, limit_param="maxReturn", total_path=None
        )
        return self._pages(path, paginator, **params)

    def activities(self, path: str, token: str, **params: Any) -> Iterator[Listed]:
        """Pages of activities from behind a paging token, until Marketo says that
        there are no more."""
        paginator = JSONResponseCursorPaginator(
            cursor_path="nextPageToken",
            cursor_param="nextPageToken",
            has_more_path="moreResult",
        )
        return self._pages(
            path, paginator, nextPageToken=token, batchSize=PAGE, **params
        )

    def token_for(self, since: datetime) -> str:
        """A paging token that stands for an instant."""
        said = self.get(
            "rest/v1/activities/pagingtoken.json", sinceDatetime=written(since)
        )
        return said["nextPageToken"]

    def _pages(
        self, path: str, paginator: BasePaginator, **params: Any
    ) -> Iterator[Listed]:
        self._look_at_usage()
        pages = self.api.paginate(
            path,
            params=params,
            paginator=paginator,
            data_selector="result",
            hooks=hooks(),
        )
        while True:
            with in_sentences(path):
                page = next(pages, None)
            if page is None:
                return
            said = page.response.json()
            yield Listed(
                tuple(page), said.get("nextPageToken"), bool(said.get("moreResult"))
            )
            self._look_at_usage()

    def file(self, path: str, begin: int) -> Response:
        """The content of an export from a byte on, as a stream."""
        headers = {"Accept-Encoding": "identity"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
        return self.api.request(
            path, method="GET", headers=headers, stream=True, hooks={"response": []}
        )
