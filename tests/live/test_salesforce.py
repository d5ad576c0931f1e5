"""Salesforce by simple-salesforce, against a server that minds its contract."""

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.live import salesforce
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.live.store import landed_files
from orchestration.project import Project
from orchestration.run import progress
from tests.live.org import NAME, change, environ, lead, org
from tests.live.servers.base import Answer
from tests.live.servers.salesforce import CLIENT_ID, USERNAME, error


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, out=tmp_path / "out")


@pytest.fixture
def server():
    with org() as server:
        server.rows["Lead"] = [lead(1), lead(2), lead(3)]
        yield server


def source_of(server, **more):
    [source] = salesforce.sources(environ(server, **more))
    source.patience = 0.001
    return source


def landed(project, table="lead", columns=("id",)):
    """The rows of the store as they are in its files, in the order of their texts."""
    import pyarrow.parquet as pq

    found = []
    for file in landed_files(project):
        if file.table.name == table:
            for row in pq.read_table(file.path).to_pylist():
                found.append(tuple(row.get(name) for name in columns))
    return sorted(found, key=str)


def ids(*numbers):
    return [(f"00Q{number:012}AAA",) for number in numbers]


# Signing in.


def test_client_credentials_ask_the_own_domain(server, project):
    load(project, source_of(server), ["lead"])
    assert landed(project) == ids(1, 2, 3)
    [signed_in] = server.asked("/oauth2/token")
    assert signed_in.form == {"grant_type": "client_credentials"}


@pytest.mark.parametrize("in_file", [True, False])
def test_jwt(server, project, tmp_path, in_file):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server.public_key = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    (tmp_path / "key.pem").write_text(private)
    given = environ(server, USERNAME=USERNAME)
    del given[f"{NAME}CLIENT_SECRET"]
    if in_file:
        given[f"{NAME}PRIVATE_KEY_FILE"] = str(tmp_path / "key.pem")
    else:
        given[f"{NAME}PRIVATE_KEY"] = private.replace("\n", "\\n")
    [source] = salesforce.sources(given)
    load(project, source, ["lead"])
    assert landed(project) == ids(1, 2, 3)
    assert "PRIVATE" not in repr(source)


def test_the_old_login_is_refused_with_what_to_use_instead():
    given = {
        f"{NAME}USERNAME": "u@a.example",
        f"{NAME}PASSWORD": "pw",
        f"{NAME}SECURITY_TOKEN": "t",
    }
    with pytest.raises(LeadFunnelError, match=r"retires in Summer '27") as caught:
        salesforce.sources(given)
    assert "client credentials flow" in str(caught.value)
    assert "JWT" in str(caught.value)


URL = "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"URL": URL}, "CLIENT_ID"),
        ({"USERNAME": "u"}, "USERNAME alone tell of no Salesforce org"),
        ({"URL": URL, "CLIENT_ID": "c"}, "CLIENT_SECRET"),
        ({"URL": "https://login.salesforce.com"}, "your own domain"),
        ({"URL": "https://acme.example"}, "your own domain"),
        ({"URL": "http://acme.my.salesforce.com"}, "must begin with https"),
        ({"URL": "https://u:p@acme.my.salesforce.com"}, "user or a password"),
        ({"PRIVATE_KEY": "k"}, "keep the one"),
        ({"CLIENT_SECRET": "", "PRIVATE_KEY": "k"}, "USERNAME is missing"),
        (
            {"CLIENT_SECRET": "", "PRIVATE_KEY_FILE": "/no", "USERNAME": "u"},
            "cannot be read",
        ),
        ({"API_VERSION": "v65"}, "API_VERSION is 'v65'"),
        ({"FIELDS": "Leed.X__c"}, "did you mean 'Lead'"),
        ({"BULK_ROWS": "many"}, "whole number"),
    ],
)
def test_wrong_settings_are_sentences(given, said):
    whole = len(given) == 1 and "USERNAME" not in given and given != {"URL": URL}
    base = (
        {"URL": URL, "CLIENT_ID": "c", "CLIENT_SECRET": "s"}
        if whole or "CLIENT_SECRET" in given
        else {}
    )
    with pytest.raises(LeadFunnelError, match=said):
        salesforce.sources({NAME + k: v for k, v in {**base, **given}.items()})


