"""Brings the tables of people up to date, and what is made of them before the next
gate: everything anew, or in a slice for the people whom a change touches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from orchestration import warehouse
from orchestration.increment import decide, fold, slice, state
from orchestration.increment.batch import write_batch
from orchestration.increment.lineage import Kind, Lineage
from orchestration.project import Project
from orchestration.run import progress
from orchestration.transformation import dbt_runner
from orchestration.transformation.dbt_runner import NodeResult

WORTHWHILE = 0.25
"""The share of all records up to which a slice is built: from about there on to build
everything costs less (docs/tuning.md, "Runs after a change")."""


@dataclass
class Update:
    """One layer of the job, and what bringing it up to date came to."""

    project: Project
    lineage: Lineage
    members: Collection[str]
    """The layer's seeds, models and tests, by dbt's unique id."""
    check_slice: Callable[[Project], None]
    """Asks the checks of each person of a slice; raises where one fails."""
    results: list[NodeResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should still read when the run is over."""

    @property
    def failure(self) -> str | None:
        return dbt_runner.failure_sentence(self.results)

    def bring_up_to_date(self) -> None:
        """Where nobody decided what to do, or the input layer was not built since,
        the layer is built by hand: everything, as plain dbt would."""
        is_decided = state.reached(self.project) == state.INPUT_BUILT
        if not is_decided:
            state.begin_by_hand(self.project)
            self._build(self.project, self.members)
        elif not state.is_update(self.project):
            self._build_everything()
        else:
            self._build_what_changed()
        if not self.failure:
            state.advance(self.project, state.FACTS_BEGUN, state.FACTS_BUILT)

    def _build_everything(self) -> None:
        if self._build(self.project, self.members):
            with state.transaction(self.project) as connection:
                made_with = decide.made_with(connection, self.project)
                state.complete(connection, self.project, made_with)

    def _build_what_changed(self) -> None:
        affected = self.lineage.affected(state.owed(self.project))
        if not self._build(self.project, self._of_phase(affected, Kind.LOOKED_UP)):
            return
        reason = self._fold_batch()
        if reason:
            self.notes.append(f"Everything is built anew from here on: {reason}.")
            with state.transaction(self.project) as connection:
                state.build_anew(connection, self.project)
            self._build_everything()
        elif self.failure is None:
            owed = state.owed(self.project)
            affected = self.lineage.affected(owed)
            wanted = self._of_phase(affected, Kind.ANYWHERE, Kind.WHOLE)
            if owed is None:
                # Nobody knows whether the whole has passed these.
                wanted += self._tests_of_phase(Kind.PERSON)
            self._build(self.project, wanted)

    def _fold_batch(self) -> str | None:
        """Build the batch in a slice and fold it into the whole; or says why it is
        better to build everything."""
        connection = warehouse.connect(self.project)
        try:
            last = state.last_run(connection, self.project)
            now = decide.made_with(connection, self.project)
            if last is None:
                return "what the last run left is gone"
            if now.as_of < last.as_of or now.earliest_at != last.earliest_at:
                return "time begins or ends earlier than when the last run looked"
            records, among = write_batch(connection, self.project, last, now)
            if records > among * WORTHWHILE:
                return (
                    f"{records:,} of {among:,} records are touched, and to build "
                    "them apart would cost more"
                )
            if not records:
                fold.move_on(connection, self.project, self.lineage)
                return None
            progress.say(f"{records:,} of {among:,} records are touched")
            slice.cut(connection, self.project, self.lineage)
        finally:
            connection.close()
        if self._build_slice():
            connection = warehouse.connect(self.project)
            try:
                fold.fold(connection, self.project, self.lineage)
            finally:
                connection.close()
        slice.remove(self.project)
        return None

    def _build_slice(self) -> bool:
        part = slice.of_slice(self.project)
        wanted = [
            *self.lineage.of_kind(Kind.PERSON, Kind.ANYWHERE),
            *self._tests_of_phase(Kind.PERSON),
        ]
        if not self._build(part, wanted):
            return False
        self.check_slice(part)
        return True

    def _build(self, project: Project, wanted: Iterable[str]) -> bool:
        """Whether everything that was wanted is built and has passed."""
        wanted = list(wanted)
        if not wanted:
            return True
        found = dbt_runner.build_nodes(
            project, wanted, on_node=progress.counting(len(wanted))
        )
        self.results += found
        return dbt_runner.failure_sentence(found) is None

    def _of_phase(self, among: Collection[str], *kinds: Kind) -> list[str]:
        """The layer's nodes of these kinds, and their tests, that are among others."""
        found = self.lineage.of_kind(*kinds)
        for kind in kinds:
            found += self._tests_of_phase(kind)
        return [item for item in found if item in among and item in self.members]

    def _tests_of_phase(self, phase: Kind) -> list[str]:
        return [
            item
            for item in self.lineage.tests
            if item in self.members and self.lineage.phase_of_test(item) is phase
        ]
