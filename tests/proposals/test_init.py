"""What `lead-funnel init` proposes, asks, keeps and says, without a run."""

import csv
import gzip
import io
import json
import zipfile

import pytest

from orchestration.project import Project
from orchestration.proposals.proposal import masked, shown
from orchestration.proposals.words import Words
from orchestration.sources.raw import landing_of
from tests.proposals import shapes

LEADS = (
    "Lead No,Company,Name,Mail,Created,Status,Owner,Source\n"
    "1,Alpha,Ann,ann@alpha.example,2026-04-01,Passed to sales,Sam,Expo\n"
    "2,Beta,Bob,bob@beta.example,2026-04-02,Accepted,Sam,Fax\n"
    "3,Gamma,Cem,cem@gamma.example,2026-04-03,Parking lot,Mia (Marketing),Expo\n"
)


@pytest.fixture
def rows(tmp_path):
    """rows("columns.add.csv"): the rows of a file of the definition."""

    def read(name):
        path = tmp_path / "definition" / name
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig") as stream:
            return list(csv.reader(stream))[1:]

    return read


@pytest.fixture
def vars_kept(tmp_path):
    def read():
        path = tmp_path / "definition" / "vars.yml"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    return read


def flat(result):
    """What was said, in one line."""
    return " ".join(result.stdout.split())


def test_what_is_proposed_is_read_so_by_a_run(init, landing, put, tmp_path, rows):
    put("crm dump.csv", LEADS)
    init("--yes", "--no-run")
    project = Project.from_environment(
        {}, landing=landing, out=tmp_path / "out", definition=tmp_path / "definition"
    )
    [file] = landing_of(project).files
    assert (file.table.system, file.table.name) == ("generic", "lead")
    assert ["generic", "lead", "Lead No", "lead_id", ""] in rows("columns.add.csv")


def test_a_status_that_no_word_tells_is_left_open(init, put, rows):
    put("leads.csv", LEADS)
    said = flat(init("--yes", "--no-run"))
    assert {row[5]: row[6] for row in rows("stage_rules.add.csv")} == {
        "Passed to sales": "handed_off",
        "Accepted": "sal",
    }
    assert "v1,generic,lead,status,equals,Parking lot,<stage>" in said
    assert "status 'Parking lot' (1 row, 2026-04-03 to 2026-04-03)" in said


def test_what_is_not_sure_is_asked_and_answers_count(init, put, rows, vars_kept):
    put("leads.csv", LEADS)
    answers = [
        "",  # the file is a list of leads
        "lead_idd",  # which is no column
        "lead_id",
        "Europe/Berln",  # which is no zone
        "Europe/Berlin",
        "recycled",  # Parking lot
        "-",  # Mia is none of marketing
    ]
    said = flat(init("--no-run", says="".join(f"{line}\n" for line in answers)))
    assert said.count("What is not sure is asked") == 1
    assert "Column Lead No of leads.csv: has the word 'no'." in said
    assert "'lead_idd' is none of these (did you mean 'lead_id'?)" in said
    assert "did you mean 'Europe/Berlin'?" in said
    assert ["generic", "lead", "Lead No", "lead_id", ""] in rows("columns.add.csv")
    assert vars_kept() == (
        "source_timezones:\n  generic: Europe/Berlin\n"
        "reporting_timezone: Europe/Berlin\n"
    )
    rules = {row[5]: row[6] for row in rows("stage_rules.add.csv")}
    assert rules["Parking lot"] == "recycled"
    assert rows("user_roles.add.csv") == []
    assert "Not sure" not in said
    assert "what 2 users do (Sam, Mia (Marketing))" in said


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("recycled", "recycled"), ("", None), ("nonsense\ntal", "tal")],
)
def test_an_answer_is_a_row(init, put, rows, answer, expected):
    put(
        "generic/lead.csv",
        "lead_id,created_at,status\nL1,2026-04-01T09:00Z,Parking lot\n",
    )
    # The zone that days begin in is asked first.
    done = init("--no-run", says=f"UTC\n{answer}\n")
    found = {row[5]: row[6] for row in rows("stage_rules.add.csv")}
    assert found.get("Parking lot") == expected
    if "nonsense" in answer:
        assert "'nonsense' is none of these" in done.stdout
    assert "Not sure" not in done.stdout


