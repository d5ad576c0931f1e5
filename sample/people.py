"""The leads of the sample company, one life after the other.

A `Person` is a human being with a Marketo lead, a Salesforce lead, or both.
What happens to it is decided step by step; nothing is written after the end
of the data, so a story simply stops there and the lead is still pending.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sample.clock import (
    DAY,
    TOKYO,
    BusinessClock,
    millis_text,
    seconds_text,
    synced_text,
    utc,
    utc_date_text,
)
from sample.company import (
    BY_KEY,
    CAMPAIGNS,
    COMPANY_SHAPES,
    END,
    FAMILY,
    FASTER_FROM,
    FOREIGN_FAMILY,
    FOREIGN_GIVEN,
    FOREIGN_TITLES,
    GIVEN,
    IMPORT_CAMPAIGN,
    INTEGRATION,
    MARKETERS,
    QUEUE,
    REASONS,
    REFUSED_CAMPAIGN,
    REFUSED_REASONS,
    SOURCE_WORDINGS,
    START,
    STATUS_WORDINGS,
    TITLES,
    USERS,
    Campaign,
    Customer,
    User,
    make_customers,
)
from sample.dice import Dice, Quantiles, Weights
from sample.ids import counter, salesforce_ids
from sample.tables import COLUMNS, Table, quoted

HOUR = 3_600

# All in business hours unless the name says days.
HOUR_OF_DAY = Quantiles(
    (0, 0), (0.05, 7), (0.25, 10), (0.5, 13.5), (0.75, 16.5), (0.95, 21.5), (1, 24)
)
MQL_DAYS = Quantiles((0, 0.02), (0.25, 1), (0.5, 5), (0.75, 16), (0.9, 40), (1, 90))
QUICK_MQL_DAYS = Quantiles((0, 0.01), (0.6, 0.2), (1, 3))
HANDOFF = Quantiles((0, 0.05), (0.5, 1.5), (0.9, 6), (1, 16))
RESPONSE = Quantiles(
    (0, 0.05), (0.25, 2), (0.5, 5.5), (0.75, 10.5), (0.9, 15), (1, 17.6)
)
LATE_RESPONSE = Quantiles((0, 19), (0.5, 34), (0.9, 75), (1, 120))
DECISION = Quantiles((0, 0.1), (0.55, 0.8), (0.75, 8), (0.9, 32), (1, 90))
SQL_HOURS = Quantiles((0, 9), (0.25, 30), (0.5, 60), (0.75, 110), (1, 260))
SALES_CYCLE_DAYS = Quantiles((0, 14), (0.25, 36), (0.5, 60), (0.75, 95), (1, 190))
COMEBACK_DAYS = Quantiles((0, 38), (0.5, 85), (1, 210))
AMOUNTS = Quantiles(
    (0, 240_000), (0.5, 960_000), (0.8, 2_400_000), (0.95, 7_200_000), (1, 18_000_000)
)

IGNORE_RATES = {
    "ADR": 0.035,
    "Inside Sales East": 0.05,
    "Inside Sales West": 0.32,  # planted: the team that lets leads lie
    "Enterprise Sales": 0.06,
}
TOUCHES = Weights(
    [
        (0.52, ("Call", "Call", "架電")),
        (0.18, ("電話", "Call", "電話")),
        (0.22, ("Email", "Email", "初回メール")),
        (0.08, ("Meeting", "Task", "訪問")),
    ]
)
INBOUND = Weights([(campaign.share, campaign) for campaign in CAMPAIGNS])
WEBINARS = [c for c in CAMPAIGNS if c.channel == "webinar"]
FULL_WIDTH = {c: chr(ord(chr(c)) + 0xFEE0) for c in range(0x21, 0x7F)}


class World:
    """The writers, counters and customers that every person shares."""

    def __init__(self, folder: Path, leads: int, seed: int, holidays: Path) -> None:
        self.dice = Dice(seed)
        self.clock = BusinessClock.from_seed(holidays)
        level = 6 if leads <= 50_000 else 1
        self.tables = {key: Table(folder, key, level) for key in COLUMNS}
        self.facts: Counter[str] = Counter()
        self.lead_ids = salesforce_ids("00Q", 30_140_000)
        self.history_ids = salesforce_ids("017", 710_000_000)
        self.contact_ids = salesforce_ids("003", 28_200_000)
        self.opportunity_ids = salesforce_ids("006", 4_410_000)
        self.field_history_ids = salesforce_ids("017", 70_100_000)
        self.task_ids = salesforce_ids("00T", 96_300_000)
        self.event_ids = salesforce_ids("00U", 9_120_000)
        self.member_ids = salesforce_ids("00v", 15_500_000)
        self.marketo_ids = counter(1_208_411)
        self.activity_ids = counter(640_118_003)
        self.membership_ids = counter(2_400_517)
        account_ids = salesforce_ids("001", 6_020_000)
        count = max(120, leads // 7)
        self.customers = make_customers(self.dice, count, account_ids)
        self.accounts: set[str] = set()
        self.emails: set[str] = set()
        #: (lead id, created, current status, instant of the last change) of
        #: leads that the broken rows are hung on
        self.specimens: list[tuple[str, int, str, int]] = []
        self.lead_copies = 0

    def table(self, system: str, name: str) -> Table:
        return self.tables[system, name]

    def close(self) -> None:
        for table in self.tables.values():
            table.close()

    # --- Marketo activities -------------------------------------------------

    def marketo_activity(
        self, name: str, lead: str, instant: int, kind: int, rest: str
    ) -> None:
        if instant < END:
            self.tables["marketo", name].add(
                f"{next(self.activity_ids)},{lead},{millis_text(instant)},"
                f"{kind},,{rest}"
            )


class Person:
    def __init__(self, world: World, channel: str) -> None:
        self.world = world
        dice = world.dice
        customer = world.customers[dice.below(len(world.customers))]
        self.customer: Customer = customer
        self.is_foreign = customer.is_foreign
        self.channel = channel
        self.source = dice.weighted(SOURCE_WORDINGS[channel])
        self.quality = dice.random()
        if self.is_foreign:
            self.last = dice.pick(FOREIGN_FAMILY)
            self.first = dice.pick(FOREIGN_GIVEN)
            latin = f"{self.first}.{self.last}".lower().replace("ü", "ue")
            self.name = f"{self.first} {self.last}"
            self.company = customer.name
            self.title = dice.pick(FOREIGN_TITLES)
        else:
            self.last, family = dice.pick(FAMILY)
            self.first, given = dice.pick(GIVEN)
            latin = f"{given}.{family}"
            self.name = f"{self.last} {self.first}"
            shape = dice.weighted(COMPANY_SHAPES)
            self.company = shape.format(customer.name)
            self.title = dice.pick(TITLES)
        self.phone = f"03-0000-{dice.below(10_000):04d}"
        self.email = self._own_email(latin)
        # Marketo
        self.marketo_id = ""
        self.marketo_created = 0
        self.marketo_updated = 0
        self.marketo_email = self.email
        self.marketo_deleted = False
        self.score = 0
        # Salesforce
        self.lead_id = ""
        self.created = 0
        self.creator: User = INTEGRATION
        self.owner: User = QUEUE
        self.status = ""
        self.changed = 0
        self.changer: User = INTEGRATION
        self.reason = ""
        self.deleted = False
        self.master = ""
        self.converted = 0
        self.contact_id = ""
        self.opportunity_id = ""
        self.tasks: list[tuple[int, User, str, str, str, int, bool]] = []
        self.meetings: list[tuple[int, User]] = []
        self.memberships: list[tuple[Campaign, int, str]] = []
        self.campaign: Campaign | None = None

    def _own_email(self, latin: str) -> str:
        world = self.world
        if world.dice.chance(0.008):
            return f"info@{self.customer.domain}"
        email = f"{latin}@{self.customer.domain}"
        number = 1
        while email in world.emails:
            number += 1
            mark = "+" if number == 2 and latin[0] == "k" else "."
            email = f"{latin}{mark}{number}@{self.customer.domain}"
        world.emails.add(email)
        return email

    # --- Marketo ------------------------------------------------------------

    def enter_marketo(self, instant: int, source_type: str) -> None:
        world = self.world
        self.marketo_id = next(world.marketo_ids)
        self.marketo_created = self.marketo_updated = instant
        world.marketo_activity(
            "activity_new_lead",
            self.marketo_id,
            instant,
            12,
            f"{self.marketo_id},,{source_type},{self.source}",
        )

    def fill_out_form(self, instant: int, program: Campaign | None) -> None:
        form = (
            "2105,資料請求フォーム"
            if program and program.key == "ebook"
            else "2017,お問い合わせフォーム"
            if self.channel == "website"
            else "2044,デモ申込フォーム"
        )
        rest = f"{program.id},{program.name}" if program else ","
        self.world.marketo_activity(
            "activity_fill_out_form",
            self.marketo_id,
            instant,
            2,
            f"{form},{rest}",
        )
        self._marketo_touched(instant)

    def join_program(self, program: Campaign, instant: int) -> None:
        """Membership, and for webinars who registered and who came."""
        world = self.world
        if instant >= END:
            return
        status, success, when = "Member", "false", ""
        if program.channel == "webinar":
            held = program.ends - program.ends % DAY + 5 * HOUR
            status = "Registered"
            self._progress(program, instant, "", status, "false")
            if held > instant and held < END and world.dice.chance(0.58):
                status, success, when = "Attended", "true", millis_text(held)
                self._progress(program, held, "Registered", status, "true")
        self.world.table("marketo", "program_membership").add(
            f"{next(world.membership_ids)},{program.id},{self.marketo_id},"
            f"{millis_text(instant)},{status},{success},{when},"
            f"{'true' if program is self.campaign else 'false'},false"
        )
        self._marketo_touched(instant)

    def _progress(
        self, program: Campaign, instant: int, old: str, new: str, won: str
    ) -> None:
        self.world.marketo_activity(
            "activity_change_status_in_progression",
            self.marketo_id,
            instant,
            104,
            f"{program.id},{program.name},{old},{new},{won},",
        )

    def change_score(self, instant: int, by: int, reason: str) -> None:
        old, new = self.score, self.score + by
        if instant >= END:
            return
        self.world.marketo_activity(
            "activity_change_score",
            self.marketo_id,
            instant,
            22,
            f"60,Lead Score,{by:+d},{old},{new},{reason}",
        )
        self.score = new
        self._marketo_touched(instant)

    def _marketo_touched(self, instant: int) -> None:
        if self.marketo_updated < instant < END:
            self.marketo_updated = instant

    def qualify(self, instant: int, days: float) -> int:
        """Raise the score step by step until it crosses 100."""
        dice = self.world.dice
        crossed = instant + int(days * DAY)
        steps = dice.between(1, 3)
        goal = 100 + int(self.quality * self.quality * 80) + dice.below(12)
        for step in range(steps):
            room = 99 - self.score
            if room > 15:
                when = instant + (crossed - instant) * step // (steps + 1)
                self.change_score(
                    when + 3,
                    min(room, dice.between(8, 30)),
                    "Visited pricing page" if step else "Filled out form",
                )
        self.change_score(crossed, goal - self.score, "Behaviour score")
        return crossed

    # --- Salesforce ---------------------------------------------------------

    def word(self, stage: str) -> str:
        wordings = STATUS_WORDINGS[stage][1 if self.is_foreign else 0]
        return self.world.dice.weighted(wordings)

    def enter_salesforce(
        self, instant: int, creator: User, owner: User, stage: str
    ) -> bool:
        if instant >= END:
            return False
        world = self.world
        self.lead_id = next(world.lead_ids)
        self.created = self.changed = instant
        self.creator = self.changer = creator
        self.owner = owner
        self.status = self.word(stage)
        self._history(instant, creator, "created", "", "")
        if self.campaign and self.campaign.kind == "salesforce":
            self.memberships.append((self.campaign, instant, "Responded"))
        return True

    def _history(
        self, instant: int, user: User, field: str, old: str, new: str
    ) -> None:
        world = self.world
        world.tables["salesforce", "lead_history"].add(
            f"{next(world.history_ids)},{self.lead_id},{user.id},"
            f"{seconds_text(instant)},{field},{old},{new},false,"
            f"{synced_text(instant)}"
        )

    def set_status(self, instant: int, stage: str, user: User) -> bool:
        """False when the data ends before it."""
        if instant >= END:
            return False
        new = self.word(stage)
        self._history(instant, user, "Status", self.status, new)
        self.status = new
        self.changed, self.changer = instant, user
        return True

    def set_owner(self, instant: int, owner: User, user: User) -> None:
        """Two rows, as Salesforce writes them: names, then ids."""
        if owner is self.owner or instant >= END:
            return
        self._history(instant, user, "Owner", self.owner.name, owner.name)
        self._history(instant, user, "Owner", self.owner.id, owner.id)
        self.owner = owner
        self.changed, self.changer = instant, user

    def refuse(self, instant: int, stage: str, user: User) -> bool:
        if not self.set_status(instant, stage, user):
            return False
        if stage == "rejected":
            planted = self.campaign and self.campaign.key == REFUSED_CAMPAIGN
            reasons = REFUSED_REASONS if planted else REASONS
            new = self.world.dice.weighted(reasons)
            self._history(instant, user, "Rejection_Reason__c", self.reason, new)
            self.reason = new
        return True

    def respond(self, instant: int, user: User) -> None:
        if instant < END:
            kind, subtype, subject = self.world.dice.weighted(TOUCHES)
            self.tasks.append((instant, user, kind, subtype, subject, instant, True))

    def automated_mail(self, instant: int, user: User, subtype: str) -> None:
        if instant < END:
            self.tasks.append(
                (instant, user, "Email", subtype, "自動送信メール", instant, True)
            )

    # --- the steps of a life ------------------------------------------------

    def choose_owner(self) -> User:
        dice = self.world.dice
        if self.customer.employees >= 1_000:
            return dice.pick(USERS["Enterprise Sales"])
        routed = self.channel in ("website", "paid_search", "webinar")
        if routed and dice.chance(0.42):
            return dice.pick(USERS["ADR"])
        return dice.pick(self._field_team())

    def _field_team(self) -> list[User]:
        side = "West" if self.customer.is_west else "East"
        return USERS[f"Inside Sales {side}"]

    def hand_off(self, instant: int) -> None:
        dice = self.world.dice
        owner = self.choose_owner()
        by = INTEGRATION if dice.chance(0.6) else dice.pick(MARKETERS)
        if not self.set_status(instant, "handed_off", by):
            return
        self.set_owner(instant, owner, by)
        self.world.facts["hand-offs by status"] += 1
        self.sell(instant, owner)

    def sell(self, handed: int, owner: User) -> None:
        """What sales makes of a hand-off."""
        world, dice, clock = self.world, self.world.dice, self.world.clock
        team = owner.role.team or ""
        pace = 0.5 if handed >= FASTER_FROM else 1.0
        ignore_rate = IGNORE_RATES[team] * (0.75 if pace < 1 else 1.0)
        if dice.chance(ignore_rate):
            self._let_lie(handed, owner)
            return
        if dice.chance(0.055):
            # On leave: passed on to a colleague, who starts at once.
            later = clock.after(handed, dice.uniform(3, 30))
            colleague = dice.pick(USERS[team])
            self.set_owner(later, colleague, owner)
            handed, owner = later, colleague
        speed = pace * (0.7 if team == "ADR" else 1.0)
        answered = clock.after(handed, dice.draw(RESPONSE) * speed)
        if dice.chance(0.025):
            back = clock.after(handed, dice.uniform(2, 40))
            if self.refuse(back, "recycled", dice.pick(MARKETERS)):
                world.facts["taken back by marketing"] += 1
                self.come_back(back)
            return
        if not dice.chance(0.12):
            self.respond(answered, owner)
        if dice.chance(0.35):
            self.set_status(answered, "working", owner)
        if dice.chance(0.02):
            return  # answered once, then forgotten
        decided = clock.after(answered, dice.draw(DECISION))
        if dice.chance(0.5):
            self.respond(clock.after(answered, dice.uniform(1, 20)), owner)
        rate = self.campaign.accept_rate if self.campaign else 0.5
        accepts = dice.chance(rate * (0.86 + 0.5 * self.quality))
        if team == "ADR":
            self._through_adr(answered, decided, owner, accepts)
        elif accepts:
            self.accept(decided, owner)
        elif self.refuse(
            decided, "rejected" if dice.chance(0.86) else "disqualified", owner
        ):
            self.come_back(decided)

    def _let_lie(self, handed: int, owner: User) -> None:
        world, dice, clock = self.world, self.world.dice, self.world.clock
        world.facts["hand-offs nobody answered in time"] += 1
        if dice.chance(0.45):
            # A cadence writes to the lead; nobody has read it.
            self.automated_mail(clock.after(handed, 1.5), owner, "Cadence")
        late = clock.after(handed, dice.draw(LATE_RESPONSE))
        fate = dice.random()
        if fate < 0.20:
            self.respond(late, owner)
            self.accept(late + dice.between(60, 7_200), owner)
        elif fate < 0.30:
            self.respond(late, owner)
            if self.refuse(late + dice.between(60, 7_200), "rejected", owner):
                self.come_back(late)
        elif fate < 0.52:
            back = clock.after(handed, dice.uniform(90, 200))
            if self.refuse(back, "recycled", dice.pick(MARKETERS)):
                self.come_back(back)
        elif fate < 0.70:
            self.respond(late, owner)

    def _through_adr(
        self, answered: int, decided: int, adr: User, accepts: bool
    ) -> None:
        """ADR takes the lead on and passes it to a rep, who decides."""
        dice, clock = self.world.dice, self.world.clock
        if not accepts and not dice.chance(0.25):
            stage = "rejected" if dice.chance(0.8) else "disqualified"
            if self.refuse(decided, stage, adr):
                self.come_back(decided)
            return
        if not self.set_status(answered + 90, "tal", adr):
            return
        passed = clock.after(answered + 120, dice.uniform(0.5, 14))
        rep = dice.pick(self._field_team())
        self.set_owner(passed, rep, adr)
        ruled = clock.after(max(passed, decided), dice.uniform(0.5, 22))
        self.respond(ruled - dice.between(0, 1_500), rep)
        if accepts:
            self.accept(ruled, rep)
        elif self.refuse(ruled, "rejected", rep):
            self.come_back(ruled)

    def accept(self, instant: int, rep: User) -> None:
        world, dice, clock = self.world, self.world.dice, self.world.clock
        if not self.set_status(instant, "sal", rep):
            return
        world.facts["acceptances by status"] += 1
        if dice.chance(0.55):
            self.meetings.append((clock.after(instant, dice.uniform(9, 50)), rep))
        qualified = clock.after(instant, dice.draw(SQL_HOURS))
        if dice.chance(0.36 + 0.3 * self.quality):
            self.respond(clock.after(instant, dice.uniform(4, 9)), rep)
            self.convert(qualified, rep)
        elif dice.chance(0.5):
            later = clock.after(instant, dice.uniform(90, 420))
            if self.refuse(later, "recycled", rep):
                self.come_back(later)

    def convert(self, instant: int, rep: User) -> None:
        if not self.set_status(instant, "sql", rep):
            return
        world, dice = self.world, self.world.dice
        self._history(instant, rep, "leadConverted", "", "")
        self.converted = instant
        self.contact_id = next(world.contact_ids)
        self._write_account(instant, rep)
        if dice.chance(0.9):
            self._open_opportunity(instant, rep)

    def _open_opportunity(self, opened: int, rep: User) -> None:
        world, dice, clock = self.world, self.world.dice, self.world.clock
        self.opportunity_id = next(world.opportunity_ids)
        closes = clock.after(opened + int(dice.draw(SALES_CYCLE_DAYS) * DAY), 2)
        wins = dice.chance(0.22 + 0.16 * self.quality)
        stays = dice.chance(0.1)
        currency = "USD" if self.is_foreign and dice.chance(0.5) else "JPY"
        worth = dice.draw(AMOUNTS)
        amount = f"{int(worth) // 1000 * 1000}.0"
        if currency == "USD":
            amount = f"{int(worth / 150)}.0"
        last = "Closed Won" if wins else "Closed Lost"
        stages = ["初回商談", "提案", "見積提示", last]
        if not wins and dice.chance(0.5):
            stages = ["初回商談", "Closed Lost"]
        stage, changed, closed = stages[0], opened, False
        for step in range(1, len(stages)):
            when = opened + (closes - opened) * step // (len(stages) - 1)
            if when >= END or (stays and step == len(stages) - 1):
                break
            world.tables["salesforce", "opportunity_field_history"].add(
                f"{next(world.field_history_ids)},{self.opportunity_id},"
                f"{rep.id},{seconds_text(when)},StageName,{stage},"
                f"{stages[step]},false,{synced_text(when)}"
            )
            stage, changed = stages[step], when
            closed = step == len(stages) - 1
        planned = max(closes, END + 20 * DAY) if not closed else changed
        campaign = self.campaign.id if self.memberships else ""
        won = closed and wins
        percent = 100 if won else 0 if closed else 10 + 30 * stages.index(stage)
        title = quoted(f"{self.customer.name} 新規導入")
        line = (
            f"{self.opportunity_id},{self.customer.account_id},"
            f"{self.contact_id},{campaign},{rep.id},{title},{{stage}},{amount},"
            f"{currency},{{percent}},{{closed}},{{won}},"
            f"{utc_date_text(planned)},{self.source},New Business,"
            f"{seconds_text(opened)},false,{{changed}},{{synced}}"
        )
        table = world.tables["salesforce", "opportunity"]
        if closed and won and world.facts["superseded opportunities"] < 25:
            # An earlier load of the same row, still open.
            world.facts["superseded opportunities"] += 1
            table.add(
                line.format(
                    stage=stages[0],
                    percent=10,
                    closed="false",
                    won="false",
                    changed=seconds_text(opened),
                    synced=synced_text(opened),
                )
            )
        table.add(
            line.format(
                stage=stage,
                percent=percent,
                closed="true" if closed else "false",
                won="true" if won else "false",
                changed=seconds_text(changed),
                synced=synced_text(changed),
            )
        )
        world.facts["opportunities"] += 1
        world.facts["opportunities won"] += won

    def _write_account(self, instant: int, rep: User) -> None:
        world, customer = self.world, self.customer
        if customer.account_id not in world.accounts:
            world.accounts.add(customer.account_id)
            world.tables["salesforce", "account"].add(
                f"{customer.account_id},{quoted(customer.name)},"
                f"{customer.industry},{customer.state},{customer.country},"
                f"{customer.employees},www.{customer.domain},{rep.id},"
                f"{seconds_text(instant)},false,{seconds_text(instant)},"
                f"{synced_text(instant)}"
            )
        world.tables["salesforce", "contact"].add(
            f"{self.contact_id},{customer.account_id},{seconds_text(instant)},"
            f"{rep.id},{rep.id},{self.first},{self.last},{self.name},"
            f"{self.email},{self.phone},{self.title},{self.source},false,,"
            f"{seconds_text(instant)},{synced_text(instant)}"
        )

    def come_back(self, left: int) -> None:
        """Some of those sales let go fill in a form again, months later."""
        world, dice = self.world, self.world.dice
        if self.master or not self.marketo_id or not dice.chance(0.17):
            return
        again = left + int(dice.draw(COMEBACK_DAYS) * DAY)
        if again >= END:
            return
        world.facts["recycled leads that came back"] += 1
        self.change_score(left + DAY, 35 - self.score, "Score reset on recycle")
        self.fill_out_form(again, None)
        crossed = self.qualify(again + 5, dice.draw(QUICK_MQL_DAYS))
        if dice.chance(0.8):
            self.hand_off(world.clock.after(crossed, dice.draw(HANDOFF)))

    # --- writing it down ----------------------------------------------------

    def write(self) -> None:
        facts = self.world.facts
        if self.email.startswith("info@"):
            facts["people with a shared mailbox"] += 1
        if self.marketo_id:
            self._write_marketo()
            if self.lead_id and self.marketo_email != self.email:
                facts["people linked by e-mail only"] += 1
                if "＠" in self.marketo_email:
                    facts["people linked by e-mail only, in full width"] += 1
        if self.lead_id:
            self._write_lead()

    def _write_marketo(self) -> None:
        world = self.world
        linked = self.lead_id and self.marketo_email == self.email
        lead = self.lead_id if linked else ""
        contact = self.contact_id if linked else ""
        if lead and world.facts["marketo leads"] % 9 == 0:
            lead, contact = lead[:15], contact[:15]
            world.facts["marketo leads with a 15-character salesforce id"] += 1
        deleted = "true" if self.marketo_deleted else "false"
        world.tables["marketo", "lead"].add(
            f"{self.marketo_id},{millis_text(self.marketo_created)},"
            f"{millis_text(self.marketo_updated)},{self.marketo_email},"
            f"{self.first},{self.last},{quoted(self.company)},{self.title},"
            f"{self.source},{self.score},{lead},"
            f"{contact},false,{deleted},{synced_text(self.marketo_updated)}"
        )
        world.facts["marketo leads"] += 1

    def _write_lead(self) -> None:
        world, customer = self.world, self.customer
        head = f"{self.lead_id},{seconds_text(self.created)},{self.creator.id},"
        middle = (
            f"{self.first},{self.last},{self.name},{self.email},{self.phone},"
            f"{quoted(self.company)},{self.title},{customer.industry},"
            f"{customer.employees},{customer.state},{customer.country},"
            f"{self.source},"
        )
        table = world.tables["salesforce", "lead"]
        if self.converted and world.facts["superseded leads"] < 150:
            # An earlier load of the same row, before the conversion.
            world.facts["superseded leads"] += 1
            earlier = seconds_text(self.created + 60)
            table.add(
                f"{head}{QUEUE.id},{middle}{self.word('inquiry')},,false,,,,,"
                f"false,,{self.creator.id},{earlier},{earlier},"
                f"{synced_text(self.created)}"
            )
        converted = (
            f"true,{utc_date_text(self.converted)},{self.contact_id},"
            f"{customer.account_id},{self.opportunity_id},"
            if self.converted
            else "false,,,,,"
        )
        changed = seconds_text(self.changed)
        table.add(
            f"{head}{self.owner.id},{middle}{self.status},{self.reason},"
            f"{converted}{'true' if self.deleted else 'false'},{self.master},"
            f"{self.changer.id},{changed},{changed},{synced_text(self.changed)}"
        )
        world.facts["salesforce leads"] += 1
        if not self.deleted and len(world.specimens) < 4_000:
            world.specimens.append(
                (self.lead_id, self.created, self.status, self.changed)
            )
        who = self.contact_id or self.lead_id
        for task in self.tasks:
            self._write_task(who, *task)
        for starts, user in self.meetings:
            if starts < END:
                begins = seconds_text(starts)
                booked = seconds_text(max(starts - 2 * DAY, self.created))
                world.tables["salesforce", "event"].add(
                    f"{next(world.event_ids)},{who},{user.id},オンライン商談,"
                    f"Meeting,{begins},{begins},{seconds_text(starts + HOUR)},"
                    f"{user.id},{booked},false,{begins},{synced_text(starts)}"
                )
        lead, contact = ("", self.contact_id) if self.contact_id else (self.lead_id, "")
        for campaign, joined, status in self.memberships:
            world.tables["salesforce", "campaign_member"].add(
                f"{next(world.member_ids)},{campaign.id},{lead},{contact},"
                f"{status},true,{utc_date_text(joined)},{seconds_text(joined)},"
                f"false,{seconds_text(joined)},{synced_text(joined)}"
            )

    def _write_task(
        self,
        who: str,
        instant: int,
        user: User,
        kind: str,
        subtype: str,
        subject: str,
        done: int,
        is_done: bool,
    ) -> None:
        world = self.world
        task_id = next(world.task_ids)
        created = max(instant - 600, self.created)
        head = f"{task_id},{who},{user.id},{subject},{kind},{subtype},"
        table = world.tables["salesforce", "task"]
        if world.facts["superseded tasks"] < 60 and subtype == "Call":
            world.facts["superseded tasks"] += 1
            table.add(
                f"{head}Not Started,false,{utc_date_text(instant)},,{user.id},"
                f"{seconds_text(created)},false,{seconds_text(created)},"
                f"{synced_text(created)}"
            )
        status = "Completed,true" if is_done else "Not Started,false"
        table.add(
            f"{head}{status},{utc_date_text(instant)},"
            f"{seconds_text(done) if is_done else ''},{user.id},"
            f"{seconds_text(created)},false,{seconds_text(done)},"
            f"{synced_text(done)}"
        )


# --- who comes, and how ------------------------------------------------------


def arrival(dice: Dice, campaign: Campaign) -> int:
    """When a lead of a campaign shows up; more of them as time goes by."""
    if campaign.channel == "trade_show":
        day = campaign.starts + dice.below(3) * DAY
        return day + dice.below(7 * HOUR)
    length = min(campaign.ends, END) - campaign.starts
    part = dice.random()
    if not dice.chance(0.62 + 0.38 * part):
        part = dice.random()
    day = (campaign.starts + TOKYO + int(length * part)) // DAY
    if (day + 3) % 7 >= 5 and dice.chance(0.55):
        day -= 2
    day = max(day, (campaign.starts + TOKYO) // DAY)
    return day * DAY + int(dice.draw(HOUR_OF_DAY) * HOUR) - TOKYO


def inbound(world: World) -> None:
    """Somebody who came to the company: Marketo first, Salesforce later."""
    dice, clock = world.dice, world.clock
    campaign = dice.weighted(INBOUND)
    person = Person(world, campaign.channel)
    person.campaign = campaign
    came = arrival(dice, campaign)
    if came >= END - HOUR:
        came -= 9 * DAY
    world.facts["people from inbound channels"] += 1
    planted = campaign.key == REFUSED_CAMPAIGN
    if planted:
        world.facts["people of the refused campaign"] += 1
    if dice.chance(0.06):
        # Linked to its Salesforce lead by the e-mail address alone.
        if dice.chance(0.3):
            person.marketo_email = person.email.translate(FULL_WIDTH)
        else:
            person.marketo_email = person.email.upper() + " "
    is_show = campaign.channel == "trade_show"
    person.enter_marketo(came, "List import" if is_show else "Web form fillout")
    if campaign.kind == "marketo":
        person.join_program(campaign, came)
    if not is_show and campaign.channel not in ("webinar", "referral"):
        program = campaign if campaign.kind == "marketo" else None
        person.fill_out_form(came, program)
    qualifies = dice.chance(campaign.mql_rate)
    direct = not qualifies and dice.chance(campaign.direct_rate)
    early = direct or is_show or dice.chance(0.45)
    if early:
        person.enter_salesforce(
            came + dice.between(40, 900), INTEGRATION, QUEUE, "inquiry"
        )
    if qualifies:
        days = dice.draw(QUICK_MQL_DAYS if planted else MQL_DAYS)
        if days > 6 and dice.chance(0.35):
            webinar = dice.pick(WEBINARS)
            when = came + int(days * DAY / 2)
            if webinar.starts < when < webinar.ends:
                person.join_program(webinar, when)
        crossed = person.qualify(came + 60, days)
        synced = crossed + dice.between(30, 400)
        if not early:
            person.enter_salesforce(synced, INTEGRATION, QUEUE, "mql")
        elif dice.chance(0.5):
            person.set_status(synced, "mql", INTEGRATION)
        if person.lead_id and dice.chance(0.95 if planted else 0.88):
            handed = clock.after(synced, dice.draw(HANDOFF))
            if dice.chance(0.05):
                handed = synced + 600  # by a rule, at any hour
            person.hand_off(handed)
    elif direct:
        person.hand_off(clock.after(came + 900, dice.uniform(2, 14)))
    else:
        unqualified(person, came, early)
    if person.lead_id and dice.chance(0.2):
        mailed = clock.after(person.created, dice.uniform(9, 60))
        person.automated_mail(mailed, dice.pick(MARKETERS), "ListEmail")
    if dice.chance(0.08):
        when = came + dice.between(DAY, 60 * DAY)
        world.marketo_activity(
            "activity_change_data_value",
            person.marketo_id,
            when,
            13,
            f"10,Job Title,,{person.title},Form fill,Web form",
        )
    if not merge_salesforce(person):
        merge_marketo(person)
    person.write()


def unqualified(person: Person, came: int, early: bool) -> None:
    """A score that never gets there, and the odd slip of the hand."""
    world, dice = person.world, person.world.dice
    for _ in range(dice.below(3)):
        came += dice.between(HOUR, 20 * DAY)
        person.change_score(
            came, min(dice.between(5, 30), 92 - person.score), "Visited page"
        )
    if not early:
        if dice.chance(0.004):
            # Erased on request: leaves the marts altogether.
            deleted = came + DAY
            if deleted < END:
                person.marketo_deleted = True
                world.facts["marketo leads deleted"] += 1
                world.marketo_activity(
                    "activity_delete_lead",
                    person.marketo_id,
                    deleted,
                    37,
                    f"{person.marketo_id},,{synced_text(deleted)}",
                )
    elif person.lead_id and dice.chance(0.05):
        when = world.clock.after(person.created, dice.uniform(4, 40))
        if world.facts["inquiries a rep rejected (forbidden)"] < 12:
            rep = dice.pick(USERS["Inside Sales East"])
            if person.refuse(when, "rejected", rep):
                world.facts["inquiries a rep rejected (forbidden)"] += 1
        else:
            person.refuse(when, "disqualified", dice.pick(MARKETERS))


def merge_salesforce(person: Person) -> bool:
    """A second Salesforce lead of the same person, merged with the first.

    In some the lead that lived through everything is the one that loses.
    """
    world, dice = person.world, person.world.dice
    if not person.lead_id or person.converted or not dice.chance(0.018):
        return False
    came = person.created + dice.between(2 * DAY, 30 * DAY)
    merged = max(came + DAY, person.changed + HOUR)
    if merged >= END:
        return False
    other = twin(person, came)
    other.enter_salesforce(came, dice.pick(MARKETERS), QUEUE, "inquiry")
    chain = dice.chance(0.12)
    user = dice.pick(MARKETERS)
    if dice.chance(0.35):
        winner, loser = other, person
        winner.owner, winner.status = person.owner, person.status
        # Marketo points at the lead that no longer is; the chain of master
        # records leads on.
        world.facts["salesforce merges lost by the lead with the events"] += 1
    else:
        winner, loser = person, other
    world.facts["salesforce merges"] += 1
    loser.deleted, loser.master = True, winner.lead_id
    loser.changed, loser.changer = merged, user
    winner._history(merged, user, "leadMerged", "", "")
    winner.changed, winner.changer = merged, user
    if chain and merged + DAY < END:
        third = twin(person, came + HOUR)
        third.enter_salesforce(came + HOUR, dice.pick(MARKETERS), QUEUE, "inquiry")
        winner.deleted, winner.master = True, third.lead_id
        winner.changed, winner.changer = merged + DAY, user
        third.owner, third.status = winner.owner, winner.status
        third._history(merged + DAY, user, "leadMerged", "", "")
        third.changed, third.changer = merged + DAY, user
        third.write()
        world.facts["salesforce merges"] += 1
        world.facts["salesforce merge chains"] += 1
    other.write()
    return True


def twin(person: Person, came: int) -> Person:
    """The same human being under another address, typed in once more."""
    other = Person(person.world, person.channel)
    for name in (
        "customer",
        "is_foreign",
        "company",
        "title",
        "last",
        "first",
        "name",
        "source",
        "phone",
    ):
        setattr(other, name, getattr(person, name))
    other.email = f"private{other.email.partition('@')[0]}.{came}@example.com"
    other.marketo_email = other.email
    return other


def merge_marketo(person: Person) -> None:
    """A merge sums the scores; no such sum is a qualification."""
    world, dice = person.world, person.world.dice
    if person.lead_id or person.marketo_deleted or not dice.chance(0.03):
        return
    came = person.marketo_created + dice.between(DAY, 20 * DAY)
    merged = max(came, person.marketo_updated) + dice.between(DAY, 9 * DAY)
    if merged + DAY >= END:
        return
    other = twin(person, came)
    other.enter_marketo(came, "Web form fillout")
    other.change_score(came + 5, dice.between(40, 90), "Filled out form")
    if dice.chance(0.15):
        third = twin(person, came + HOUR)
        third.enter_marketo(came + HOUR, "List import")
        third.change_score(came + HOUR + 5, dice.between(5, 20), "Imported")
        write_marketo_merge(other, third, merged - HOUR)
        world.facts["marketo merge chains"] += 1
    if person.score + other.score >= 100:
        world.facts["marketo merges that cross the threshold"] += 1
    write_marketo_merge(person, other, merged)


def write_marketo_merge(winner: Person, loser: Person, instant: int) -> None:
    world = winner.world
    world.facts["marketo merges"] += 1
    world.marketo_activity(
        "activity_merge_leads",
        winner.marketo_id,
        instant,
        32,
        f"{winner.marketo_id},,[{loser.marketo_id}],false,leaddb,true,"
        f"{synced_text(instant)}",
    )
    winner.change_score(instant, loser.score, "Merge")
    world.table("marketo", "merged_lead").add_row(
        id=next(world.activity_ids),
        merged_lead=loser.marketo_id,
        into_lead=winner.marketo_id,
        merged_at=millis_text(instant),
        _fivetran_synced=synced_text(instant),
    )
    loser.marketo_deleted = True
    loser.marketo_updated = instant
    loser.write()


def outbound(world: World) -> None:
    """ADR prospecting: the first progress is a TAL, no hand-off before it."""
    dice, clock = world.dice, world.clock
    person = Person(world, "outbound")
    adr = dice.pick(USERS["ADR"])
    came = clock.after(START + dice.below(END - START - DAY), 0.5)
    if not person.enter_salesforce(came, adr, adr, "inquiry"):
        return
    world.facts["outbound prospects of ADR"] += 1
    person.respond(clock.after(came, 1), adr)
    if dice.chance(0.45):
        taken = clock.after(came, dice.uniform(2, 90))
        if person.set_status(taken, "tal", adr):
            world.facts["outbound prospects taken on (TAL)"] += 1
            rep = dice.pick(person._field_team())
            person.set_owner(taken + 60, rep, adr)
            decided = clock.after(taken, dice.uniform(3, 45))
            if dice.chance(0.62):
                person.accept(decided, rep)
            else:
                person.refuse(decided, "rejected", rep)
    person.write()


def self_sourced(world: World) -> None:
    """A deal a rep found alone: no marketing, no hand-off."""
    dice, clock = world.dice, world.clock
    person = Person(world, "sales")
    team = ["Enterprise Sales", "Inside Sales East", "Inside Sales West"]
    rep = dice.pick(USERS[dice.pick(team)])
    came = clock.after(START + dice.below(END - START - DAY), 0.5)
    if not person.enter_salesforce(came, rep, rep, "working"):
        return
    world.facts["leads sales brought itself"] += 1
    if dice.chance(0.7):
        person.convert(clock.after(came, dice.uniform(4, 120)), rep)
    person.write()


OLD_STATUSES = Weights(
    [(0.6, "inquiry"), (0.2, "recycled"), (0.08, "sal"), (0.12, "rejected")]
)


def old_stock(world: World) -> None:
    """From the year before: a status, and no history that explains it."""
    dice = world.dice
    person = Person(world, "trade_show")
    came = START - dice.between(2 * DAY, 330 * DAY)
    stage = dice.weighted(OLD_STATUSES)
    person.lead_id = next(world.lead_ids)
    person.created = person.changed = came
    person.status = person.word(stage)
    world.facts[f"old leads without a history: {stage}"] += 1
    if dice.chance(0.5):
        # Marketo keeps activities for 90 days: its beginning is gone too.
        person.marketo_id = next(world.marketo_ids)
        person.marketo_created = person.marketo_updated = came
        person.score = dice.below(60)
        if stage == "inquiry" and dice.chance(0.3):
            again = START + dice.below(END - START)
            if again < END:
                person.fill_out_form(again, None)
                crossed = person.qualify(again + 5, dice.draw(QUICK_MQL_DAYS))
                person.hand_off(world.clock.after(crossed, 1.5))
    person.write()


def imported(world: World) -> None:
    """Business cards typed in as handed off: the first value says so."""
    dice = world.dice
    person = Person(world, "trade_show")
    person.campaign = BY_KEY[IMPORT_CAMPAIGN]
    rep = dice.pick(USERS["Inside Sales West"])
    when = utc("2025-06-23 11:00") + dice.below(1_200)
    person.enter_salesforce(when, MARKETERS[1], rep, "handed_off")
    world.facts["leads imported as handed off"] += 1
    if dice.chance(0.3):
        person.sell(when, rep)
    else:
        world.facts["leads imported as handed off, no history"] += 1
    person.write()


def test_addresses(world: World, count: int) -> None:
    """Visitors who all typed the same address: too many to be one person."""
    dice = world.dice
    for _ in range(count):
        person = Person(world, "website")
        person.email = person.marketo_email = "test@example.com"
        came = START + dice.below(END - START - DAY)
        person.enter_marketo(came, "Web form fillout")
        person.write()
    world.facts["records under test@example.com"] += count


def write_people(world: World, leads: int) -> None:
    imports = leads // 250
    old = leads * 15 // 1000
    prospects = leads * 35 // 1000
    deals = leads * 25 // 1000
    for _ in range(old):
        old_stock(world)
    for _ in range(imports):
        imported(world)
    for _ in range(prospects):
        outbound(world)
    for _ in range(deals):
        self_sourced(world)
    for _ in range(leads - imports - old - prospects - deals):
        inbound(world)
    test_addresses(world, 57)
