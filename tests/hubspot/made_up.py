"""A company in HubSpot, made up by chance, that lives through ten days.

Each day contacts come in and move on, sales works, deals open and close, and people
are written to in lists and forms. Something of each day is written late, after that
day's load; contacts, deals and calls are deleted, contacts and deals merged.

`on` a day it has the attributes of `tests.hubspot.company.Company`, so that the same
layouts write it down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from tests.hubspot.company import (
    DROPPED,
    OWNER,
    OWNERS,
    STAGE,
    STATUS,
    TALKS,
    WON,
    Contact,
    Deal,
    Said,
    Work,
    at,
    iso,
)

DAYS = 10
FIRST = at("04-01")
AS_OF = "2026-05-01T00:00:00Z"
FORMS = [("51", "Price list"), ("52", "Webinar")]
LISTS = [("61", "Trade fair"), ("62", "Dinner")]


def hour(day: int, number: float) -> datetime:
    return FIRST + timedelta(days=day, hours=number)


def loaded_at(day: int) -> datetime:
    """When a day's load is over; what is written later is written late."""
    return hour(day, 23)


def is_told(record: Contact | Deal, day: int) -> bool:
    """Whether the load of the day before told all of it."""
    return record.changed < loaded_at(day - 1) - timedelta(hours=1)


@dataclass(frozen=True)
class Known:
    """What a system knows at the end of a day."""

    contacts: list[Contact]
    deals: list[Deal]
    work: list[Work]
    owners: list[tuple]
    sent_forms: list[tuple]
    members: list[tuple[str, str, datetime, bool]]
    other_addresses: dict[str, str] = field(default_factory=dict)
    """By contact, the address of one that was merged into it."""
    forms: list[tuple[str, str]] = field(default_factory=lambda: FORMS)
    lists: list[tuple[str, str]] = field(default_factory=lambda: LISTS)

    @property
    def merged(self) -> set[str]:
        """Contacts and deals that are others now."""
        both = (*self.contacts, *self.deals)
        return {number for each in both for number in each.merged}

    def without_what_is_gone(self) -> Known:
        """What HubSpot itself tells of it: what was merged away is not there, who left
        a list is not told, and a form that a deleted contact sent names nobody."""
        left = {each.number for each in self.contacts if each.is_gone} | self.merged
        return replace(
            self,
            contacts=[each for each in self.contacts if each.number not in self.merged],
            deals=[each for each in self.deals if each.number not in self.merged],
            sent_forms=[each for each in self.sent_forms if each[1] not in left],
            members=[each for each in self.members if each[3]],
        )