def test_where_nobody_answers_the_rest_is_as_with_yes(init, put, vars_kept):
    put("generic/lead.csv", "lead_id,created_at\nL1,2026-04-01 09:00\n")
    said = flat(init("--no-run", says=""))
    assert "time zone that days begin in → UTC" in said
    assert vars_kept() == "source_timezones:\n  generic: UTC\nreporting_timezone: UTC\n"


def test_the_usual_layout_needs_no_row(init, put, rows):
    put("generic/lead.csv", "lead_id,created_at\nL1,2026-04-01\n")
    put("generic/lead_status_history.csv", "lead_id,changed_at,new_value\n")
    said = flat(init("--yes", "--no-run"))
    assert rows("files.add.csv") == []
    assert "as the definition or its name says" in said


# Running it again


def test_again_nothing_changes(init, landing, tmp_path):
    shapes.excel_list(landing)
    init("--yes", "--no-run")
    before = {
        path.name: path.read_bytes()
        for path in (tmp_path / "definition").iterdir()
        if path.suffix != ".md"
    }
    said = flat(init("--yes", "--no-run"))
    assert "Nothing new" in said
    assert "Kept as it was: " in said
    assert "stage_rules.add.csv 2 rows" in said
    assert {
        path.name: path.read_bytes()
        for path in (tmp_path / "definition").iterdir()
        if path.suffix != ".md"
    } == before


def test_again_what_a_person_edited_stays_and_new_findings_come(
    init, put, rows, tmp_path, vars_kept
):
    put("leads.csv", LEADS)
    init("--yes", "--no-run")
    folder = tmp_path / "definition"
    rules = folder / "stage_rules.add.csv"
    edited = rules.read_text(encoding="utf-8").replace("Accepted,sal", "Accepted,tal")
    edited = edited.replace("\n", "\r\n")
    rules.write_bytes(edited.encode())
    roles = folder / "user_roles.add.csv"
    roles.write_text(roles.read_text().splitlines()[0] + "\n")
    variables = folder / "vars.yml"
    variables.write_text(
        "# ours\nreporting_timezone: Asia/Tokyo # Tokyo\n"
        "source_timezones:\n  ads: UTC\n"
    )
    put("leads.csv", f"{LEADS}4,Delta,Dora,d@delta.example,2026-04-04,Junk,Sam,Expo\n")
    said = flat(init("--yes", "--no-run"))
    text = rules.read_bytes().decode()
    assert text.startswith(edited)
    assert (
        text.removeprefix(edited)
        == "v1,generic,lead,status,equals,Junk,disqualified\r\n"
    )
    assert rows("user_roles.add.csv") == []
    assert "user Mia (Marketing)" in said.split("as you took it out: ")[1]
    assert vars_kept() == (
        "# ours\nreporting_timezone: Asia/Tokyo # Tokyo\n"
        "source_timezones:\n  ads: UTC\n"
    )
    assert "stage_rules.add.csv 1 row" in said.split("Added to")[1]


def test_again_a_new_file_is_found(init, put, rows):
    put("leads.csv", LEADS)
    init("--yes", "--no-run")
    put("more leads.csv", LEADS)
    said = flat(init("--yes", "--no-run"))
    assert [row[0] for row in rows("files.add.csv")] == ["leads.csv", "more leads.csv"]
    assert "files.add.csv 1 row" in said.split("Added to")[1]


# Formats and what is in them


def test_every_format_is_looked_at(init, put, rows):
    values = list(csv.DictReader(io.StringIO(LEADS)))
    put("a/leads.json", json.dumps({"results": values}))
    put("b/leads.jsonl", "\n".join(map(json.dumps, values)))
    put("c/leads.tsv.gz", gzip.compress(LEADS.replace(",", "\t").encode()))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("x/leads.csv", LEADS.encode("utf-16"))
        packed.writestr("x/notes.txt", "no")
    put("d.zip", stream.getvalue())
    said = flat(init("--yes", "--no-run"))
    assert {(row[0], row[2], row[3]) for row in rows("files.add.csv")} == {
        ("a/leads.json", "lead", ""),
        ("b/leads.jsonl", "lead", ""),
        ("c/leads.tsv.gz", "lead", ""),
        ("d.zip", "lead", "x/leads.csv"),
    }
    assert "3 rows, utf-16" in said


