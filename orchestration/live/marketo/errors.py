"""Errors that Marketo answers with, most of them with the status 200 and a code in the
body (https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/error-codes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from requests import Response
from requests.exceptions import HTTPError, RequestException

from orchestration.errors import LeadFunnelError
from orchestration.live.source import PassingError

TOKEN_GONE = ("601", "602")
PASSING = ("502", "604", "606", "608", "611", "614", "615", "713")
"""Codes of what may pass by itself: it is tried again."""
DENIED, DAY_IS_USED_UP, NO_DATA = "603", "607", "702"
NOT_NOW, NO_SUCH_FILTER = "1029", "1035"
"""Of exports: the queue is full or the day is used up; what it may not ask for."""
AFTER_MIDNIGHT = "after midnight, US Central Time"


class MarketoError(LeadFunnelError):
    """An error that Marketo answered with."""

    code = message = ""

    @classmethod
    def of(cls, code: str, message: str, path: str) -> MarketoError:
        """The error of a call, in a sentence."""
        error = cls(_sentence(code, message, path))
        error.code, error.message = code, message
        return error


class Passing(MarketoError):
    """One that is worth another try."""


def _sentence(code: str, message: str, path: str) -> str:
    if code in TOKEN_GONE:
        return (
            f"Marketo does not accept the access token that it gave ({code}, "
            f"{message}): look at Admin → LaunchPoint whether the service is still "
            "there, and at its user."
        )
    if code == DENIED:
        return (
            f"Marketo lets this user not call {path} (603, {message}): in Admin → "
            f"Users & Roles → Roles give its role “{permission(path)}” under Access "
            "API; if it has that, the address of this machine is not on the "
            "allowlist in Admin → Security."
        )
    if code in PASSING:
        return (
            f"Marketo keeps answering {path} with {code}, {message}: try again later. "
            "What was loaded until then is kept."
        )
    return f"Marketo answers {path} with {code}, {message}."


def permission(path: str) -> str:
    """The least permission that a call needs, as Adobe's description names it."""
    if "asset/" in path:
        return "Read-Only Assets"
    return "Read-Only Activity" if "activit" in path else "Read-Only Lead"


def is_file(response: Response) -> bool:
    """Whether it is the content of an export, which is not looked into here."""
    return (response.request.path_url or "").split("?")[0].endswith("/file.json")


def code_of(response: Response) -> str | None:
    """The code of the error that an answer holds, if it does."""
    found = error_in(response)
    return found["code"] if found else None


def error_in(response: Response) -> Mapping[str, str] | None:
    try:
        said = response.json()
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("success", True):
        return None
    for error in said.get("errors") or ():
        return {"code": str(error.get("code")), "message": str(error.get("message"))}
    return {"code": "?", "message": "an error without a code"}


def raise_error(error: Mapping[str, str], path: str) -> None:
    kind = Passing if error["code"] in PASSING else MarketoError
    raise kind.of(error["code"], error["message"].strip(), path)


def path_of(response: Response) -> str:
    return (response.request.path_url or "").split("?")[0]


def look_for_errors(response: Response, *_: Any, **__: Any) -> None:
    """Raise what an answer says went wrong; dlt's client tries again what may pass."""
    if is_file(response):
        return
    error = error_in(response)
    if error is not None and error["code"] != NO_DATA:
        raise_error(error, path_of(response))


def raise_for_status(response: Response, *_: Any, **__: Any) -> None:
    """What stays wrong after all tries."""
    response.raise_for_status()


def no_answer(what: str, why: str) -> str:
    return (
        f"Marketo does not answer {what} ({why}): try again later. What was loaded "
        "until then is kept."
    )


@contextmanager
def in_sentences(path: str) -> Iterator[None]:
    """What stays wrong after all tries, in one sentence that holds no secret."""
    try:
        yield
    except Passing as error:
        raise PassingError(str(error)) from None
    except MarketoError as error:
        if error.code != DAY_IS_USED_UP:
            raise
        raise PassingError(
            "Marketo: the calls of today are used up (607), by everyone together. The "
            f"load goes on where it stopped when it is started {AFTER_MIDNIGHT}."
        ) from None
    except HTTPError as error:
        status = f"status {error.response.status_code}"
        raise PassingError(no_answer(path, status)) from None
    except RequestException as error:
        raise PassingError(no_answer(path, type(error).__name__)) from None
