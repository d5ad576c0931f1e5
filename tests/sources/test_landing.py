"""Which files of a landing folder are read, and what is said about the rest."""

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.sources.landing import read_landing
from orchestration.sources.tables import RAW_TABLES, table_called


def found(landing):
    return {
        file.name: (f"{file.table.system}.{file.table.name}", file.format)
        for file in read_landing(landing).files
    }


def test_every_format_and_several_files_per_table(landing, put):
    for name in (
        "generic/lead.csv",
        "generic/touch.csv.gz",
        "generic/user.JSONL",
        "generic/campaign.parquet",
        "generic/score_change/2026/01.csv",
        "generic/score_change/02.jsonl.gz",
        "salesforce/Lead.csv",
        "salesforce/LeadHistory/a.csv",
    ):
        put(name, "x")
    assert found(landing) == {
        "generic/lead.csv": ("generic.lead", "csv"),
        "generic/touch.csv.gz": ("generic.touch", "csv"),
        "generic/user.JSONL": ("generic.user", "json"),
        "generic/campaign.parquet": ("generic.campaign", "parquet"),
        "generic/score_change/2026/01.csv": ("generic.score_change", "csv"),
        "generic/score_change/02.jsonl.gz": ("generic.score_change", "json"),
        "salesforce/Lead.csv": ("salesforce.lead", "csv"),
        "salesforce/LeadHistory/a.csv": ("salesforce.lead_history", "csv"),
    }


@pytest.mark.parametrize(
    ("system", "spelling", "name"),
    [
        ("marketo", "leads", "lead"),
        ("marketo", "activities_change_score", "activity_change_score"),
        ("marketo", "Activity_Merge_Leads", "activity_merge_leads"),
        ("marketo", "programs", "program"),
        ("salesforce", "CampaignMember", "campaign_member"),
        ("salesforce", "opportunities", "opportunity"),
        ("salesforce", "OpportunityFieldHistory", "opportunity_field_history"),
        ("salesforce", "UserRole", "user_role"),
        ("generic", "lead_status_history", "lead_status_history"),
        ("generic", "SalesActivities", "sales_activity"),
    ],
)
def test_a_loaders_spelling_is_known(system, spelling, name):
    assert table_called(system, spelling).name == name


def test_no_two_tables_of_a_system_share_a_spelling():
    for table in RAW_TABLES:
        assert table_called(table.system, table.name) is table


def test_what_is_not_read_is_listed_and_leftovers_are_not(landing, put):
    put("generic/lead.csv", "x")
    put("generic/.DS_Store", "x")
    put("generic/_SUCCESS", "x")
    put("generic/README.md", "x")
    put("salesforce/lead.csv", "x")
    put("salesforce/case.csv", "x")
    put("readme.txt", "x")
    read = read_landing(landing)
    assert read.not_read == ("generic/README.md", "readme.txt", "salesforce/case.csv")
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "generic/lead_status_histroy.csv",
            "The file generic/lead_status_histroy.csv is not read: generic has no "
            "table 'lead_status_histroy' (did you mean 'lead_status_history'?).",
        ),
        (
            "Generic/tuoch/a.csv",
            "The folder Generic/tuoch/ is not read: generic has no table 'tuoch' "
            "(did you mean 'touch'?).",
        ),
        (
            "ledger/invoice.csv.gz",
            "The file ledger/invoice.csv.gz is not read: ledger has no table "
            "'invoice'. It has cost.",
        ),
        (
            "salesforce/LeadHistroy.csv",
            "The file salesforce/LeadHistroy.csv is not read: salesforce has no table "
            "'LeadHistroy' (did you mean 'LeadHistory'?).",
        ),
    ],
)
def test_a_table_that_is_called_like_none_is_a_warning(landing, put, name, said):
    put("generic/lead.csv", "x")
    put("salesforce/lead.csv", "x")
    put(name, "x")
    assert read_landing(landing).warnings == (said,)


def test_a_vendors_other_tables_are_no_misspellings(landing, put):
    put("salesforce/lead.csv", "x")
    put("salesforce/contact.csv", "x")
    for other in ("contract", "account_history", "campaign_member_status"):
        put(f"salesforce/{other}.csv", "x")
    assert read_landing(landing).warnings == ()


@pytest.mark.parametrize("system", ["zendesk", "pipedrive"])
def test_a_folder_of_a_system_that_is_not_read_is_a_warning(landing, put, system):
    put("generic/lead.csv", "x")
    put(f"{system}/contact.csv", "x")
    [warning] = read_landing(landing).warnings
    assert system in warning


def test_a_known_table_in_an_unknown_format_is_a_warning(landing, put):
    put("generic/lead.csv", "x")
    put("generic/touch.pdf", "x")
    [warning] = read_landing(landing).warnings
    assert "generic/touch.pdf" in warning


def test_folders_that_cannot_be_read_are_sentences(tmp_path, landing, put):
    with pytest.raises(LeadFunnelError, match="does not exist"):
        read_landing(tmp_path / "none")
    with pytest.raises(LeadFunnelError, match="no system that can be read"):
        read_landing(landing)
    with pytest.raises(LeadFunnelError, match="which is a file"):
        read_landing(put("lead.csv", "x"))
    with pytest.raises(LeadFunnelError, match=r"Found there: lead\.csv"):
        read_landing(landing)


def test_a_system_without_its_leads_is_a_sentence(landing, put):
    put("marketo/program.csv", "x")
    with pytest.raises(LeadFunnelError, match="has no table 'lead'.*marketo/lead.csv"):
        read_landing(landing)


def test_a_misspelt_table_is_named_where_the_leads_are_missing(landing, put):
    put("generic/leeds.csv", "x")
    with pytest.raises(LeadFunnelError, match=r"Found there: generic/leeds\.csv"):
        read_landing(landing)


def test_costs_alone_can_be_read(landing, put):
    put("ledger/cost.csv", "x")
    assert read_landing(landing).systems == ("ledger",)
