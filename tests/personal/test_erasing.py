"""Whoever asks to be erased is in no byte of OUT, and every number stays."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from orchestration.errors import LeadFunnelError
from orchestration.live.pipeline import load
from orchestration.personal import erased, erasing, requests, retention
from orchestration.project import Project
from orchestration.sources import raw
from tests import job
from tests.live.made_up import MadeUp, lead, page
from tests.personal import planted

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

ALSO_COMPARED = (
    "person_id",
    "primary_record_id",
    "source",
    "channel",
    "rule",
    "stage",
    "outcome",
    "link_type",
)
"""Texts that are counted by; of others the person's are others by then."""


def counts(project: Project) -> dict[str, list[tuple]]:
    """Every public table without its texts, but for those that are counted by."""
    found = {}
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, list(column_name order by column_index) "
            "from duckdb_columns() where schema_name = 'marts' and "
            "(data_type <> 'VARCHAR' or list_contains(?, column_name)) "
            "and column_name not in ('seen_at', 'failing_since') group by 1",
            [list(ALSO_COMPARED)],
        ).fetchall()
        for table, columns in tables:
            found[table] = connection.execute(
                f"select {', '.join(columns)} from marts.{table} order by all"
            ).fetchall()
    return found


def fates(project: Project) -> list[tuple]:
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        return connection.execute("from quality.raw_row_fates order by all").fetchall()


