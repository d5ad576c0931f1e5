"""Signing in to Marketo with a client id and secret."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from dlt.common.configuration import NotResolved, configspec
from dlt.common.pendulum import pendulum
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from requests import PreparedRequest, Response
from requests.exceptions import HTTPError, RequestException

from orchestration.errors import LeadFunnelError
from orchestration.live.marketo.errors import TOKEN_GONE, code_of, is_file, no_answer
from orchestration.live.marketo.limits import IDENTITY
from orchestration.live.marketo.settings import CLIENT_ID, CLIENT_SECRET
from orchestration.live.source import PassingError


@configspec
class Token(OAuth2ClientCredentials):
    """Signs calls with a token, and with a new one when Marketo says that it is
    gone."""

    given: Annotated[tuple[str, ...], NotResolved()] = ()
    """All tokens that were given."""
    server_time: Annotated[datetime | None, NotResolved()] = None
    """By Marketo's clock, when the last one was."""

    def obtain_token(self) -> None:
        hide_addresses()
        try:
            response = self.session.get(
                self.access_token_url,
                params={
                    "grant_type": "client_credentials",
                    "client_id": self.client_id,
                    "client_secret": self.client_secret,
                },
            )
            response.raise_for_status()
            said = response.json()
            self.access_token = said["access_token"]
        except HTTPError as error:
            status = error.response.status_code
            if status in (400, 401):
                raise LeadFunnelError(
                    "Marketo does not accept the client id and secret: compare "
                    f"{CLIENT_ID} and {CLIENT_SECRET} with Admin → LaunchPoint → View "
                    "Details."
                ) from None
            raise PassingError(no_answer("signing in", f"status {status}")) from None
        except (RequestException, KeyError, ValueError) as error:
            # The address holds the secret, and so does the error's text.
            raise PassingError(no_answer("signing in", type(error).__name__)) from None
        self.given = (*self.given, self.access_token)
        lasts = float(said.get("expires_in", 3600))
        self.token_expiry = pendulum.now().add(seconds=lasts)
        date = response.headers.get("Date")
        self.server_time = (
            parsedate_to_datetime(date) if date else datetime.now(UTC)
        ).replace(microsecond=0)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed = super().__call__(request)
        signed.register_hook("response", self.sign_again)
        return signed

    def sign_again(self, response: Response, **sending: Any) -> Response:
        """The answer to the same call with a new token, where the old one is gone."""
        if is_file(response) or code_of(response) not in TOKEN_GONE:
            return response
        if response.request.headers["Authorization"] == f"Bearer {self.access_token}":
            self.obtain_token()
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self.access_token}"
        answer = response.connection.send(again, **sending)
        answer.history.append(response)
        answer.request = again
        return answer


def hide_addresses() -> None:
    """Keep the address of signing in, which holds the secret, out of the log that
    urllib3 writes where somebody asks for everything."""
    log = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(each, _WithoutSecrets) for each in log.filters):
        log.addFilter(_WithoutSecrets())


class _WithoutSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return IDENTITY not in record.getMessage()