def test_other_tables_are_told_by_their_headings(init, put, rows):
    put("1.csv", LEADS)
    put(
        "2.csv",
        "商談 ID,リード ID,商談所有者,作成日,完了,受注,金額\n"
        "9,1,Sam,2026/04/09,1,1,¥100\n",
    )
    put("3.csv", "活動 ID,リード ID,担当者,活動日,種別\n5,1,Sam,2026/04/03,電話\n")
    put(
        "4.csv", '日付,勘定科目,取引先,税抜金額,摘要\n2026/04/01,広告費,A社,"1,000",x\n'
    )
    put(
        "5.csv",
        "Day,Campaign,Campaign ID,Currency code,Cost,Clicks,Impr.\n"
        "2026-04-01,C,7,JPY,10,1,2\n",
    )
    put("6.csv", "ユーザー ID,氏名,部署,役割\nSam,佐藤,営業部,field_sales\n")
    put("7.csv", "colour,size\nred,1\n")
    said = flat(init("--yes", "--no-run"))
    assert {row[0]: f"{row[1]}.{row[2]}" for row in rows("files.add.csv")} == {
        "1.csv": "generic.lead",
        "2.csv": "generic.opportunity",
        "3.csv": "generic.sales_activity",
        "4.csv": "ledger.cost",
        "5.csv": "ads.campaign_report",
        "6.csv": "generic.user",
        "7.csv": ".none",
    }
    assert "0 of its 2 headings are known" in said


@pytest.mark.parametrize(
    ("heading", "ids", "column"),
    [
        # The lead's own heading, under which a history has it several times …
        ("管理番号", "112", "lead_id"),
        ("管理番号", "123", "lead_id"),
        ("No", "112", "lead_id"),
        # … but a number that no two changes share is the change's.
        ("No", "123", None),
    ],
)
def test_whose_change_it_is(init, put, rows, heading, ids, column):
    put("leads.csv", LEADS)
    changes = "".join(
        f"{lead},2026/04/0{day} 9:00,Parking lot,Accepted,Sam\n"
        for day, lead in enumerate(ids, start=4)
    )
    put("changes.csv", f"{heading},変更日時,変更前,変更後,変更者\n{changes}")
    said = flat(init("--yes", "--no-run"))
    tables = {row[0]: row[2] for row in rows("files.add.csv")}
    named = {row[2]: row[3] for row in rows("columns.add.csv")}
    assert named.get(heading) == column
    if column is None:
        assert tables["changes.csv"] == "none"
        assert (
            "4 of its 5 headings are columns of lead_status_history, but there is no "
            "lead_id" in said
        )
    else:
        assert tables["changes.csv"] == "lead_status_history"


def test_statuses_in_a_file_that_is_left_alone_are_said(init, put, rows):
    """Their dates are in it: without them every rate is of the last status only."""
    put("leads.csv", LEADS)
    put(
        "verlauf.csv",
        "Lead-Nr;Datum;Alter Status;Neuer Status\n"
        "1;04.04.2026;Parking lot;Passed to sales\n"
        "2;05.04.2026;Passed to sales;Accepted\n",
    )
    # Dates, and one word that is a status by chance.
    put("visits.csv", "Day,Answer\n2026-04-01,accepted\n2026-04-02,never\n")
    put("answers.csv", "Answer,More\nAccepted,x\nParking lot,y\n")
    said = flat(init("--yes", "--no-run"))
    assert {row[0]: row[2] for row in rows("files.add.csv")} == {
        "leads.csv": "lead",
        **dict.fromkeys(("verlauf.csv", "visits.csv", "answers.csv"), "none"),
    }
    unknown = said.split("Could not know")[1]
    assert "whether verlauf.csv is the history of the statuses" in unknown
    assert "its column Alter Status: it is left alone" in unknown
    assert "files.add.csv: verlauf.csv,generic,lead_status_history,," in unknown
    assert "visits.csv" not in unknown and "answers.csv" not in unknown