def raw_rows(project: Project, table: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        found = connection.execute(f"from {table}")
        names = [name for name, *_ in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("company")
    planted.write(folder / "landing")
    return Project.from_environment({}, landing=folder / "landing", out=folder / "out")


@pytest.fixture(scope="module")
def told(company: Project) -> dict[str, Any]:
    """What there was before the person was erased, and afterwards."""
    job.build(company)
    found: dict[str, Any] = {
        "where": planted.found_in(company.out),
        "counts": counts(company),
        "fates": fates(company),
        "exports": {
            path: path.read_bytes()
            for path in company.landing.rglob("*")
            if path.is_file()
        },
    }
    # What runs and loads leave beside the tables.
    for name in (
        "logs/run-1.log",
        "dagster/history/runs.db",
        "data_docs/index.html",
        "landed/generic/lead/interrupted.0.parquet",
    ):
        path = company.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"a row of {planted.MARKER}")
    requests.ask(company, email=planted.EMAIL, basis="GDPR Art. 17")
    # One that is killed is done again.
    erasing.begin(company)
    stores = erasing.begin(company)
    job.build(company)
    assert not erasing.go_on(company)
    assert requests.are_open(company)
    erasing.end(company, stores, {"E0001"})
    return found


def test_the_person_is_in_no_byte_of_out(company, told):
    whose = {where.split("/")[0] for where in told["where"]}
    assert whose == {"raw", "warehouse", "publications"}
    assert len(told["where"]) > 20
    assert planted.found_in(company.out) == []


def test_what_is_counted_is_as_before(company, told):
    after = counts(company)
    assert sum(map(len, after.values())) > 1000
    for table, rows in told["counts"].items():
        for was, now in zip(rows, after[table], strict=True):
            assert now == was, (table, [*zip(was, now, strict=True)])
    assert fates(company) == told["fates"]


def test_the_person_is_still_one_person(company, told):
    """Five records of four systems, by addresses, a merge and a conversion."""
    with duckdb.connect(str(company.published_personal_database)) as connection:
        people = connection.execute(
            "select full_name, email, phone from marts_pii.dim_people_pii"
        ).fetchall()
    [(name, email, phone)] = [row for row in people if "erased" in (row[1] or "")]
    assert name.startswith("(erased ") and phone.startswith("(erased ")
    assert email.endswith("@erased.invalid")
    assert {"Bea", "Cleo", "Dee"} <= {name for name, _, _ in people}
    [person] = [
        row for row in raw_rows(company, "marts.dim_people") if row["record_count"] > 1
    ]
    assert person["record_count"] == 6


def test_ids_times_and_values_that_others_have_stay(company, told):
    [row] = [
        row for row in raw_rows(company, "raw_generic.lead") if row["lead_id"] == "G1"
    ]
    assert (row["status"], row["source"], row["region"]) == ("SAL", "website", "Kanto")
    assert row["created_at"] == "2026-04-01 09:00"
    assert row["description"] is row["_meta"] is None
    [phone, told_in_status] = [
        row["new_value"]
        for row in raw_rows(company, "raw_generic.lead_status_history")
        if row["changed_at"] >= "2026-04-04"
    ]
    # A status that names somebody is none that others have.
    assert phone.startswith("(erased ") and told_in_status.startswith("(erased ")
    # The same text, which says nothing, so that rows that differed still do.
    assert phone == told_in_status


def test_other_people_and_the_exports_are_left_alone(company, told):
    others = [
        row for row in raw_rows(company, "raw_generic.lead") if row["lead_id"] > "G2"
    ]
    assert [row["name"] for row in others] == ["Bea", "Cleo"]
    assert [row["email"] for row in others] == ["b@example.com", "c@example.com"]
    for path, content in told["exports"].items():
        assert path.read_bytes() == content


def test_the_evidence_names_nobody(company, told):
    [evidence] = requests.erasures(company)
    assert (evidence.request_id, evidence.basis) == ("E0001", "GDPR Art. 17")
    assert evidence.run == company.published.resolve().name
    # Rows: 2 leads, 4 of history, a call and a deal; a lead, contact, deal and task;
    # a contact, a change, a call and its link; a lead and a change.
    assert evidence.stores["raw rows"] == 18
    assert evidence.stores["publications"] == 1
    assert not requests.are_open(company)
    folder = erased.folder(company)
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        for text in (planted.MARKER.lower(), "example.org", "G1", "00Q"):
            assert text not in path.read_text().lower()


def test_whoever_nothing_happened_to_for_long_is_known(company, told):
    assert retention.quiet_people(company, 365) == {}
    # Bea, Cleo, Dee, Eve and one without a name; the person is erased already.
    assert len(retention.quiet_people(company, 0)) == 5


def test_who_comes_again_stays_erased(company, told):
    """With a new id and the same address, at once; merged into the person with
    another address, once it is known that they are one person."""
    leads = planted.generic()["lead"]
    fresh = planted.named(planted.lead("G8", planted.EMAIL), *planted.NAMES)
    merged = planted.named(
        planted.lead("G9", "qzvxperson.new@example.com", merged_into_id="G2"),
        *planted.NAMES,
    )
    # The person's own rows stand in the export as ever.
    planted.write_table(
        company.landing / "generic" / "lead.csv", [*leads, fresh, merged]
    )
    raw.load_all(company)
    by_id = {row["lead_id"]: row for row in raw_rows(company, "raw_generic.lead")}
    for known in ("G1", "G2", "G8"):
        assert by_id[known]["name"].startswith("(erased "), known
        assert by_id[known]["email"].endswith("@erased.invalid"), known
    assert by_id["G8"]["email"] == by_id["G1"]["email"]
    # The row itself says whom it was merged into.
    assert by_id["G9"]["name"].startswith("(erased ")
    assert planted.found_in(company.raw) == []


def test_a_record_that_leads_to_the_person_is_found_by_the_run(company, told):
    """Nothing in the row of a contact says that it is the person; the lead that was
    converted into it does."""
    planted.write_table(
        company.landing / "salesforce" / "contact.csv",
        [
            *planted.salesforce()["contact"],
            planted.named(
                {
                    "Id": "003000000000009AAA",
                    "Email": "qzvxperson.late@example.com",
                    "CreatedDate": "2026-04-03T00:00:00.000+0000",
                    "Name": planted.MARKER,
                }
            ),
        ],
    )
    planted.write_table(
        company.landing / "marketo" / "lead.csv",
        [
            *planted.marketo()["lead"],
            {
                "id": "503",
                "email": "qzvxperson.late@example.com",
                "created_at": "2026-04-01T02:00:00Z",
                "sfdc_lead_id": "00Q000000000001AAA",
            },
        ],
    )
    job.build(company)
    assert planted.found_in(company.raw)
    assert erasing.go_on(company)
    assert len(requests.are_open(company)) == 1
    erasing.begin(company)
    assert planted.found_in(company.raw) == []
    assert planted.found_in(company.warehouse.parent) == []


# What is loaded from the systems themselves.


def test_the_landed_store_is_rewritten_and_stays_so(project):
    def loaded(*rows):
        load(project, MadeUp(given={"lead": [page(*rows)]}))
        found = raw.load_all(project)["salesforce", "lead"]
        return found.new_files, planted.found_in(project.out)

    project.landing.mkdir()
    about = {"Email": planted.EMAIL, "Name": planted.MARKER, "Notes": planted.MARKER}
    new, where = loaded(lead("L1", **about), lead("L2", Name="Bea"))
    assert new == 1
    assert {place.split("/")[0] for place in where} >= {"landed", "raw"}
    requests.ask(project, email=planted.EMAIL)
    erasing.begin(project)
    assert planted.found_in(project.out) == []
    # The files of before are known as they are now; a vendor's new copy is erased.
    assert loaded(lead("L1", **about, Status="Open")) == (1, [])
    assert loaded() == (0, [])
    assert [row["name"] for row in raw_rows(project, "raw_salesforce.lead")][1] == "Bea"


# Requests.


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "definition").mkdir()
    made = Project.from_environment(
        {},
        landing=tmp_path / "landing",
        out=tmp_path / "out",
        definition=tmp_path / "definition",
    )
    made.prepare_out()
    return made


