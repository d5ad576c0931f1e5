"""The files of the sample: columns as Fivetran lands them, and their writer."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO

#: (system, table) → columns. Tables under `PLAIN` stay readable as they lie.
COLUMNS: dict[tuple[str, str], list[str]] = {
    ("salesforce", "user"): [
        "id",
        "name",
        "email",
        "is_active",
        "user_role_id",
        "department",
        "time_zone_sid_key",
        "_fivetran_deleted",
        "_fivetran_synced",
    ],
    ("salesforce", "user_role"): [
        "id",
        "name",
        "developer_name",
        "parent_role_id",
        "_fivetran_deleted",
        "_fivetran_synced",
    ],
    ("salesforce", "campaign"): [
        "id",
        "name",
        "type",
        "status",
        "start_date",
        "end_date",
        "is_active",
        "owner_id",
        "created_date",
        "last_modified_date",
        "is_deleted",
        "_fivetran_synced",
    ],
    ("salesforce", "lead"): [
        "id",
        "created_date",
        "created_by_id",
        "owner_id",
        "first_name",
        "last_name",
        "name",
        "email",
        "phone",
        "company",
        "title",
        "industry",
        "number_of_employees",
        "state",
        "country",
        "lead_source",
        "status",
        "rejection_reason_c",
        "is_converted",
        "converted_date",
        "converted_contact_id",
        "converted_account_id",
        "converted_opportunity_id",
        "is_deleted",
        "master_record_id",
        "last_modified_by_id",
        "last_modified_date",
        "system_modstamp",
        "_fivetran_synced",
    ],
    ("salesforce", "lead_history"): [
        "id",
        "lead_id",
        "created_by_id",
        "created_date",
        "field",
        "old_value",
        "new_value",
        "is_deleted",
        "_fivetran_synced",
    ],
    ("salesforce", "account"): [
        "id",
        "name",
        "industry",
        "billing_state",
        "billing_country",
        "number_of_employees",
        "website",
        "owner_id",
        "created_date",
        "is_deleted",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("salesforce", "contact"): [
        "id",
        "account_id",
        "created_date",
        "created_by_id",
        "owner_id",
        "first_name",
        "last_name",
        "name",
        "email",
        "phone",
        "title",
        "lead_source",
        "is_deleted",
        "master_record_id",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("salesforce", "campaign_member"): [
        "id",
        "campaign_id",
        "lead_id",
        "contact_id",
        "status",
        "has_responded",
        "first_responded_date",
        "created_date",
        "is_deleted",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("salesforce", "opportunity"): [
        "id",
        "account_id",
        "contact_id",
        "campaign_id",
        "owner_id",
        "name",
        "stage_name",
        "amount",
        "currency_iso_code",
        "probability",
        "is_closed",
        "is_won",
        "close_date",
        "lead_source",
        "type",
        "created_date",
        "is_deleted",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("salesforce", "opportunity_field_history"): [
        "id",
        "opportunity_id",
        "created_by_id",
        "created_date",
        "field",
        "old_value",
        "new_value",
        "is_deleted",
        "_fivetran_synced",
    ],
    ("salesforce", "task"): [
        "id",
        "who_id",
        "owner_id",
        "subject",
        "type",
        "task_subtype",
        "status",
        "is_closed",
        "activity_date",
        "completed_date_time",
        "created_by_id",
        "created_date",
        "is_deleted",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("salesforce", "event"): [
        "id",
        "who_id",
        "owner_id",
        "subject",
        "type",
        "activity_date_time",
        "start_date_time",
        "end_date_time",
        "created_by_id",
        "created_date",
        "is_deleted",
        "last_modified_date",
        "_fivetran_synced",
    ],
    ("marketo", "lead"): [
        "id",
        "created_at",
        "updated_at",
        "email",
        "first_name",
        "last_name",
        "company",
        "title",
        "lead_source",
        "lead_score",
        "sfdc_lead_id",
        "sfdc_contact_id",
        "unsubscribed",
        "_fivetran_deleted",
        "_fivetran_synced",
    ],
    ("marketo", "program"): [
        "id",
        "name",
        "type",
        "channel",
        "status",
        "start_date",
        "end_date",
        "sfdc_id",
        "sfdc_name",
        "created_at",
        "updated_at",
        "workspace",
        "_fivetran_deleted",
    ],
    ("marketo", "program_membership"): [
        "id",
        "program_id",
        "lead_id",
        "membership_date",
        "progression_status",
        "reached_success",
        "reached_success_date",
        "acquired_by",
        "_fivetran_deleted",
    ],
    ("marketo", "activity_new_lead"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "source_type",
        "lead_source",
    ],
    ("marketo", "activity_fill_out_form"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "program_id",
        "program_name",
    ],
    ("marketo", "activity_change_score"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "change_value",
        "old_value",
        "new_value",
        "reason",
    ],
    ("marketo", "activity_change_data_value"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "old_value",
        "new_value",
        "reason",
        "source",
    ],
    ("marketo", "activity_change_status_in_progression"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "old_status",
        "new_status",
        "success",
        "reason",
    ],
    ("marketo", "activity_merge_leads"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "merge_ids",
        "merged_in_sales",
        "merge_source",
        "master_updated",
        "_fivetran_synced",
    ],
    ("marketo", "merged_lead"): [
        "id",
        "merged_lead",
        "into_lead",
        "merged_at",
        "_fivetran_synced",
    ],
    ("marketo", "activity_delete_lead"): [
        "id",
        "lead_id",
        "activity_date",
        "activity_type_id",
        "campaign_id",
        "primary_attribute_value_id",
        "primary_attribute_value",
        "_fivetran_synced",
    ],
    ("ads", "campaign_report"): [
        "date_day",
        "platform",
        "account_id",
        "campaign_id",
        "campaign_name",
        "ad_group_id",
        "ad_id",
        "currency",
        "spend",
        "clicks",
        "impressions",
    ],
    ("ledger", "cost"): [
        "cost_id",
        "cost_date",
        "account",
        "campaign_id",
        "vendor",
        "amount",
        "currency",
        "memo",
    ],
}
PLAIN = {
    ("salesforce", "user"),
    ("salesforce", "user_role"),
    ("salesforce", "campaign"),
    ("marketo", "program"),
    ("marketo", "activity_merge_leads"),
    ("marketo", "merged_lead"),
    ("marketo", "activity_delete_lead"),
    ("ads", "campaign_report"),
    ("ledger", "cost"),
}


def quoted(text: str) -> str:
    """A CSV value, in quotation marks where it needs them."""
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


class Table:
    """One file, written in large pieces; every so often a line is kept."""

    def __init__(self, folder: Path, key: tuple[str, str], level: int) -> None:
        system, name = key
        self.columns = COLUMNS[key]
        self.blank = "," * (len(self.columns) - 1)
        directory = folder / system
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.glob(f"{name}.csv*"):
            old.unlink()
        if key in PLAIN:
            self.file: IO[bytes] = (directory / f"{name}.csv").open("wb")
        else:
            raw = (directory / f"{name}.csv.gz").open("wb")
            # No name and no time in the header: same content, same file.
            packed = gzip.GzipFile("", "wb", level, raw, mtime=0)
            packed.myfileobj = raw
            self.file = io.BufferedWriter(packed, 1 << 20)
        self.lines = [",".join(self.columns)]
        self.rows = 0
        self.kept: list[str] = []

    def add(self, line: str) -> None:
        self.rows += 1
        self.lines.append(line)
        if self.rows % 101 == 0 and len(self.kept) < 400:
            self.kept.append(line)
        if len(self.lines) >= 5_000:
            self._write()

    def add_row(self, **values: str) -> None:
        """A row by column name, for the tables that have few."""
        unknown = values.keys() - set(self.columns)
        if unknown:
            raise KeyError(f"no such columns: {sorted(unknown)}")
        self.add(",".join(quoted(values.get(c, "")) for c in self.columns))

    def _write(self) -> None:
        if self.lines:
            text = "\n".join(self.lines) + "\n"
            self.file.write(text.encode("utf-8"))
            self.lines.clear()

    def close(self) -> None:
        self._write()
        self.file.close()
