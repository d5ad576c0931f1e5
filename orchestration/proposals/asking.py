"""Asking about what is not sure; where nobody answers, what is proposed stands."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.project import RunVars
from orchestration.proposals import tables
from orchestration.proposals.proposal import (
    ANSWERED,
    SURE,
    VARS,
    Found,
    Proposal,
    shown,
)
from orchestration.screen import echo

NO = ("-", "no", "n")
"""Answers that leave a proposal out."""


class Asker:
    """Settles proposals: the sure ones as they are, the others with a person, if one
    is there."""

    def __init__(self, found: Found, *, takes_all: bool) -> None:
        self.found = found
        self.takes_all = takes_all
        self.has_explained = False

    def settle(self, proposals: Iterable[Proposal]) -> list[Proposal]:
        """The proposals with the answers to those that are not sure."""
        settled = []
        for proposal in proposals:
            answer = proposal
            if not proposal.is_sure:
                answer = self._asked(proposal)
            if answer is not None and answer.means:
                settled.append(answer)
        self.found.settled += settled
        return settled

    def _asked(self, proposal: Proposal) -> Proposal | None:
        answer = None if self.takes_all else self._answer_to(proposal)
        if answer is None:
            if proposal.means:
                self.found.not_sure.append(proposal)
            return proposal
        if answer in NO:
            return None
        if not proposal.answer or answer == proposal.means:
            return replace(proposal, reason=ANSWERED, confidence=SURE)
        if proposal.seed == "files":
            return tables.answered(proposal, answer)
        return proposal.answered(answer)

    def _answer_to(self, proposal: Proposal) -> str | None:
        """What a person says; none where nobody does."""
        if not self.has_explained:
            echo(
                "\nWhat is not sure is asked: return takes what stands in brackets, "
                "- leaves it out."
            )
            self.has_explained = True
        default = proposal.means or NO[0]
        echo(f"\n{_capital(proposal.about)}: {proposal.reason}.")
        while True:
            echo(f"  {_wanted(proposal)} [{default}] ", nl=False)
            line = sys.stdin.readline()
            if not line:
                # Nobody answers any more: the others are as with --yes.
                self.takes_all = True
                echo()
                return None
            given = line.strip() or default
            wrong = _wrong(proposal, given)
            if wrong is None:
                return given
            echo(f"  {wrong}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wanted(proposal: Proposal) -> str:
    if not proposal.answer:
        return "Take it (or - for no)?"
    if proposal.choices:
        return f"{proposal.answer}: {listed(proposal.choices, limit=30)}"
    return proposal.answer


def _wrong(proposal: Proposal, given: str) -> str | None:
    if given in NO or given == proposal.means:
        return None
    if not proposal.answer:
        return "Press return to take it, or - to leave it out."
    if proposal.seed == VARS:
        return _wrong_var(proposal, given)
    if proposal.choices and given not in proposal.choices:
        return (
            f"{shown(given)!r} is none of these{meant(given, proposal.choices)}: "
            f"{listed(proposal.choices, limit=30)}."
        )
    return None


def _wrong_var(proposal: Proposal, given: str) -> str | None:
    [row] = proposal.rows
    value = {row["system"]: given} if row["system"] else given
    try:
        RunVars.parse({row["name"]: value})
    except LeadFunnelError as error:
        return str(error)
    return None
