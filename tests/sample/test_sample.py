"""The shipped sample is what its generator makes, and holds what it says."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path

import pytest

from sample import company, ids
from sample.clock import BusinessClock, seconds_text, utc
from sample.generate import ROOT, generate

SHIPPED = ROOT / "sample" / "landing"


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def files(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(system: str, table: str) -> list[dict[str, str]]:
    (path,) = (SHIPPED / system).glob(f"{table}.csv*")
    return list(csv.DictReader(content(path).decode("utf-8").splitlines()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, generate(folder)


def test_the_generator_makes_the_shipped_files(
    made: tuple[Path, dict[str, int]],
) -> None:
    again, shipped = files(made[0]), files(SHIPPED)
    assert list(again) == list(shipped)
    for name, path in shipped.items():
        assert content(again[name]) == content(path), (
            f"{name} is not what the generator makes: run `make sample`"
        )


def test_the_page_counts_what_is_planted(
    made: tuple[Path, dict[str, int]],
) -> None:
    page = (ROOT / "docs" / "sample.md").read_text(encoding="utf-8")
    told = {
        name: int(count.replace(",", ""))
        for count, name in re.findall(r"^\| ([\d,]+) \| `([^`]+)` \|", page, re.M)
    }
    planted = {
        name: count for name, count in made[1].items() if not name.startswith("rows:")
    }
    assert told == planted


def test_it_stays_small() -> None:
    size = sum(path.stat().st_size for path in files(SHIPPED).values())
    assert size < 8_000_000


def test_another_seed_is_another_company(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    generate(one, leads=2_000, seed=1)
    generate(other, leads=2_000, seed=2)
    name = "salesforce/lead_history.csv.gz"
    assert content(one / name) != content(other / name)


def test_too_few_leads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="at least 2,000"):
        generate(tmp_path, leads=10)


def test_every_salesforce_id_has_its_checksum() -> None:
    # The example of Salesforce's own documentation.
    assert ids.checksum("001A0000006Vm9r") == "IAC"
    for row in rows("salesforce", "lead"):
        if row["id"]:
            assert ids.checksum(row["id"][:15]) == row["id"][15:]


def test_no_address_or_number_can_belong_to_anyone() -> None:
    reserved = re.compile(r"(^|[.@])example\.(com|jp|co\.jp)$")
    for system in ("salesforce", "marketo"):
        for row in rows(system, "lead"):
            plain = "".join(
                chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c
                for c in row["email"].strip().lower()
            )
            assert not plain or reserved.search(plain), row["email"]
            assert not row.get("phone") or row["phone"].startswith("03-0000-")


def test_sales_refuses_the_refused_campaign() -> None:
    campaign = company.BY_KEY[company.REFUSED_CAMPAIGN].id
    members = {
        row["lead_id"] or row["contact_id"]
        for row in rows("salesforce", "campaign_member")
        if row["campaign_id"] == campaign
    }
    leads = [row for row in rows("salesforce", "lead") if row["id"] in members]
    refused = [row for row in leads if row["rejection_reason_c"]]
    assert len(leads) > 800
    assert len(refused) / len(leads) > 0.55
    reasons = Counter(row["rejection_reason_c"] for row in refused)
    reason, count = reasons.most_common(1)[0]
    assert reason == "学生・個人"
    assert 0.4 < count / len(refused) < 0.5


def test_one_team_lets_leads_lie() -> None:
    history = rows("salesforce", "lead_history")
    team_of = {user.id: team for team, users in company.USERS.items() for user in users}
    words = company.STATUS_WORDINGS["handed_off"]
    handed = {text for weights in words for text in weights.items}
    progressed: Counter[str] = Counter()
    received: Counter[str] = Counter()
    last: dict[str, str] = {}
    for row in history:
        if row["field"] == "Status":
            last[row["lead_id"]] = row["new_value"]
    for row in rows("salesforce", "lead"):
        team = team_of.get(row["owner_id"])
        if row["id"] in last and team:
            received[team] += 1
            progressed[team] += last[row["id"]] not in handed
    stuck = {team: 1 - progressed[team] / received[team] for team in received}
    assert max(stuck, key=lambda team: stuck[team]) == "Inside Sales West"
    assert stuck["Inside Sales West"] > 3 * stuck["Inside Sales East"]


def test_losers_of_merges_are_kept_and_chains_lead_to_a_live_lead() -> None:
    leads = {row["id"]: row for row in rows("salesforce", "lead")}
    losers = [row for row in leads.values() if row["master_record_id"]]
    chains = 0
    for row in losers:
        assert row["is_deleted"] == "true"
        steps = 0
        while row["master_record_id"]:
            row = leads[row["master_record_id"]]
            steps += 1
        assert row["is_deleted"] == "false"
        chains += steps > 1
    assert len(losers) > 150
    assert chains > 10


def test_marketo_merges_sum_the_scores_past_the_threshold() -> None:
    jumps = [
        row
        for row in rows("marketo", "activity_change_score")
        if row["reason"] == "Merge"
        and int(row["old_value"]) < 100 <= int(row["new_value"])
    ]
    assert len(jumps) > 20


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2026-04-28 17:00", 18, "2026-05-01 17:00"),  # Showa Day between
        ("2026-05-02 12:00", 1, "2026-05-07 10:00"),  # Golden Week
        ("2025-12-26 17:30", 1, "2026-01-05 09:30"),  # the turn of the year
    ],
)
def test_business_hours_of_the_sample(since: str, hours: float, until: str) -> None:
    clock = BusinessClock.from_seed(ROOT / "seeds" / "holidays.csv")
    assert seconds_text(clock.after(utc(since), hours)) == seconds_text(utc(until))