def test_without_settings_there_is_no_org():
    assert salesforce.sources({"LEAD_FUNNEL_OUT": "x"}) == []


def test_a_refused_sign_in_says_what_to_look_at(server, project):
    server.may_sign_in = False
    with pytest.raises(LeadFunnelError, match="invalid_grant.*no user to run as"):
        load(project, source_of(server))
    server.may_sign_in = True
    with pytest.raises(LeadFunnelError, match="the client's id or secret is wrong"):
        load(project, source_of(server, CLIENT_SECRET="another"))


# Rows.


def test_deleted_and_merged_rows_and_custom_fields_come_along(server, project):
    server.rows["Lead"] = [
        lead(1, Score__c=97.5, Region__c="関東", Address={"city": "Tokyo"}),
        lead(2, IsDeleted=True, MasterRecordId="00Q000000000001AAA"),
    ]
    load(project, source_of(server))
    columns = ("id", "score__c", "region__c", "is_deleted", "master_record_id")
    assert landed(project, columns=columns) == [
        ("00Q000000000001AAA", "97.5", "関東", "false", None),
        ("00Q000000000002AAA", None, None, "true", "00Q000000000001AAA"),
    ]
    # What it is made of has fields of its own.
    assert landed(project, columns=("address",)) == [(None,), (None,)]


def test_only_the_fields_that_are_asked_for(server, project):
    server.rows["Lead"] = [lead(1, Score__c=1, Region__c="x", Company="c")]
    load(project, source_of(server, FIELDS="Lead.Score__c"), ["lead", "account"])
    [file] = landed_files(project)
    import pyarrow.parquet as pq

    columns = set(pq.read_schema(file.path).names)
    assert {"id", "status", "is_deleted", "score__c", "system_modstamp"} <= columns
    assert "region__c" not in columns
    with pytest.raises(LeadFunnelError, match=r"Lead.scor__c \(did you mean"):
        load(project, source_of(server, FIELDS="Lead.Scor__c"), ["lead"])


def test_histories_and_all_other_objects(server, project):
    server.rows["LeadHistory"] = [change(1, "2026-04-02T00:00:00", "New", "SAL")]
    server.rows["User"] = [
        {
            "Id": "005000000000001AAA",
            "Name": "Sato",
            "CreatedDate": "2020-01-01T00:00:00.000+0000",
            "SystemModstamp": "2020-01-01T00:00:00.000+0000",
        }
    ]
    loaded = load(project, source_of(server))
    assert loaded.rows["lead_history"] == loaded.rows["user"] == 1
    assert landed(project, "lead_history", ("old_value", "new_value")) == [
        ("New", "SAL")
    ]
    assert len(loaded.rows) == 15
    asked = [request.query["q"] for request in server.asked("/queryAll")]
    assert len(asked) == 15
    assert not [request for request in server.asked("/query/") if request.query]


def test_an_object_that_cannot_be_seen_is_said(server, project):
    del server.objects["Campaign"]
    heard = []
    with progress.listening(lambda _: None, heard.append):
        load(project, source_of(server))
    assert [note for note in heard if "shows no Campaign" in note]
    del server.objects["Lead"]
    with pytest.raises(LeadFunnelError, match="shows no Lead"):
        load(project, source_of(server))


def test_the_load_says_what_it_used(server, project):
    server.used = 1000
    loaded = load(project, source_of(server), ["lead"])
    # A description and a page.
    assert loaded.notes == [
        "Salesforce was asked 2 times; with those of others the org has used 1,002 of "
        "the 15,000 that it has in 24 hours."
    ]


# Pages, tokens, outages.


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_token_that_expires_between_pages(project, calls):
    with org(page=2) as server:
        server.rows["Lead"] = [lead(number) for number in range(1, 8)]
        server.calls_of_a_token = calls
        load(project, source_of(server), ["lead"])
        assert len(server.tokens) > 1
    assert landed(project) == ids(*range(1, 8))


@pytest.mark.parametrize(
    "answer",
    [
        error(503, "SERVER_UNAVAILABLE", "too busy"),
        Answer([{"errorCode": "UNKNOWN", "message": ""}], 500),
        Answer([{"errorCode": "X", "message": ""}], 429, {"Retry-After": "0"}),
        None,
    ],
)
def test_a_page_that_fails_twice(project, answer):
    with org(page=2) as server:
        server.rows["Lead"] = [lead(number) for number in range(1, 6)]
        server.fail("/query/", answer, times=2)
        load(project, source_of(server), ["lead"])
    assert landed(project) == ids(*range(1, 6))


