"""Which table a file holds that is not called like one, and columns that are made
of others: what the definition says of a folder as it came."""

import hashlib
import io
import json
import zipfile

import duckdb
import pytest
import xlsxwriter

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.sources.raw import landing_of, load_all

LEADS = "lead_id,created_at\nL1,2026-04-01\n"


@pytest.fixture
def own(landing, tmp_path):
    """The project with files of a definition: own(files=..., derived_columns=...)."""

    def write(**seeds):
        folder = tmp_path / "definition"
        folder.mkdir(exist_ok=True)
        for name, text in seeds.items():
            (folder / f"{name}.add.csv").write_text(text, encoding="utf-8")
        return Project.from_environment(
            {}, landing=landing, out=tmp_path / "out", definition=folder
        )

    return write


def found(project):
    return {
        file.name: f"{file.table.system}.{file.table.name}"
        for file in landing_of(project).files
    }


def loaded(project, table):
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        cursor = connection.execute(f"from raw_{table}")
        names = [column[0] for column in cursor.description]
        return [
            {
                name: value
                for name, value in zip(names, row, strict=True)
                if value is not None and not name.startswith("_")
            }
            for row in cursor.fetchall()
        ]


def digest(text):
    """An id that is made of others: names are nothing that every table may show."""
    return hashlib.md5(text.lower().encode()).hexdigest()[:16]


def workbook(**sheets):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return stream.getvalue()


