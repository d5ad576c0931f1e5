"""Any loader's spelling of a column, absent tables and absent columns."""

import pytest

ENTITIES = (
    "records",
    "record_links",
    "record_deletions",
    "observations",
    "activities",
    "touches",
    "opportunities",
    "campaigns",
    "users",
)


@pytest.mark.exhaustive
def test_two_columns_are_enough(input_layer) -> None:
    built = input_layer(
        {"generic/lead": [{"lead_id": "L1", "created_at": "2026-04-01"}]}
    )
    counts = {
        entity: built.rows(f"select count(*) from input_layer__{entity}")[0][0]
        for entity in ENTITIES
    }
    assert counts == {entity: int(entity == "records") for entity in ENTITIES}
    assert built.rows("select email, status, is_deleted from input_layer__records") == [
        (None, None, False)
    ]


def test_each_loader_spells_in_its_own_way(input_layer) -> None:
    values = ("2026-04-01", "2026-04-02", "005X", "TRUE")
    spellings = {
        "campaign_member": (
            "CreatedDate",
            "LastModifiedDate",
            "CampaignId",
            "IsDeleted",
        ),
        "lead": ("created_date", "last_modified_date", "owner_id", "is_deleted"),
        "contact": ("createddate", "lastmodifieddate", "ownerid", "isdeleted"),
    }
    built = input_layer(
        {
            f"salesforce/{table}": [
                dict(zip(names, values, strict=True))
                | {"ID": table, "_airbyte_id": "ignored", "Unknown__c": "kept in raw"}
            ]
            for table, names in spellings.items()
        }
    )
    record = ("2026-04-01", "005X", True)
    assert built.rows(
        "select record_id, cast(created_at as date)::text, owner_id, is_deleted"
        " from input_layer__records order by all"
    ) == [("contact", *record), ("lead", *record)]
    assert built.rows(
        "select source_key, cast(touched_at as date)::text, campaign_id, is_deleted"
        " from input_layer__touches"
    ) == [("campaign_member", "2026-04-01", "005X", True)]


@pytest.mark.exhaustive
def test_files_of_one_table_may_spell_in_different_ways(input_layer) -> None:
    built = input_layer(
        {
            "generic/lead": [
                {"lead_id": "L1", "created_at": "2026-04-01", "Status": "mql"},
                {"leadId": "L2", "CreatedAt": "2026-04-02", "sta_tus": "sal"},
            ],
            "salesforce/lead": [
                {"Id": "1", "CreatedDate": "2026-04-01"},
                {"Id": "2", "created_date": "2026-04-02"},
            ],
        }
    )
    assert built.rows(
        "select source, record_id, day(created_at), status, is_key_missing"
        " from input_layer__records order by all"
    ) == [
        ("generic", "L1", 1, "mql", False),
        ("generic", "L2", 2, "sal", False),
        ("salesforce", "1", 1, None, False),
        ("salesforce", "2", 2, None, False),
    ]


def test_a_missing_required_column_is_named(input_layer) -> None:
    with pytest.raises(AssertionError) as raised:
        input_layer({"salesforce/lead": [{"Id": "00Q1", "Status": "Open"}]})
    for part in ("raw_salesforce.lead", "created_date", "when the lead came in"):
        assert part in str(raised.value)