def test_an_outage_is_one_sentence_and_can_be_tried_again(server, project):
    server.fail("/queryAll", error(503, "SERVER_UNAVAILABLE", "too busy"), times=99)
    with pytest.raises(PassingError, match="is not available .*Try again later"):
        load(project, source_of(server), ["lead"])
    assert len(server.asked("/queryAll")) == 6


def test_a_server_that_is_not_there(project):
    given = {f"{NAME}URL": "http://127.0.0.1:9", f"{NAME}CLIENT_ID": CLIENT_ID}
    [source] = salesforce.sources({**given, f"{NAME}CLIENT_SECRET": "s"})
    source.patience = 0.001
    with pytest.raises(PassingError, match="cannot be reached"):
        load(project, source)


def test_a_spent_limit_keeps_what_was_fetched_and_the_next_load_goes_on(project):
    with org(page=2) as server:
        server.rows["Lead"] = [
            lead(number, f"2026-04-{number:02}T00:00:00") for number in range(1, 8)
        ]
        spent = error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        pages = iter([None, spent])
        server.failures.append(
            _Nth(lambda request: "/query/" in request.path, pages)  # the third page
        )
        with pytest.raises(PassingError, match="calls of the last 24 hours are used"):
            load(project, source_of(server), ["lead"])
        assert landed(project) == ids(1, 2, 3, 4)
        loaded = load(project, source_of(server), ["lead"])
        assert loaded.rows == {"lead": 3}
        assert (
            "where SystemModstamp >= 2026-04-03T23:00:00Z"
            in server.asked("/queryAll")[-1].query["q"]
        )
    assert landed(project) == ids(*range(1, 8))


class _Nth:
    """Answers of requests that fit, one after another; none: the usual one."""

    times = 1

    def __init__(self, fits, answers):
        self._fits, self.answers = fits, answers
        self.answer = None

    def fits(self, request):
        if self._fits(request):
            self.answer = next(self.answers, None)
            self.times = 1
            return self.answer is not None
        return False


def test_a_page_that_is_not_to_be_had_any_more(project):
    with org(page=2) as server:
        server.rows["Lead"] = [
            lead(number, f"2026-04-{number:02}T00:00:00") for number in range(1, 6)
        ]
        gone = error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        server.fail("/query/", gone)
        load(project, source_of(server), ["lead"])
    assert landed(project) == ids(*range(1, 6))


# Increments.


def test_increments_hold_what_a_strict_cursor_loses(server, project):
    load(project, source_of(server), ["lead"])
    server.rows["Lead"] += [
        lead(4),  # shares the instant of the newest
        lead(5, "2026-04-01T08:30:00"),  # was written late, inside the overlap
        lead(6, "2026-04-01T11:00:00"),
    ]
    # A merge between two loads: its loser is deleted.
    server.rows["Lead"][1].update(
        IsDeleted=True,
        MasterRecordId="00Q000000000001AAA",
        SystemModstamp="2026-04-01T10:30:00.000+0000",
    )
    loaded = load(project, source_of(server), ["lead"])
    assert loaded.rows == {"lead": 4}
    found = landed(project, columns=("id", "is_deleted", "master_record_id"))
    assert found.count(("00Q000000000001AAA", "false", None)) == 1
    assert ("00Q000000000002AAA", "false", None) in found
    assert ("00Q000000000002AAA", "true", "00Q000000000001AAA") in found
    assert len(found) == 7
    # Nothing is new: nothing is added.
    files = landed_files(project)
    assert load(project, source_of(server), ["lead"]).rows == {"lead": 0}
    assert landed_files(project) == files


@pytest.mark.parametrize("year", [1999, 2099])
def test_the_clock_is_salesforces_whatever_ours_says(server, project, year):
    server.rows["Lead"] = [lead(1, f"{year}-04-01T09:00:00")]
    load(project, source_of(server), ["lead"])
    server.rows["Lead"].append(lead(2, f"{year}-04-01T09:00:01"))
    load(project, source_of(server), ["lead"])
    assert landed(project) == ids(1, 2)