def archive(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in members.items():
            packed.writestr(f"{name}.csv", text)
    return stream.getvalue()


HEAD = "file,system,table,sheet,note\n"


def test_files_lie_where_they_came(own, put):
    put("Lead Report 2026-04.csv", LEADS)
    put("Lead Report 2026-05.csv", LEADS)
    put("from sales/リード一覧.CSV", LEADS)
    put("ads/campaign_report.csv", "date,cost\n2026-04-01,1\n")
    project = own(
        files=HEAD + "lead report *.csv,generic,Leads,,\n"
        "from sales/リード一覧.csv,generic,lead,,\n"
    )
    assert found(project) == {
        "Lead Report 2026-04.csv": "generic.lead",
        "Lead Report 2026-05.csv": "generic.lead",
        "from sales/リード一覧.CSV": "generic.lead",
        "ads/campaign_report.csv": "ads.campaign_report",
    }
    assert landing_of(project).warnings == ()


def test_a_path_goes_before_a_pattern_and_before_the_name_of_a_table(own, put):
    put("generic/lead.csv", LEADS)
    put("generic/lead [old].csv", LEADS)
    put("generic/user.csv", LEADS)
    rows = "generic/*,generic,lead,,\ngeneric/lead [old].csv,,none,,\n"
    assert found(own(files=HEAD + rows)) == {
        "generic/lead.csv": "generic.lead",
        "generic/user.csv": "generic.lead",
    }


def test_sheets_and_members_are_named(own, put):
    put("list.xlsx", workbook(案件=[["lead_id", "created_at"]], メモ=[["x"]]))
    put("all.zip", archive(people=LEADS, rest="a\n1\n"))
    project = own(
        files=HEAD + "list.xlsx,generic,lead,案件,\nall.zip,generic,lead,people.csv,\n"
    )
    assert found(project) == {
        "all.zip/people.csv": "generic.lead",
        "list.xlsx/案件": "generic.lead",
    }


def test_what_no_row_names_is_said(own, put):
    put("a.csv", LEADS)
    put("b.csv", LEADS)
    put("more/c.csv", LEADS)
    project = own(files=HEAD + "a.csv,generic,lead,,\nz.csv,generic,lead,,\n")
    assert landing_of(project).warnings == (
        "files of DEFINITION names z.csv, but there is no such file in LANDING.",
        "The file b.csv is not read: no row of files in DEFINITION names it.",
        "The file more/c.csv is not read: no row of files in DEFINITION names it.",
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.csv,generi,lead,,", "unknown system 'generi' (did you mean 'generic'?)"),
        ("a.csv,generic,leed,,", "unknown table 'leed' of generic (did you mean"),
        ("a.csv,generic,,,", "without a table"),
        ("a.csv,,lead,,", "without a system"),
        (",generic,lead,,", "a row without a file"),
        ("a.csv,generic,lead_stage_date,,", "is made of columns of lead"),
        ("list.xlsx,generic,lead,,", "without a sheet, and it has one and two"),
        ("list.xlsx,generic,lead,three,", "names three of list.xlsx, which has"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(own, put, row, said):
    put("a.csv", LEADS)
    put("list.xlsx", workbook(one=[["a"]], two=[["b"]]))
    with pytest.raises(LeadFunnelError) as error:
        landing_of(own(files=f"{HEAD}{row}\n"))
    assert said in str(error.value)


def test_a_file_may_be_of_another_system_in_the_next_run(own, put):
    put("leads.csv", "id,lead_id,created_at,created_date\n1,1,2026-04-01,2026-04-01\n")
    load_all(own(files=HEAD + "leads.csv,salesforce,lead,,\n"))
    project = own(files=HEAD + "leads.csv,generic,lead,,\n")
    load_all(project)
    assert len(loaded(project, "generic.lead")) == 1


# Columns that are made of others

LIST = """会社名,氏名,引き渡し日,受入日,結果
A社,山田,2026-04-01,2026-04-03,受入
B社,佐藤,2026-04-02,, 却下
Total,伊藤,2026-04-03,,
"""
LISTED = ("A社 / 山田", "B社 / 佐藤", "Total / 伊藤")
MADE = """system,table,column,made_of,where_heading,where_value
generic,lead,lead_id,会社名 + 氏名,,
generic,lead,created_at,引き渡し日,,
generic,lead,rejected,受入日,結果,却下
generic,lead,rejected,引き渡し日,結果,却下
generic,lead,rejected,差し戻し日,,
"""


@pytest.mark.parametrize(
    "content",
    [
        LIST,
        LIST.encode("cp932"),
        json.dumps(
            [
                dict(zip(LIST.split("\n")[0].split(","), row.split(","), strict=True))
                for row in LIST.strip().split("\n")[1:]
            ]
        ),
        workbook(Sheet1=[line.split(",") for line in LIST.strip().split("\n")]),
    ],
    ids=["utf-8", "cp932", "json", "xlsx"],
)
def test_columns_are_made_of_others(own, put, content):
    kind = "json" if isinstance(content, str) and content[0] == "[" else "csv"
    kind = "xlsx" if content[:2] == b"PK" else kind
    put(f"list.{kind}", content)
    project = own(files=HEAD + f"list.{kind},generic,lead,,\n", derived_columns=MADE)
    load_all(project)
    leads = loaded(project, "generic.lead")
    assert [lead["lead_id"] for lead in leads] == list(map(digest, LISTED))
    assert [lead["created_at"] for lead in leads] == [
        "2026-04-01", "2026-04-02", "2026-04-03",
    ]  # fmt: skip
    dates = {
        (row["lead_id"], row["stage"], row["reached_at"])
        for row in loaded(project, "generic.lead_stage_date")
    }
    assert dates == {
        (digest("A社 / 山田"), "handed_off", "2026-04-01"),
        (digest("A社 / 山田"), "sal", "2026-04-03"),
        (digest("B社 / 佐藤"), "handed_off", "2026-04-02"),
        (digest("B社 / 佐藤"), "rejected", "2026-04-02"),
        (digest("Total / 伊藤"), "handed_off", "2026-04-03"),
    }


def test_a_made_column_fills_what_is_blank(own, put):
    put(
        "generic/lead.csv",
        "lead_id,created_at,Mail\nL1,2026-04-01,a@b.example\n,2026-04-02,c@b.example\n",
    )
    project = own(
        derived_columns="system,table,column,made_of\ngeneric,lead,lead_id,Mail\n"
    )
    load_all(project)
    assert [lead["lead_id"] for lead in loaded(project, "generic.lead")] == [
        "L1", digest("c@b.example"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("generic,leed,lead_id,a,,", "unknown table 'leed'"),
        ("generic,lead,lead_idd,a,,", "(did you mean 'lead_id'?)"),
        ("generic,lead,lead_id,,,", "name a heading of the file"),
        ("generic,lead,lead_id,a +  + b,,", "name a heading of the file"),
        ("generic,lead,lead_id,a,b,", "fill both where_heading and where_value"),
    ],
)
def test_what_is_wrong_with_a_made_column_is_said(own, put, row, said):
    put("generic/lead.csv", LEADS)
    project = own(derived_columns=MADE.splitlines()[0] + f"\n{row}\n")
    with pytest.raises(LeadFunnelError) as error:
        load_all(project)
    assert said in str(error.value)