class Life:
    """What happens, day by day; `days` has what was known after each."""

    def __init__(self, seed: int) -> None:
        self.rnd = Random(seed)
        self.contacts: dict[str, Contact] = {}
        self.deals: dict[str, Deal] = {}
        self.work: dict[str, Work] = {}
        self.owners = list(OWNERS)
        self.sent: dict[str, tuple] = {}
        self.members: dict[tuple[str, str], tuple[datetime, bool]] = {}
        self.other_addresses: dict[str, str] = {}
        self.late: list[Callable[[], None]] = []
        self.moved: list[str] = []
        """Deals whose contacts are others, which HubSpot does not call a change."""
        self.days: list[Known] = []
        for day in range(DAYS):
            self._live(day)
            self.days.append(self._known())

    def _known(self) -> Known:
        return Known(
            list(self.contacts.values()),
            list(self.deals.values()),
            list(self.work.values()),
            list(self.owners),
            list(self.sent.values()),
            [(*key, *value) for key, value in self.members.items()],
            dict(self.other_addresses),
        )

    def _live(self, day: int) -> None:
        for write in self.late:
            write()
        self.late.clear()
        for number in self.moved:
            self._change_deal(number, hour(day, 8), amount=f"{1000 + day}.50")
        self.moved.clear()
        for number in range(day * 9 + 1, day * 9 + 10):
            self._comes_in(str(number), day)
        for number in self.rnd.sample(self._there(), min(len(self._there()), 9)):
            self._moves_on(number, hour(day, self.rnd.randrange(10, 20)))
        for number in self.rnd.sample(sorted(self.deals), min(len(self.deals), 3)):
            self._moves_deal(number, hour(day, self.rnd.randrange(12, 21)))
        if day in (2, 5, 8):
            self._merge(f"{9000 + day}", hour(day, 21), day)
        if day in (4, 7):
            self._delete(hour(day, 22), day)
        if day == 6:
            self._merge_deals(hour(day, 22), day)
            owner, user, name, _, _ = self.owners[1]
            self.owners[1] = (owner, user, name, ("31", "Inside Sales"), True)
        if day:
            self._add_to_a_deal(day)
        self.late = [
            lambda who=who, when=when: self._moves_on(who, when)
            for who, when in (
                (str(day * 9 + 1), hour(day, 23)),
                (str(day * 9 + 2), hour(day, 22.5)),
            )
        ] + [lambda: self._sends(f"late{day}", str(day * 9 + 3), hour(day, 22.25))]

    def _there(self) -> list[str]:
        merged = {number for each in self.contacts.values() for number in each.merged}
        return [
            number
            for number, each in self.contacts.items()
            if not each.is_gone and number not in merged
        ]

    # Contacts.

    def _comes_in(self, number: str, day: int) -> None:
        # Full hours, so that many share their instant.
        when = hour(day, self.rnd.randrange(1, 9))
        came = when + timedelta(seconds=5)
        is_told = int(number) % 4
        self.contacts[number] = Contact(
            number,
            f"c{number}@customer{int(number) % 5}.example",
            ("名前", f"“{number}”, Ltd."),
            when,
            history=(Said(STAGE, "lead", came, source="FORM"),) if is_told else (),
            properties={
                "hs_analytics_source": self.rnd.choice(["PAID_SEARCH", "OFFLINE", ""]),
                **({} if is_told else {"hs_v2_date_entered_lead": iso(came)}),
            },
            changed=when,
        )
        if int(number) % 2:
            self._sends(f"s{number}", number, when)
        if int(number) % 3 == 0:
            self.members[LISTS[day % 2][0], number] = (when, True)

    def _sends(self, key: str, number: str, when: datetime) -> None:
        form = self.rnd.choice(FORMS)[0]
        self.sent[key] = (key, number, form, when)

    def _says(self, number: str, when: datetime, *said: Said) -> None:
        before = self.contacts[number]
        owners = [each.value for each in said if each.name == OWNER]
        self.contacts[number] = replace(
            before,
            history=(*before.history, *said),
            owner=owners[-1] if owners else before.owner,
            changed=max(before.changed, when),
        )

    def _moves_on(self, number: str, when: datetime) -> None:
        """A step, by what the contact is so far."""
        each = self.contacts[number]
        if each.is_gone:
            return
        rnd, now = self.rnd, {said.name: said.value for said in each.history}
        second = timedelta(seconds=1)
        if STATUS not in now and now.get(STAGE) != "marketingqualifiedlead":
            mql = Said(STAGE, "marketingqualifiedlead", when, source="WORKFLOWS")
            self._says(number, when, mql)
        elif STATUS not in now:
            owner = rnd.choice(["71", "72"])
            self._says(
                number,
                when,
                Said(OWNER, owner, when, "9003"),
                Said(STATUS, "NEW", when + second, "9003"),
            )
            self._works(number, owner, when + timedelta(minutes=40))
        elif now[STATUS] == "NEW" and rnd.random() < 0.7:
            self._says(number, when, Said(STAGE, "salesqualifiedlead", when, "9001"))
            self._says(number, when, Said(STATUS, "OPEN_DEAL", when + second, "9001"))
            self._opens_deal(number, when + timedelta(minutes=5))
        elif now[STATUS] == "NEW":
            status = rnd.choice(["UNQUALIFIED", "BAD_TIMING"])
            self._says(number, when, Said(STATUS, status, when, "9002"))
        else:
            self._says(number, when, Said(STATUS, "IN_PROGRESS", when, "9002"))

    def _merge(self, new: str, when: datetime, day: int) -> None:
        """Two contacts become one of a new number, which lists them. Of what a merge
        takes away nobody is told what happened since the last load."""
        there = [
            number
            for number in self._there()
            if int(number) % 2 and is_told(self.contacts[number], day)
        ]
        first, second = self.rnd.sample(there, 2)
        if "9005" in there:
            first = "9005"  # Who was merged before.
            second = next(number for number in there if number != first)
        one, other = self.contacts[first], self.contacts[second]
        now = {said.name: said.value for said in one.history}
        self.contacts[new] = replace(
            one,
            number=new,
            created=min(one.created, other.created),
            history=tuple(
                Said(name, value, when, source="MERGE_OBJECTS")
                for name, value in now.items()
            ),
            properties={
                **one.properties,
                # The dates of the first stage stay with the contact.
                "hs_v2_date_entered_lead": iso(one.created + timedelta(seconds=5)),
            },
            merged=(*one.merged, *other.merged, first, second),
            changed=when,
        )
        self.other_addresses[new] = ";".join(
            filter(
                None,
                [
                    other.email,
                    self.other_addresses.get(first),
                    self.other_addresses.get(second),
                ],
            )
        )
        for number in (first, second):
            gone = replace(self.contacts[number], is_gone=True, changed=when)
            self.contacts[number] = gone
            self._moves_to(number, new)

    def _moves_to(self, old: str, new: str) -> None:
        """What was an old contact's is the new one's."""

        def renamed(numbers: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(new if n == old else n for n in numbers))

        for number, deal in self.deals.items():
            if old in deal.contacts:
                self.deals[number] = replace(deal, contacts=renamed(deal.contacts))
                self.moved.append(number)
        for number, work in self.work.items():
            if old in work.contacts:
                changed = self.contacts[old].changed
                self.work[number] = replace(
                    work, contacts=renamed(work.contacts), changed=changed
                )
        for key, sent in self.sent.items():
            if sent[1] == old:
                self.sent[key] = (sent[0], new, *sent[2:])
        for (name, contact), (since, _) in list(self.members.items()):
            if contact == old:
                self.members[name, contact] = (since, False)
                self.members[name, new] = (since, True)

    def _delete(self, when: datetime, day: int) -> None:
        """A contact, a deal and a call; and one leaves a list."""
        number = next(n for n in self._there() if not self._has_sent(n))
        gone = replace(self.contacts[number], is_gone=True, changed=when)
        self.contacts[number] = gone
        for things in (self.deals, self.work):
            there = [n for n, each in things.items() if not each.is_gone]
            key = there[day % len(there)]
            things[key] = replace(things[key], is_gone=True, changed=when)
        key = [key for key, value in self.members.items() if value[1]][day]
        self.members[key] = (self.members[key][0], False)

    def _has_sent(self, number: str) -> bool:
        return any(number == sent[1] for sent in self.sent.values())

    # What sales does.

    def _works(self, number: str, owner: str, when: datetime) -> None:
        kind, status, direction = self.rnd.choice(
            [
                ("call", "COMPLETED", ""),
                ("call", "NO_ANSWER", ""),
                ("email", "SENT", "EMAIL"),
                ("email", "SENT", "INCOMING_EMAIL"),
                ("meeting", "COMPLETED", ""),
                ("task", "NOT_STARTED", ""),
            ]
        )
        key = str(800 + len(self.work))
        self.work[key] = Work(
            kind, key, (number,), when, owner, status, direction, changed=when
        )

    def _opens_deal(self, number: str, when: datetime) -> None:
        key = str(500 + len(self.deals))
        self.deals[key] = Deal(
            key, (number,), when, ((TALKS, when),), when + timedelta(days=30),
            f"{self.rnd.randrange(1, 90)}000", self.contacts[number].owner,
            changed=when,
        )  # fmt: skip

    def _change_deal(self, number: str, when: datetime, **others: object) -> None:
        deal = self.deals[number]
        if not deal.is_gone:
            changed = max(deal.changed, when)
            self.deals[number] = replace(deal, changed=changed, **others)

    def _moves_deal(self, number: str, when: datetime) -> None:
        deal = self.deals[number]
        if deal.stages[-1][0] == TALKS and when > deal.created:
            stage = self.rnd.choice([WON, DROPPED])
            self._change_deal(number, when, stages=(*deal.stages, (stage, when)))

    def _merge_deals(self, when: datetime, day: int) -> None:
        there = [n for n, each in self.deals.items() if not each.is_gone]
        old = next(number for number in there if is_told(self.deals[number], day))
        new = next(number for number in there if number != old)
        self.deals[old] = replace(self.deals[old], is_gone=True, changed=when)
        self._change_deal(new, when, merged=(old,))

    def _add_to_a_deal(self, day: int) -> None:
        """A contact more of a deal, or one less, while the deal stays as it is."""
        there = [n for n, each in self.deals.items() if not each.is_gone]
        if not there:
            return
        number = there[day % len(there)]
        deal = self.deals[number]
        more = (*deal.contacts, str(day * 9 + 4))
        fewer = deal.contacts[:1]
        self.deals[number] = replace(
            deal, contacts=fewer if len(deal.contacts) > 1 else more
        )
        self.moved.append(number)
