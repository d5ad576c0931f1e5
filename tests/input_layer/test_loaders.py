"""What loaders say of a row beside its source: versions, deletions, times of sync."""

from decimal import Decimal

import pytest

from orchestration.sources.tables import table_called
from tests.input_layer.conftest import LOADED_AT, InputLayer, build

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

FOREVER = "9999-12-31T23:59:59.999Z"
APRIL, MAY, JUNE = "2026-04-01", "2026-05-01", "2026-06-01"


def version(active: str | None, start: str | None, end: str | None) -> dict:
    found = {
        "_fivetran_active": active, "_fivetran_start": start, "_fivetran_end": end,
        "_fivetran_synced": JUNE,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def lead(number: str, **values: str | None) -> dict:
    return {"lead_id": number, "created_at": APRIL, **values}


GENERIC_LEADS = [
    # Of several versions the active one counts, not the one changed last.
    lead("changed", status="now", updated_at=APRIL, **version("true", MAY, FOREVER)),
    lead("changed", status="old", updated_at=JUNE, **version("false", APRIL, MAY)),
    # Deleted, and active again.
    lead("back", status="old", **version("false", APRIL, "2026-04-15")),
    lead("back", status="now", **version("1", MAY, FOREVER)),
    # No version is active: a deleted record, as it was last.
    lead("gone", status="first", **version("f", APRIL, MAY)),
    lead("gone", status="last", **version("f", MAY, JUNE)),
    # The end alone tells it, too: of the active one it lies beyond all time.
    lead("ended", status="last", **version(None, APRIL, MAY)),
    lead("open", status="old", **version(None, APRIL, MAY)),
    lead("open", status="now", **version(None, MAY, FOREVER)),
    # Without a beginning.
    lead("plain", status="z", **version("false", None, None)),
    lead("plain", status="a", **version("true", None, None)),
]
# An earlier file has the version as it was then: active.
EARLIER = {"_file": "monday.csv", "_fivetran_synced": MAY}
LATER = {"_file": "tuesday.csv", "_fivetran_synced": JUNE}
OVERLAPPING = [
    lead("deleted since", status="last", **version("true", APRIL, FOREVER) | EARLIER),
    lead("deleted since", status="last", **version("false", APRIL, MAY) | LATER),
    lead("kept", status="now", **version("true", APRIL, FOREVER) | EARLIER),
    lead("kept", status="now", **version("true", APRIL, FOREVER) | LATER),
]


def test_of_several_versions_the_active_one_counts(input_layer) -> None:
    # A file that our own load made of many says of each row when it came first.
    seen = lead("plain", status="a", **version("true", None, None))
    seen["_first_loaded_at"] = "2026-10-01 00:00:00"
    leads = [*GENERIC_LEADS[:-1], seen, *OVERLAPPING]
    built = input_layer({"generic/lead": leads})
    loaded_at = built.column("records", "loaded_at::varchar", "record_id")
    assert loaded_at.pop("plain") == seen["_first_loaded_at"]
    assert set(loaded_at.values()) == {LOADED_AT}
    found = built.rows(
        "select record_id, status, is_deleted from input_layer__records order by all"
    )
    assert found == [
        ("back", "now", False),
        ("changed", "now", False),
        ("deleted since", "last", True),
        ("ended", "last", True),
        ("gone", "last", True),
        ("kept", "now", False),
        ("open", "now", False),
        ("plain", "a", False),
    ]


def test_other_tables_and_loaders_keep_versions_too(input_layer) -> None:
    """A user of whom no version is active is known as he was last."""
    old, now = version("false", APRIL, MAY), version("true", MAY, FOREVER)
    built = input_layer(
        {
            "salesforce/user": [
                {"id": "005A", "user_role_id": "00E1", **now},
                {"id": "005A", "user_role_id": "00E2", **old},
                {"id": "005B", "user_role_id": "00E1", **old},
            ],
            "salesforce/user_role": [
                {"id": "00E1", "name": "Sales", **now},
                {"id": "00E1", "name": "Marketing", **old},
            ],
            "generic/user": [
                {"user_id": "U1", "role": "adr", "_dlt_valid_from": "2026-05-01",
                 "_dlt_valid_to": None},
                {"user_id": "U1", "role": "none", "_dlt_valid_from": "2026-04-01",
                 "_dlt_valid_to": "2026-05-01"},
            ],
            "salesforce/contact": [
                {"id": "003A", "email": "old@x.jp", **old},
                {"id": "003A", "email": "now@x.jp", **now},
                {"id": "003B", "email": "gone@x.jp", **old},
            ],
            "marketo/program": [
                {"id": "1", "name": "old", **old},
                {"id": "1", "name": "now", **now},
                {"id": "2", "name": "gone", **old},
            ],
            "salesforce/opportunity": [
                {"id": "006A", "stage_name": "old", "amount": "1", **old},
                {"id": "006A", "stage_name": "now", "amount": "2", **now},
            ],
            "ads/facebook_ads_basic_ad": [
                {"ad_id": "1", "date": APRIL, "account_id": "17", "spend": "10"},
            ],
            "ads/facebook_ads_ad_history": [
                {"id": "1", "campaign_id": "old", **old},
                {"id": "1", "campaign_id": "now", **now},
            ],
            "ads/facebook_ads_account_history": [
                {"id": "17", "currency": "USD", **old},
                {"id": "17", "currency": "EUR", **now},
            ],
        }
    )  # fmt: skip
    assert built.rows(
        "select user_id, role, role_name from input_layer__users order by all"
    ) == [("005A", None, "Sales"), ("005B", None, "Sales"), ("U1", "adr", None)]
    assert built.rows(
        "select record_id, email, is_deleted from input_layer__records order by all"
    ) == [("003A", "now@x.jp", False), ("003B", "gone@x.jp", True)]
    assert built.rows(
        "select campaign_name, is_deleted from input_layer__campaigns order by all"
    ) == [("gone", True), ("now", False)]
    assert built.rows(
        "select opportunity_stage, amount from input_layer__opportunities"
    ) == [("now", Decimal("2.00"))]
    assert built.rows("select campaign_id, currency from input_layer__costs") == [
        ("now", "EUR")
    ]


DAY = {"date": APRIL, "spend": "1", "campaign_id": "C1"}
KINDS = {
    "generic/lead": lead("L1"),
    "salesforce/lead": {"id": "00Q1", "created_date": APRIL},
    "salesforce/contact": {"id": "0031", "created_date": APRIL},
    "marketo/lead": {"id": "1", "created_at": APRIL},
    "generic/touch": {"touch_id": "T1", "lead_id": "L1", "touched_at": APRIL},
    "salesforce/campaign_member": {"id": "00v1", "campaign_id": "7011"},
    "marketo/program_membership": {"id": "1", "lead_id": "1", "program_id": "9"},
    "generic/sales_activity": {"activity_id": "A1", "lead_id": "L1"},
    "salesforce/task": {"id": "00T1"},
    "salesforce/event": {"id": "00U1"},
    "generic/opportunity": {"opportunity_id": "O1", "lead_id": "L1"},
    "salesforce/opportunity": {"id": "0061"},
    "generic/campaign": {"campaign_id": "C1"},
    "salesforce/campaign": {"id": "7011"},
    "marketo/program": {"id": "9"},
    "ads/campaign_report": DAY,
    "ads/google_ads_campaign_stats": {**DAY, "cost_micros": "1000000"},
    "ads/linkedin_ad_analytics_by_campaign": {
        "day": APRIL, "campaign_id": "C1", "cost_in_usd": "1",
    },
    "ads/facebook_ads_basic_ad": DAY,
    "ads/microsoft_ads_campaign_performance_daily_report": DAY,
    "ledger/cost": {"cost_id": "K1", "cost_date": APRIL, "amount": "1"},
}  # fmt: skip
ENTITIES = (
    "records", "touches", "activities", "opportunities", "campaigns", "costs",
)  # fmt: skip
DELETIONS = {
    "_fivetran_deleted": ("true", "false"),
    "_ab_cdc_deleted_at": ("2026-05-01T00:00:00Z", None),
    "_sdc_deleted_at": ("2026-05-01T00:00:00.000000Z", ""),
    "_fivetran_active": ("false", "true"),
    "_dlt_valid_to": ("2026-05-01 00:00:00+00", None),
}


@pytest.mark.parametrize("column", DELETIONS)
def test_what_a_loader_says_is_deleted_is(input_layer, column: str) -> None:
    for value, is_deleted in zip(DELETIONS[column], (True, False), strict=True):
        built = input_layer(
            {table: [row | {column: value}] for table, row in KINDS.items()}
        )
        found = {
            f"{source}/{table}": deleted
            for entity in ENTITIES
            for source, table, deleted in built.rows(
                f"select source, source_table, is_deleted from input_layer__{entity}"
            )
        }
        built.connection.close()
        assert found == dict.fromkeys(KINDS, is_deleted)


def test_what_happened_stays_when_its_source_keeps_it_no_longer(input_layer) -> None:
    gone = {"_fivetran_deleted": "true"}
    activity = {"id": "1", "lead_id": "1", "activity_date": APRIL, **gone}
    built = input_layer(
        {
            "salesforce/lead_history": [
                {"id": "1", "lead_id": "00Q1", "field": "Status", "new_value": "SAL",
                 "created_date": APRIL, **gone}
            ],
            "generic/lead_status_history": [
                {"lead_id": "L1", "changed_at": APRIL, "new_value": "sal", **gone}
            ],
            "marketo/activity_change_score": [{**activity, "new_value": "100"}],
            "marketo/activity_fill_out_form": [{**activity, "program_id": "9"}],
        }
    )  # fmt: skip
    assert built.rows("select count(*) from input_layer__observations") == [(4,)]
    assert built.rows("select is_deleted from input_layer__touches") == [(False,)]


def test_a_deletion_that_tells_nothing_but_the_key(input_layer) -> None:
    """A database's log has no more of a deleted row; what it was is known before."""
    logged, later = "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"
    built = input_layer(
        {
            "generic/lead": [
                lead("L1", email="a@x.jp", updated_at=APRIL),
                {"lead_id": "L1", "_ab_cdc_deleted_at": logged},
                # Made anew after it was deleted.
                lead("L2", email="old@x.jp", updated_at=APRIL),
                {"lead_id": "L2", "_ab_cdc_deleted_at": logged},
                lead("L2", email="new@x.jp", updated_at=later),
                {"lead_id": "never seen", "_ab_cdc_deleted_at": logged},
            ],
            # Without a time of change of its own the log's counts.
            "salesforce/contact": [
                {"id": "0031", "email": "b@x.jp", "_ab_cdc_updated_at": APRIL},
                {"id": "0031", "_ab_cdc_updated_at": logged,
                 "_ab_cdc_deleted_at": logged},
                {"id": "0032", "_ab_cdc_updated_at": logged,
                 "_ab_cdc_deleted_at": logged},
                {"id": "0032", "email": "c@x.jp", "_ab_cdc_updated_at": later},
            ],
        }
    )  # fmt: skip
    assert built.rows(
        "select record_id, email, is_deleted from input_layer__records order by all"
    ) == [
        ("0031", "b@x.jp", True),
        ("0032", "c@x.jp", False),
        ("L1", "a@x.jp", True),
        ("L2", "new@x.jp", False),
        ("never seen", None, True),
    ]


SYNCED = {
    "_fivetran_synced": ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"),
    "_airbyte_extracted_at": ("1780000000001", "1780000000002"),
    "_sdc_batched_at": ("2026-05-01 09:00:00+09:00", "2026-05-01 01:00:00+00:00"),
}


@pytest.mark.parametrize("column", SYNCED)
def test_the_copy_that_was_synced_last_counts(input_layer, column: str) -> None:
    first, last = SYNCED[column]
    built = input_layer(
        {
            "generic/lead": [
                lead(number, email=email, **{column: at})
                for number, emails in {"L1": "ab", "L2": "ba"}.items()
                for email, at in zip(emails, (first, last), strict=True)
            ]
        }
    )
    assert built.rows(
        "select record_id, email from input_layer__records order by all"
    ) == [("L1", "b"), ("L2", "a")]


@pytest.mark.parametrize(
    ("system", "name", "table"),
    [
        ("salesforce", "sf_user", "user"),
        ("salesforce", "sf_opportunity_contact_role", "opportunity_contact_role"),
        ("salesforce", "contacts", "contact"),
        ("salesforce", "OpportunityContactRole", "opportunity_contact_role"),
        ("marketo", "activities_change_score", "activity_change_score"),
        ("ads", "ads_insights", "facebook_ads_basic_ad"),
        ("ads", "facebook_ads_ad_account", "facebook_ads_account_history"),
        ("ads", "facebook_ads_campaigns", "facebook_ads_campaign_history"),
        ("ads", "facebook_ads", "facebook_ads_ad_history"),
        ("ads", "google_ads_customer", "google_ads_account_history"),
        ("ads", "linkedin_ads_accounts", "linkedin_ad_account_history"),
        ("ads", "linkedin_campaigns", "linkedin_ad_campaign_history"),
        (
            "ads",
            "campaign_performance_report_daily",
            "microsoft_ads_campaign_performance_daily_report",
        ),
    ],
)
def test_tables_are_called_as_loaders_call_them(
    system: str, name: str, table: str
) -> None:
    found = table_called(system, name)
    assert found is not None and found.name == table


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> InputLayer:
    """Advertising platforms as Airbyte's streams have them."""
    return build(
        tmp_path_factory.mktemp("streams"),
        {
            "ads/facebook_ads_basic_ad": [
                {"ad_id": "1", "date_start": APRIL, "account_id": "17", "spend": "10"},
            ],
            "ads/facebook_ads_account_history": [{"id": "act_17", "currency": "USD"}],
            "ads/facebook_ads_ad_history": [{"id": "1", "campaign_id": "33"}],
            "ads/google_ads_campaign_stats": [
                {"campaign_id": "51", "customer_id": "5", "segments_date": APRIL,
                 "metrics_cost_micros": "2000000"},
            ],
            "ads/google_ads_account_history": [
                {"customer_id": "5", "customer_currency_code": "GBP"},
            ],
            "ads/microsoft_ads_campaign_performance_daily_report": [
                {"TimePeriod": APRIL, "AccountId": "7", "CampaignId": "71",
                 "CurrencyCode": "AUD", "Spend": "3"},
            ],
        },
    )  # fmt: skip


def test_streams_of_platforms_have_their_currency_and_campaign(
    streams: InputLayer,
) -> None:
    assert streams.rows(
        "select platform, campaign_id, currency, amount"
        " from input_layer__costs order by all"
    ) == [
        ("facebook_ads", "33", "USD", Decimal("10.00")),
        ("google_ads", "51", "GBP", Decimal("2.00")),
        ("microsoft_ads", "71", "AUD", Decimal("3.00")),
    ]


# Which contact a deal belongs to.

CONTACTS = [
    {"id": f"003{name}", "created_date": APRIL, **values}
    for name, values in {
        "Ann": {},
        "Bob": {},
        "Cy": {"is_deleted": "true", "master_record_id": "003Ann"},
        "Dee": {"is_deleted": "true"},
        "Eve": {"_fivetran_deleted": "true"},
    }.items()
]


def role(deal: str, contact: str, **values: str) -> dict:
    return {
        "id": f"{deal}/{contact}", "opportunity_id": deal, "contact_id": contact,
        **values,
    }  # fmt: skip


ROLES = {
    # The primary role goes first, else the earliest, else the smallest contact.
    "primary": [
        role("primary", "003Ann", created_date=APRIL),
        role("primary", "003Bob", is_primary="true", created_date=MAY),
    ],
    "earliest": [
        role("earliest", "003Ann", created_date=MAY),
        role("earliest", "003Bob", created_date=APRIL),
    ],
    "smallest": [role("smallest", "003Bob"), role("smallest", "003Ann")],
    # A merged contact is the one that it was merged into.
    "merged": [
        role("merged", "003Bob"),
        role("merged", "003Cy", is_primary="true"),
    ],
    # Whoever is deleted or unknown comes after those who are there.
    "deleted": [
        role("deleted", "003Dee", is_primary="true"),
        role("deleted", "003Eve", is_primary="true"),
        role("deleted", "003Bob"),
    ],
    "unknown": [
        role("unknown", "003Zoe", is_primary="true"),
        role("unknown", "003Bob"),
    ],
    "all gone": [role("all gone", "003Dee"), role("all gone", "003Zoe")],
    # Of a role that is gone nothing is said.
    "role gone": [
        role("role gone", "003Ann", is_primary="true", is_deleted="true"),
        role("role gone", "003Ann2", is_primary="true", _fivetran_active="false"),
        role("role gone", "003Bob"),
    ],
    "no role": [],
    "own": [role("own", "003Bob", is_primary="true")],
    "own unknown": [role("own unknown", "003Bob")],
    "converted": [role("converted", "003Bob", is_primary="true")],
}
OWN = {"own": "003Ann", "own unknown": "003Zoe", "converted": "003Ann"}


def test_a_deal_belongs_to_one_of_its_contacts(input_layer) -> None:
    built = input_layer(
        {
            "salesforce/lead": [
                {"id": "00QLea", "created_date": APRIL,
                 "converted_opportunity_id": "converted"},
            ],
            "salesforce/contact": CONTACTS,
            "salesforce/opportunity": [
                {"id": deal, "contact_id": OWN.get(deal), "amount": "1",
                 "created_date": APRIL}
                for deal in ROLES
            ],
            "salesforce/opportunity_contact_role": [
                each for roles in ROLES.values() for each in roles
            ],
        }
    )  # fmt: skip
    found = built.rows(
        "select opportunity_id, said.record_id, records.record_id"
        " from input_layer__opportunities as said"
        " left join input_layer__records as records using (record_key)"
        " order by 1"
    )
    assert {deal: (told, known) for deal, told, known in found} == {
        "primary": ("003Bob", "003Bob"),
        "earliest": ("003Bob", "003Bob"),
        "smallest": ("003Ann", "003Ann"),
        "merged": ("003Cy", "003Cy"),
        "deleted": ("003Bob", "003Bob"),
        "unknown": ("003Bob", "003Bob"),
        "all gone": ("003Dee", "003Dee"),
        "role gone": ("003Bob", "003Bob"),
        "no role": (None, None),
        "own": ("003Ann", "003Ann"),
        "own unknown": ("003Bob", "003Bob"),
        "converted": ("00QLea", "00QLea"),
    }
    assert len(found) == len(ROLES)
