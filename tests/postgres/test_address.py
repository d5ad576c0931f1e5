"""What the environment says of Postgres; and that its password is said nowhere."""

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.publication.postgres import address
from orchestration.publication.postgres.address import SCHEMA, URL
from orchestration.publication.postgres.session import explained


def of(url, **more):
    return address.from_environment({URL: url, **more})


@pytest.mark.parametrize(
    ("url", "place", "secrets"),
    [
        ("postgresql://bi:pw@db.example:6543/sales", "db.example:6543/sales", ("pw",)),
        ("postgres://bi@db.example/sales", "db.example:5432/sales", ()),
        ("postgresql:///sales", "localhost:5432/sales", ()),
        (
            "postgresql://bi:p%40s%2Fs@[::1]:5433/%E5%96%B6%E6%A5%AD",
            "[::1]:5433/営業",
            ("p%40s%2Fs", "p@s/s"),
        ),
        (
            "postgresql:///sales?host=%2Fvar%2Frun&password=a%20b&sslmode=require",
            "/var/run:5432/sales",
            ("a b",),
        ),
    ],
)
def test_a_url_says_where(url, place, secrets):
    found = of(url)
    assert found.place == place
    assert found.secrets == secrets
    assert (found.schema, found.schemas["marts_pii"]) == ("marts", "marts_pii")
    assert "connect_timeout=10" in found.url
    assert not any(secret in repr(found) for secret in secrets)


def test_what_the_url_says_itself_holds():
    found = of("postgresql://h/d?connect_timeout=3&application_name=our%20bi")
    assert "connect_timeout=3" in found.url
    assert "application_name=our%20bi" in found.url
    assert "lead_funnel" not in found.url


@pytest.mark.parametrize(
    "url",
    [
        "geheim",
        "mysql://bi:geheim@h/d",
        "postgresql://bi:ge@heim@h/d",
        "postgresql://bi:ge/heim@h/d",
        "postgresql://bi:ge#heim@h/d",
        "postgresql://bi:ge%zheim@h/d",
        "postgresql://bi:geheim@h:port/d",
        "postgresql://bi:geheim@h",
        "postgresql://bi:geheim@h/d?geheim=1",
        "postgresql://bi:geheim@h/d?pasword=geheim",
        "host=h password=geheim dbname=d",
    ],
)
def test_what_is_no_url_is_said_without_quoting_it(url):
    with pytest.raises(LeadFunnelError, match=URL) as told:
        of(url)
    assert "heim" not in str(told.value)
    assert told.value.__context__ is None


@pytest.mark.parametrize("name", ["Marts", "pg_marts", "1a", "a b", "a;b", "a" * 41])
def test_a_schema_has_a_plain_name(name):
    with pytest.raises(LeadFunnelError, match=SCHEMA):
        of("postgresql://h/d", **{SCHEMA: name})


def test_roles_of_other_schemas_are_others():
    assert of("postgresql://h/d").readers == {
        "marts": "lead_funnel_reader",
        "marts_pii": "lead_funnel_reader_pii",
    }
    assert of("postgresql://h/d", **{SCHEMA: "bi"}).readers == {
        "bi": "lead_funnel_bi_reader",
        "bi_pii": "lead_funnel_bi_reader_pii",
    }


def test_nothing_is_wanted_where_nothing_is_said():
    assert not address.is_wanted({})
    assert not address.is_wanted({URL: "  "})
    assert address.is_wanted({URL: "x"})


@pytest.mark.parametrize(
    ("state", "text", "said", "may_pass"),
    [
        (
            None,
            "IO: [libpq] Failed to connect: connection to server at "
            '"h", port 5432 failed: Connection refused\n\tIs the server running?',
            'cannot be reached, or the connection was lost: connection to server at "h"'
            ", port 5432 failed: Connection refused.",
            True,
        ),
        (
            None,
            "IO: [libpq] Failed to connect: FATAL:  password authentication failed for "
            'user "bi"\n',
            'says: password authentication failed for user "bi".',
            False,
        ),
        (
            None,
            "IO: [libpq] Failed to connect: FATAL:  sorry, too many clients already",
            "says: sorry, too many clients already.",
            True,
        ),
        (
            "53100",
            'IO: [libpq] ERROR:  could not extend file "base/1/2": No space left on '
            "device\nHINT:  Check free disk space.",
            'says: could not extend file "base/1/2": No space left on device.',
            True,
        ),
        (
            "23505",
            "INTEGRITY: ERROR:  duplicate key value\nDETAIL:  Key (email)=(a@b) exists",
            "says: duplicate key value.",
            False,
        ),
        (
            "22021",
            "IO: ERROR:  the password is geheim\nCONTEXT:  COPY t, line 1: a@b",
            "says: the password is ***.",
            False,
        ),
    ],
)
def test_errors_are_sentences_without_rows_and_secrets(state, text, said, may_pass):
    error = explained(of("postgresql://bi:geheim@h/d"), state, text)
    assert str(error) == f"Postgres at h:5432/d {said}"
    assert error.may_pass == may_pass