def test_a_request_is_kept_once_and_names_nobody(project):
    first = requests.ask(project, email=" Anna@Example.com ")
    assert requests.ask(project, email="ａｎｎａ@example.com") == first
    second = requests.ask(project, system="salesforce", record_id="00Q000000000001AAA")
    assert (first.request_id, second.request_id) == ("E0001", "E0002")
    short = requests.ask(project, system="salesforce", record_id="00Q000000000001")
    assert short == second
    text = (erased.folder(project) / "requests.json").read_text()
    assert "anna" not in text.lower() and "00Q" not in text


def test_ids_are_the_same_in_python_and_in_sql():
    for system, given in (
        ("salesforce", "00Q000000000001AAA"),
        ("generic", " 0042 "),
        ("hubspot", "71.0"),
        ("generic", "0"),
        ("generic", "a.0"),
    ):
        sql = erased.same_id_sql(system, "?")
        [(found,)] = duckdb.execute(
            f"select {sql.replace('?', 'v')} from (select ? as v)", [given]
        ).fetchall()
        assert found == erased.same_id(system, given)


def test_the_table_of_requests_is_taken_over(project):
    path = project.definition / "erasure_requests.csv"
    path.write_text(
        "system,record_id,email,requested_at,basis\n"
        ",,anna@example.com,2026-05-01,APPI Art. 35\n"
        "hubspot,71,,2026-05-02,\n"
    )
    requests.take_over(project)
    requests.take_over(project)
    assert [(each.requested_at, each.basis) for each in requests.are_open(project)] == [
        ("2026-05-01", "APPI Art. 35"),
        ("2026-05-02", "on request"),
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",,info@example.com,,", r"line 2: info@ is an address that many people read"),
        ("sales_force,1,,,", r"'sales_force' is no system .*salesforce"),
        (",,anna,,", "Say who asks to be erased"),
    ],
)
def test_a_request_that_cannot_be_is_said(project, row, says):
    path = project.definition / "erasure_requests.csv"
    path.write_text(f"system,record_id,email,requested_at,basis\n{row}\n")
    with pytest.raises(LeadFunnelError, match=says):
        requests.take_over(project)


def test_an_address_of_many_people_names_nobody(project):
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "create schema input_layer; create schema intermediate;"
            "create table intermediate.int_identity__links (link_type varchar);"
            "create table intermediate.int_people__keys as "
            "select * from (values (1, 1), (2, 2), (3, 2)) as v "
            "(record_key, person_key);"
            "create table input_layer.input_layer__records as select * from (values "
            "(1, 'none@example.com'), (2, 'none@example.com'), (3, 'b@example.com'), "
            "(2, 'b@example.com')) as v (record_key, email_match)"
        )
    with pytest.raises(LeadFunnelError, match="2 people have this address"):
        requests.ask(project, email="None@example.com")
    assert requests.ask(project, email="b@example.com").is_open


# Retention.


def test_logs_are_kept_for_as_long_as_is_said(project):
    project.logs.mkdir()
    own, old = project.logs / "run-1.log", project.logs / "run-2.log"
    for path in (own, old):
        path.write_text("a log")
    assert retention.apply(project, own) == {}
    (project.definition / "retention_periods.csv").write_text(
        "kept,keep_days,reason\nlogs,0,Nobody needs them\n"
    )
    assert retention.apply(project, own) == {"logs": 1}
    assert (own.exists(), old.exists()) == (True, False)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("salesforce.tasks,30,", "'salesforce.tasks'.*salesforce.task"),
        ("logs,a month,", "keeps logs for 'a month' days"),
    ],
)
def test_a_period_that_cannot_be_is_said(project, row, says):
    path = project.definition / "retention_periods.csv"
    path.write_text(f"kept,keep_days,reason\n{row}\n")
    with pytest.raises(LeadFunnelError, match=says):
        retention.apply(project, project.logs / "run.log")


def test_texts_that_nobody_reads_go_and_no_number_with_them(project):
    planted.write(project.landing)
    raw.load_all(project)
    before = raw_rows(project, "raw_generic.sales_activity")
    (project.definition / "retention_periods.csv").write_text(
        "kept,keep_days,reason\ngeneric.sales_activity,0,Notes are in the CRM\n"
    )
    assert retention.apply(project, project.logs / "run.log") == {
        "generic.sales_activity": 1
    }
    # The next load takes the file for what it was.
    loaded = raw.load_all(project)["generic", "sales_activity"]
    assert (loaded.rows, loaded.new_files) == (2, 0)
    after = raw_rows(project, "raw_generic.sales_activity")
    assert all(row[name] is None for row in after for name in planted.UNREAD_LOADED)
    assert [{**row, **dict.fromkeys(planted.UNREAD_LOADED)} for row in before] == after
    assert retention.apply(project, project.logs / "run.log") == {}


def test_the_state_is_plain_json(company, told):
    found = json.loads((erased.folder(company) / "erasures.json").read_text())
    assert set(found[0]) == {
        "request_id", "requested_at", "basis", "erased_at", "version", "run", "stores",
    }  # fmt: skip