def test_the_overlap_is_a_setting(server, project):
    load(project, source_of(server), ["lead"])
    late = source_of(server)
    late.environ = {**late.environ, "LEAD_FUNNEL_LIVE_OVERLAP_MINUTES": "120"}
    server.rows["Lead"].append(lead(4, "2026-04-01T07:30:00"))
    assert load(project, source_of(server), ["lead"]).rows == {"lead": 0}
    assert load(project, late, ["lead"]).rows == {"lead": 1}


def test_a_field_that_comes_and_one_that_goes_are_said(server, project):
    heard = []
    with progress.listening(lambda _: None, heard.append):
        load(project, source_of(server), ["lead"])
        server.objects["Lead"]["Tier__c"] = "string"
        del server.objects["Lead"]["Region__c"]
        server.rows["Lead"].append(lead(4, "2026-04-02T00:00:00", Tier__c="A"))
        load(project, source_of(server), ["lead"])
    said = [note for note in heard if "column" in note]
    assert len(said) == 2
    assert "new column Tier__c" in said[0]
    assert "column Region__c no longer" in said[1]


# Bulk API 2.0.


def test_many_rows_come_by_bulk_with_the_deleted(project):
    with org(page=3) as server:
        server.rows["Lead"] = [
            lead(n, f"2026-04-{n:02}T00:00:00", IsDeleted=n == 4, Address={"x": 1})
            for n in range(1, 9)
        ]
        source = source_of(server, BULK_ROWS="4")
        assert load(project, source, ["lead"]).rows == {"lead": 8}
        [made] = [one for one in server.asked("/jobs/query") if one.method == "POST"]
        assert made.json["operation"] == "queryAll"
        assert landed(project) == ids(*range(1, 9))
        assert landed(project, columns=("is_deleted",)).count(("true",)) == 1
        # What is new then is little, and is asked for from the newest on.
        server.rows["Lead"].append(lead(9, "2026-04-08T00:00:00"))
        loaded = load(project, source_of(server, BULK_ROWS="4"), ["lead"])
        assert loaded.rows["lead"] in (1, 2)  # REST writes instants otherwise
        assert "2026-04-07T23:00:00Z" in server.asked("/queryAll")[-1].query["q"]


@pytest.mark.parametrize("calls", [2, 3, 4])
def test_a_token_that_expires_while_a_job_is_fetched(project, calls):
    with org(page=2) as server:
        server.rows["Lead"] = [lead(number) for number in range(1, 8)]
        server.calls_of_a_token = calls
        load(project, source_of(server, BULK_ROWS="0"), ["lead"])
    assert landed(project) == ids(*range(1, 8))


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_interrupted_job_is_gone_on_with(project, is_gone):
    with org(page=2) as server:
        server.rows["Lead"] = [lead(number) for number in range(1, 8)]
        spent = error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        server.failures.append(
            _Nth(lambda request: "/results" in request.path, iter([None, spent]))
        )
        with pytest.raises(PassingError):
            load(project, source_of(server, BULK_ROWS="0"), ["lead"])
        assert len(landed(project)) == 2
        if is_gone:
            server.jobs.clear()
        loaded = load(project, source_of(server, BULK_ROWS="0"), ["lead"])
        assert loaded.rows == {"lead": 7 if is_gone else 5}
        jobs = [one for one in server.asked("/jobs/query") if one.method == "POST"]
        assert len(jobs) == 1 + is_gone
        assert set(landed(project)) == set(ids(*range(1, 8)))
        load(project, source_of(server, BULK_ROWS="99"), ["lead"])
        assert "2026-04-01T08:00:00Z" in server.asked("/queryAll")[-1].query["q"]


def test_a_job_that_fails_says_why(server, project):
    job = Answer({"id": "7501", "state": "Failed", "errorMessage": "InvalidBatch"})
    server.fail("/jobs/query/", job)
    with pytest.raises(LeadFunnelError, match=r"ended as Failed \(InvalidBatch\)"):
        load(project, source_of(server, BULK_ROWS="0"), ["lead"])


def test_a_query_too_long_for_an_address_is_a_job(server, project):
    wide = {f"A_rather_long_custom_field_{n}__c": "string" for n in range(400)}
    server.objects["Lead"].update(wide)
    assert load(project, source_of(server), ["lead"]).rows == {"lead": 3}
    assert not server.asked("/queryAll")