def test_a_vendors_own_columns_are_read_as_the_vendors(init, put, rows):
    put(
        "Lead.csv",
        "Id,CreatedDate,OwnerId,Status,LastName,Email,IsConverted,SystemModstamp\n"
        "00Q000000000001,2026-04-01T09:00:00Z,005000000000001,Sent to Sales,A,,0,\n",
    )
    put(
        "History export.csv",
        "Id,LeadId,Field,OldValue,NewValue,CreatedDate,CreatedById\n"
        "1,00Q000000000001,Status,New,Sent to Sales,2026-04-02T09:00:00Z,\n",
    )
    init("--yes", "--no-run")
    assert {row[0]: f"{row[1]}.{row[2]}" for row in rows("files.add.csv")} == {
        "Lead.csv": "salesforce.lead",
        "History export.csv": "salesforce.lead_history",
    }


def test_days_that_nothing_decides_are_a_guess_that_is_said(init, put, vars_kept):
    put("generic/lead.csv", "lead_id,created_at,email\nL1,04/05/2026,a@b.de\n")
    said = flat(init("--yes", "--no-run"))
    assert "source_day_orders:\n  generic: day_first\n" in vars_kept()
    assert "no day of the column decides (a guess)" in said
    assert "reporting_timezone: Europe/Berlin\n" in vars_kept()


@pytest.mark.parametrize(
    ("amounts", "currency", "reason"),
    [
        (["5,000円"], "JPY", "sure: 1 amount has its sign"),
        (["５，０００円"], "JPY", "sure: 1 amount has its sign"),
        (
            ["€ 5.000,00", "-12,50 €", "$ 3.00"],
            "EUR",
            "likely: 2 amounts have its sign",
        ),
        (["EUR 10.00", "12.00 eur", "1"], "EUR", "sure: 2 amounts have its sign"),
        # Canadians write it, and Chinese.
        (["$3.00"], "USD", "likely: 1 amount has its sign"),
        (["￥100"], "JPY", "likely: 1 amount has its sign"),
        (["3.00"], "EUR", "a guess: no amount says its currency"),
    ],
)
def test_the_sign_of_amounts_tells_their_currency(init, put, amounts, currency, reason):
    put("generic/lead.csv", "lead_id,created_at,email\nL1,2026-04-01,a@b.de\n")
    rows = "".join(f'O{at},L1,"{text}"\n' for at, text in enumerate(amounts))
    put("generic/opportunity.csv", f"opportunity_id,lead_id,amount\n{rows}")
    said = " ".join(init("--yes", "--no-run").output.split())
    assert f"currency that amounts are converted to {currency} {reason}" in said


def test_an_encoding_that_the_text_does_not_tell_is_said(init, put, vars_kept):
    text = "lead_id,created_at,company\nL1,2026-04-01,äè\n"
    put("generic/lead.csv", text.encode("cp1252"))
    said = flat(init("--yes", "--no-run"))
    assert "source_encodings:\n  generic: cp1251\n" in vars_kept()
    assert "may be cp1251 or cp1250, and its text does not tell (a guess)" in said


def test_shared_mailboxes_and_addresses_with_several_names(init, put, rows):
    leads = "".join(
        f"L{number},2026-04-01,{name},{address}\n"
        for number, (name, address) in enumerate(
            [
                ("A", "eigyo@a.example"),
                ("B", "taro@b.example"),
                ("C", "taro@b.example"),
                ("D", "Taro@b.example"),
                ("E", "info@c.example"),
            ]
        )
    )
    put("generic/lead.csv", f"lead_id,created_at,name,email\n{leads}")
    said = flat(init("--yes", "--no-run"))
    assert rows("shared_mailboxes.add.csv") == [["eigyo"]]
    assert "t***@b.example (3 names in 3 leads)" in said
    assert "taro@" not in said.lower()


