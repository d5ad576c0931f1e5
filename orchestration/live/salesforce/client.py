"""Signing in to Salesforce, asking it, and what its errors mean in a sentence."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orchestration.errors import LeadFunnelError
from orchestration.live.http import (
    LOOPBACK,
    address_of,
    patient_session,
    to_loopback,
)
from orchestration.live.source import Environment, PassingError, given

if TYPE_CHECKING:
    import requests
    from simple_salesforce import Salesforce

API_VERSION = "65.0"
"""Winter '26. Versions live for three years at least."""

HOST = ".salesforce.com"
NEAR = "loopback"
"""What the domain of a server on this machine is called."""

SPENT = ("REQUEST_LIMIT_EXCEEDED", "API_DISABLED_FOR_ORG_LIMIT")
BUSY = ("SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "UNABLE_TO_LOCK_ROW", "TXN_SECURITY")


@dataclass(frozen=True)
class Credentials:
    """How to sign in: by a client's secret, or by a certificate for a user (JWT)."""

    address: str
    client_id: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    username: str = ""
    is_sandbox: bool = False
    version: str = API_VERSION

    @property
    def secrets(self) -> tuple[str, ...]:
        header = b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        given = (self.secret, header if self.secret else "", self.private_key)
        return tuple(each for each in given if each)

    @property
    def flow(self) -> str:
        return "JWT" if self.private_key else "client credentials"

    @property
    def domain(self) -> str:
        """What stands before .salesforce.com."""
        host = urlsplit(self.address).hostname or ""
        return NEAR if host in LOOPBACK else host.removesuffix(HOST)

    @classmethod
    def of(cls, environ: Environment, prefix: str) -> Credentials:
        """As the environment has them; what is missing is an error."""
        address = (
            address_of(environ, f"{prefix}URL")
            if given(environ, f"{prefix}URL")
            else ""
        )
        client_id = given(environ, f"{prefix}CLIENT_ID")
        secret = given(environ, f"{prefix}CLIENT_SECRET")
        key = given(environ, f"{prefix}PRIVATE_KEY")
        key_file = given(environ, f"{prefix}PRIVATE_KEY_FILE")
        username = given(environ, f"{prefix}USERNAME")
        version = given(environ, f"{prefix}API_VERSION") or API_VERSION
        if not address or not client_id or not (secret or key or key_file):
            raise LeadFunnelError(
                f"Salesforce needs {prefix}URL, https://<my domain>.my.salesforce.com, "
                f"{prefix}CLIENT_ID, and {prefix}CLIENT_SECRET or, for JWT, "
                f"{prefix}PRIVATE_KEY_FILE and {prefix}USERNAME: see "
                "docs/connecting-live-systems.md."
            )
        host = urlsplit(address).hostname or ""
        if host not in LOOPBACK and not (
            host.endswith(HOST) and host not in (f"login{HOST}", f"test{HOST}")
        ):
            raise LeadFunnelError(
                f"{prefix}URL is {address}, but must be your own domain, "
                "https://<my domain>.my.salesforce.com: it stands in Setup → My "
                "Domain."
            )
        if secret and (key or key_file):
            raise LeadFunnelError(
                f"Both {prefix}CLIENT_SECRET and a private key are set: keep the one "
                "whose flow the app has."
            )
        if (key or key_file) and not username:
            raise LeadFunnelError(
                f"{prefix}USERNAME is missing: JWT signs in as a user of the org."
            )
        if key_file:
            try:
                key = Path(key_file).expanduser().read_text()
            except OSError as error:
                raise LeadFunnelError(
                    f"{prefix}PRIVATE_KEY_FILE is {key_file}, which cannot be read "
                    f"({error.strerror})."
                ) from error
        if not version.replace(".", "", 1).isdigit() or "." not in version:
            raise LeadFunnelError(
                f"{prefix}API_VERSION is {version!r}, but must be a version such as "
                f"{API_VERSION}."
            )
        return cls(
            address,
            client_id,
            secret,
            # One line of an environment file may hold a key with \n in it.
            key.replace("\\n", "\n"),
            username,
            ".sandbox." in host,
            version,
        )


class Client:
    """simple-salesforce, signed in, with patience."""

    def __init__(self, credentials: Credentials, patience: float = 1.0) -> None:
        self.credentials = credentials
        self.calls = 0
        self.session = patient_session(patience)
        self.session.hooks["response"].append(self._count)
        address = credentials.address
        if credentials.domain == NEAR:
            to_loopback(self.session, f"https://{NEAR}{HOST}", address)
            near = f"https://{urlsplit(address).netloc}"
            to_loopback(self.session, near, address)
        with sentences(credentials):
            self.salesforce = self._sign_in()

    def _sign_in(self) -> Salesforce:
        from simple_salesforce import Salesforce

        given = self.credentials
        if given.private_key:
            # Of the token Salesforce wants to know its own login server, not ours.
            return Salesforce(
                username=given.username,
                consumer_key=given.client_id,
                privatekey=given.private_key,
                instance_url=given.domain,
                domain="test" if given.is_sandbox else "login",
                version=given.version,
                session=self.session,
            )
        return Salesforce(
            consumer_key=given.client_id,
            consumer_secret=given.secret,
            domain=given.domain,
            version=given.version,
            session=self.session,
        )

    @property
    def token(self) -> str:
        signed_in = getattr(self, "salesforce", None)
        return signed_in.session_id if signed_in else ""

    def _count(self, response: requests.Response, **_: Any) -> None:
        self.calls += "/services/data/" in (response.url or "")

    def usage(self) -> str:
        """What this load took of the org's calls of a day."""
        counted = self.salesforce.api_usage.get("api-usage")
        of_all = (
            f"; with those of others the org has used {counted.used:,} of the "
            f"{counted.total:,} that it has in 24 hours"
            if counted
            else ""
        )
        return f"Salesforce was asked {self.calls:,} times{of_all}."

    def close(self) -> None:
        self.session.close()

    def describe(self, name: str) -> dict[str, Any] | None:
        """What an object consists of; none where the user may not see it."""
        with sentences(self.credentials):
            from simple_salesforce.exceptions import SalesforceResourceNotFound

            try:
                return self.salesforce.restful(f"sobjects/{name}/describe")
            except SalesforceResourceNotFound as error:
                if code_of(error) != "NOT_FOUND":
                    raise
        self.check_version()
        return None

    def check_version(self) -> None:
        """Raise where the org does not know the version of the API."""
        from simple_salesforce.exceptions import SalesforceResourceNotFound

        with sentences(self.credentials):
            try:
                self.salesforce.restful("")
            except SalesforceResourceNotFound:
                raise LeadFunnelError(
                    f"Salesforce has no API version {self.credentials.version} "
                    f"(LEAD_FUNNEL_SALESFORCE_API_VERSION): {API_VERSION} is the usual "
                    "one."
                ) from None

    def query(self, soql: str, *, include_deleted: bool = False) -> dict[str, Any]:
        """The first page of a query."""
        with sentences(self.credentials):
            return self.salesforce.query(soql, include_deleted=include_deleted)

    def query_more(self, address: str) -> dict[str, Any]:
        with sentences(self.credentials):
            return self.salesforce.query_more(address, identifier_is_url=True)

    def rest(self, path: str, method: str = "GET", **said: Any) -> Any:
        with sentences(self.credentials):
            return self.salesforce.restful(path, method=method, **said)

    def user_id(self) -> str:
        """The user as whom the app asks."""
        with sentences(self.credentials):
            return self.salesforce.oauth2("userinfo")["user_id"]

    def results(self, job: str, locator: str, most: int) -> tuple[bytes, str]:
        """Some rows of a Bulk API 2.0 job as CSV, and where the next ones begin; blank
        after the last. simple-salesforce asks only for jobs of its own."""
        with sentences(self.credentials):
            for is_last in (False, True):
                answer = self.session.get(
                    f"{self.salesforce.bulk2_url}query/{job}/results",
                    headers={**self.salesforce.headers, "Accept": "text/csv"},
                    params={
                        "maxRecords": most,
                        **({"locator": locator} if locator else {}),
                    },
                )
                if answer.status_code == 401 and not is_last:
                    # The client signs in again where it is the one that asks.
                    self.rest(f"jobs/query/{job}")
                    continue
                break
            if answer.status_code >= 300:
                from simple_salesforce.util import exception_handler

                exception_handler(answer, name="query job")
            following = answer.headers.get("Sforce-Locator", "")
            return answer.content, "" if following == "null" else following


class LocatorExpired(LeadFunnelError):
    """A page or a job is not to be had any more: the query has to be asked again."""


class NotAllowed(LeadFunnelError):
    """The user may not see what was asked for."""


def code_of(error: Any) -> str:
    """Salesforce's own code of an error."""
    content = getattr(error, "content", None)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return str(content[0].get("errorCode", ""))
    return ""


def message_of(error: Any) -> str:
    content = getattr(error, "content", None)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return " ".join(str(content[0].get("message", "")).split())
    return f"status {getattr(error, 'status', '?')}"


@contextmanager
def sentences(credentials: Credentials) -> Iterator[None]:
    """What Salesforce or the network refuses is said in a sentence."""
    import jwt
    import requests
    from simple_salesforce.exceptions import (
        SalesforceAuthenticationFailed,
        SalesforceError,
    )

    place = credentials.address
    try:
        yield
    except SalesforceAuthenticationFailed as error:
        raise _not_signed_in(error, credentials) from None
    except SalesforceError as error:
        raise _refused(error, place) from None
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        if credentials.private_key and "key" in str(error).lower():
            raise LeadFunnelError(
                "The private key for Salesforce cannot be used: it must be an RSA key "
                "in PEM, whose certificate is uploaded to the app."
            ) from None
        if isinstance(error, requests.RequestException):
            raise PassingError(
                f"{place} answered with something that is not Salesforce's: try again "
                "later."
            ) from None
        raise
    except requests.RequestException as error:
        raise PassingError(
            f"Salesforce cannot be reached at {place} ({type(error).__name__}): try "
            "again later."
        ) from None


def _not_signed_in(error: Any, credentials: Credentials) -> LeadFunnelError:
    code, said = str(error.code), error.auth_message
    if code.isdigit() and (int(code) >= 500 or int(code) == 429):
        return PassingError(
            f"Salesforce's sign-in at {credentials.address} answered {code}: try again "
            "later."
        )
    mend = {
        "invalid_client_id": "LEAD_FUNNEL_SALESFORCE_CLIENT_ID is no app of this org",
        "invalid_client": "the client's id or secret is wrong",
        "invalid_grant": (
            "the user is not admitted to the app (Manage → Permitted Users), the "
            "certificate is another one, or the flow has no user to run as"
        ),
        "invalid_app_access": "the user is not admitted to the app",
        "unsupported_grant_type": f"the app does not allow the {credentials.flow} flow",
    }.get(code, "look at Setup → Login History")
    return LeadFunnelError(
        f"Salesforce refused the sign-in at {credentials.address} by "
        f"{credentials.flow} ({code}: {said}): {mend}."
    )


def _refused(error: Any, place: str) -> LeadFunnelError:
    code, said = code_of(error), message_of(error)
    if code in SPENT:
        return PassingError(
            f"Salesforce's API calls of the last 24 hours are used up ({said}): try "
            "again later; Setup → System Overview says who used them."
        )
    if code in ("INVALID_QUERY_LOCATOR", "INVALID_LOCATOR", "EXPIRED_QUERY_LOCATOR"):
        return LocatorExpired(f"Salesforce knows the query no longer ({said}).")
    if error.status in (429, 500, 502, 503, 504) or code in BUSY:
        return PassingError(
            f"Salesforce at {place} is not available ({code or error.status}: {said}): "
            "it was asked several times. Try again later."
        )
    if code in ("INSUFFICIENT_ACCESS", "INVALID_TYPE", "API_CURRENTLY_DISABLED"):
        return NotAllowed(f"Salesforce refuses the user ({code}: {said}).")
    if code == "INVALID_SESSION_ID" or error.status == 401:
        return LeadFunnelError(
            f"Salesforce refuses the session that it has just given ({said}): is the "
            "user allowed to use the API?"
        )
    return LeadFunnelError(
        f"Salesforce at {place} refuses a request ({code or error.status}: {said})."
    )