def test_the_names_of_salesforces_roles_say_what_their_users_do(init, put, rows):
    put(
        "salesforce/Lead.csv",
        "Id,CreatedDate,OwnerId,Status\n"
        + "".join(
            f"00Q00000000000{n},2026-04-01T09:00:00Z,00500000000000{n}AAA,New\n"
            for n in range(1, 6)
        ),
    )
    put(
        "salesforce/User.csv",
        "Id,Name,UserRoleId,Title\n"
        "005000000000001AAA,Ann,00E000000000001AAA,\n"
        "005000000000002AAA,Ben,00E000000000001,\n"
        "005000000000003AAA,Cy,00E000000000002AAA,Inside Sales\n"
        "005000000000004AAA,Di,,SDR\n"
        "005000000000005AAA,Ed,00E000000000003AAA,\n",
    )
    put(
        "salesforce/UserRole.csv",
        "Id,Name\n00E000000000001AAA,BDR Osaka\n00E000000000002AAA,Corner office\n"
        "00E000000000003AAA,ADR\n00E000000000004AAA,Marketing\n",
    )
    said = flat(init("--yes", "--no-run"))
    assert sorted(rows("user_roles.add.csv")) == [
        # The role of Ed is in the shipped definition; nobody has the fourth.
        ["salesforce", "user_id", "005000000000003AAA", "inside_sales", ""],
        ["salesforce", "user_id", "005000000000004AAA", "adr", ""],
        ["salesforce", "user_role", "BDR Osaka", "adr", "BDR Osaka"],
    ]
    assert "the role 'BDR Osaka'" in said
    init("--yes", "--no-run")
    assert len(rows("user_roles.add.csv")) == 3


# What cannot be


def test_a_folder_without_leads_is_said(init, put, landing):
    put("colours.csv", "colour,size\nred,1\n")
    done = init("--yes", fails=True)
    assert "looks like a list of leads" in done.stderr
    assert "colours.csv has colour and size" in done.stderr


@pytest.mark.parametrize("inside", ["--definition", "--out"])
def test_nothing_is_written_into_the_landing_folder(init, put, landing, inside):
    put("generic/lead.csv", "lead_id,created_at\n")
    done = init("--yes", inside, str(landing / "mine"), fails=True)
    assert f"name another folder with {inside}" in " ".join(done.stderr.split())
    assert [path.name for path in landing.iterdir()] == ["generic"]


def test_a_broken_file_is_left_alone_and_said(init, put, rows):
    put("leads.csv", LEADS)
    put("book.xlsx", b"no workbook")
    said = flat(init("--yes", "--no-run"))
    assert ["book.xlsx", "", "none", "", ""] in rows("files.add.csv")
    assert "cannot be read as a workbook" in said


# Words, and what is shown


def test_the_longest_word_counts_and_latin_words_stand_by_themselves():
    words = Words(
        {"part": "status", "word": word, "means": means, "is_sure": "true"}
        for word, means in [
            ("accepted", "sal"),
            ("not accepted", "rejected"),
            ("sal", "sal"),
            ("受入", "sal"),
        ]
    )
    assert words.meaning("status", "ＡＣＣＥＰＴＥＤ ").means == "sal"
    assert words.meaning("status", "Not accepted by AE").means == "rejected"
    assert words.meaning("status", "Salesforce") is None
    assert words.meaning("status", "営業受入済み").word == "受入"


def test_texts_of_files_do_nothing_to_a_terminal():
    assert shown("a\x1b[31m\nb\u202ec") == "a\ufffd[31m b\ufffdc"
    assert masked("taro@alpha.example") == "t***@alpha.example"
    assert masked("info@alpha.example", ["info"]) == "info@alpha.example"
    assert masked("営業 太郎") == "営業 太郎"


def test_targets_that_ship_are_nobodys_until_somebody_says_his(init, put, tmp_path):
    put("leads.csv", LEADS)
    said = flat(init("--yes", "--no-run")).split("Could not know")[1]
    assert "which targets were agreed on" in said
    assert "(sal_rate 0.5, ignore_rate 0.05)" in said
    assert "kpi_targets.csv: sal_rate,all,,<first day>,<share>," in said
    own = tmp_path / "definition" / "kpi_targets.csv"
    own.write_text(
        "metric,dimension,dimension_value,effective_from,target\n"
        "sal_rate,all,,2026-04-01,0.4\n"
    )
    assert "which targets" not in flat(init("--yes", "--no-run"))
