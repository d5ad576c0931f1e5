"""When a run may build on the last one, and the reason it gives where not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.increment import state
from orchestration.increment.decide import Decision, made_with
from orchestration.increment.decide import decide as decided
from orchestration.project import Project, RunVars
from orchestration.publication import closings, publications
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.raw import load_all

LEADS = "lead_id,created_at\nL1,2026-04-01 00:00:00\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose last run is complete, made once."""
    folder = tmp_path_factory.mktemp("made") / "company"
    landing = folder / "landing"
    write(landing / "generic" / "lead" / "one.csv", LEADS)
    write(landing / "generic" / "user.csv", "user_id\nU1\n")
    project = Project.from_environment({}, landing=landing, out=folder / "out")
    load_all(project, datetime(2026, 5, 1))
    decide(project)
    with warehouse.connect(project) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_run__clock as select "
            "timestamp '2026-04-30' as as_of, timestamp '2026-04-01' as earliest_at"
        )
    complete(project)
    shutil.copytree(folder, folder.with_name("kept"))
    return project


@pytest.fixture
def done(made: Project) -> Project:
    """That project as it was made."""
    folder = made.out.parent
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("kept"), folder)
    return made


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def decide(project: Project) -> Decision:
    write_settings(project)
    write_definition(project)
    return decided(project)


def complete(project: Project) -> None:
    """As if the input layer and the tables of people had been built."""
    state.advance(project, state.DECIDED, state.RAW_CHECKED)
    state.advance(project, state.RAW_CHECKED, state.INPUT_BUILT)
    with state.transaction(project) as connection:
        state.complete(connection, project, made_with(connection, project))


def rows(project: Project, sql: str) -> list[tuple]:
    with duckdb.connect(str(project.warehouse)) as connection:
        return connection.execute(sql).fetchall()


def test_a_first_run_builds_everything(tmp_path: Path) -> None:
    project = Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )
    (tmp_path / "landing").mkdir()
    decision = decide(project)
    assert not decision.is_update
    assert "no complete run" in decision.sentence


def test_a_run_without_news_builds_nothing_anew(done: Project) -> None:
    load_all(done)
    decision = decide(done)
    assert (decision.is_update, decision.new_files, decision.gone_files) == (True, 0, 0)
    assert rows(done, "select is_incremental from settings.run") == [(True,)]


def test_new_changed_and_gone_files_are_told_apart(done: Project) -> None:
    folder = done.landing / "generic" / "lead"
    write(folder / "two.csv", LEADS.replace("L1", "L2"))
    write(folder / "one.csv", LEADS.replace("L1", "L3"))
    load_all(done, datetime(2026, 5, 2))
    decision = decide(done)
    assert (decision.is_update, decision.new_files, decision.gone_files) == (True, 2, 1)
    assert "2 new and 1 gone" in decision.sentence
    assert rows(done, "select file from settings.new_files order by 1") == [
        ("generic/lead/one.csv",),
        ("generic/lead/two.csv",),
    ]


def test_the_key_of_a_gone_file_is_the_one_that_its_rows_have(done: Project) -> None:
    [(of_rows,)] = rows(
        done,
        "select distinct cast(hash(_file, _file_sha256, cast(_loaded_at as timestamp))"
        " >> 1 as bigint) from raw_generic.lead",
    )
    (done.landing / "generic" / "lead" / "one.csv").unlink()
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    assert decide(done).is_update
    assert rows(done, "select file_key from settings.gone_files") == [(of_rows,)]


def change_users(project: Project) -> Project:
    write(project.landing / "generic" / "user.csv", "user_id\nU2\n")
    load_all(project, datetime(2026, 5, 2))
    return project


def change_columns(project: Project) -> Project:
    write(
        project.landing / "generic" / "lead" / "two.csv",
        "Lead_Id,created_at,owner_id\nL2,2026-04-01,U1\n",
    )
    load_all(project, datetime(2026, 5, 2))
    return project


def change_definition(suffix: str) -> Callable[[Project], Project]:
    def change(project: Project) -> Project:
        folder = project.out.parent / "definition"
        write(folder / f"shared_mailboxes.add{suffix}", "local_part\nteam\n")
        return replace(project, definition=folder)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_users, "looked up in generic.user"),
        (change_columns, "the columns of generic.lead changed"),
        (change_definition(".csv"), "changed (shared_mailboxes.add.csv)"),
        (change_definition(".CSV"), "changed (shared_mailboxes.add.CSV)"),
        (
            lambda project: replace(project, vars=RunVars(reporting_currency="EUR")),
            "vars changed (reporting_currency)",
        ),
        (
            lambda project: replace(project, vars=RunVars(as_of=datetime(2026, 4, 29))),
            "as_of lies before",
        ),
    ],
    ids=["users", "columns", "definition", "definition in capitals", "vars", "as_of"],
)
def test_everything_is_built_anew_and_the_reason_told(
    done: Project, change: Callable[[Project], Project], reason: str
) -> None:
    decision = decide(change(done))
    assert not decision.is_update
    assert reason in decision.sentence
    # Nothing may be built on what this run has not finished.
    assert "no complete run" in decide(done).sentence


def test_a_later_as_of_builds_on_the_last_run(done: Project) -> None:
    later = replace(done, vars=RunVars(as_of=datetime(2026, 5, 30)))
    assert decide(later).is_update


def test_what_a_killed_run_found_is_kept_until_one_is_complete(done: Project) -> None:
    decide(done)
    with warehouse.connect(done) as connection:
        connection.execute("insert into settings.touched_records values (7, 'x')")
    assert decide(done).is_update
    kept = "select * from settings.touched_records"
    assert rows(done, kept) == [(7, "x")]
    complete(done)
    assert rows(done, kept) == []


def test_whose_rows_are_others_is_kept_until_published(done: Project) -> None:
    publish(done)
    people = "settings.changed_people"
    rows(done, f"insert into {people} values ('p')")
    decide(done)
    complete(done)
    assert rows(done, f"from {people}") == [("p",)]
    state.published(done, "p2")
    assert rows(done, f"from {people}") == []


READ = "select file from settings.read_files order by file"


def test_a_load_that_comes_between_is_the_next_runs(done: Project) -> None:
    decide(done)
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    complete(done)
    assert [name for (name,) in rows(done, READ)] == [
        "generic/lead/one.csv",
        "generic/user.csv",
    ]
    decision = decide(done)
    assert (decision.new_files, decision.gone_files) == (1, 0)


STEPS = (
    (state.DECIDED, state.RAW_CHECKED),
    (state.RAW_CHECKED, state.INPUT_BUILT),
    # The tables of people are brought up to date (`complete`).
    (state.FACTS_BEGUN, state.FACTS_BUILT),
    (state.FACTS_BUILT, state.FACTS_CHECKED),
    (state.FACTS_CHECKED, state.SCORED),
    (state.SCORED, state.MARTS_BUILT),
    (state.MARTS_BUILT, state.MARTS_CHECKED),
)


def test_a_run_goes_from_step_to_step(done: Project) -> None:
    decide(done)
    assert state.reached(done) == state.DECIDED
    for before, after in STEPS:
        if before == state.FACTS_BEGUN:
            complete(done)
        assert state.reached(done) == before
        state.advance(done, before, after)
        assert state.reached(done) == after


def test_what_is_done_by_hand_and_out_of_turn_completes_nothing(done: Project) -> None:
    decide(done)
    for before, after in STEPS[1:]:
        state.advance(done, before, after)
        assert state.reached(done) == state.DECIDED
    # Nor where no run is on its way.
    state.end_without_news(done)
    for before, after in STEPS:
        state.advance(done, before, after)
        assert state.reached(done) is None


def test_another_engines_run_has_no_part_in_it(done: Project) -> None:
    decide(done)
    state.advance(replace(done, engine="spark"), *STEPS[0])
    assert state.reached(done) == state.DECIDED


# What a run before has built already.

STEPS_OF_A_RUN = (
    *STEPS[:2],
    (state.INPUT_BUILT, state.FACTS_BUILT),
    *STEPS[3:],
)


def come_to(project: Project, stage: str) -> None:
    """A run, which is decided, comes this far and is killed."""
    with warehouse.connect(project):
        for before, after in STEPS:
            if state.reached(project) == stage:
                return
            if before == state.FACTS_BEGUN:
                complete(project)
            state.advance(project, before, after)
    assert state.reached(project) == stage


def add_leads(project: Project) -> Project:
    write(project.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(project, datetime(2026, 5, 2))
    return project


@pytest.mark.parametrize(
    ("stage", "is_first"),
    [*((after, False) for _, after in STEPS), (state.FACTS_BUILT, True)],
)
def test_a_run_goes_on_from_where_one_was_killed(
    done: Project, stage: str, is_first: bool
) -> None:
    if is_first:
        state.forget(done)
    decide(add_leads(done))
    come_to(done, stage)
    decision = decide(done)
    assert decision.goes_on_from == stage
    assert decision.sentence.endswith(f"goes on from there ({stage}).")
    assert state.reached(done) == state.DECIDED
    came_to = state.IN_TURN.index(stage)
    with warehouse.connect(done):
        for before, after in STEPS_OF_A_RUN:
            stands = state.stands(done, before, after)
            assert stands == (state.IN_TURN.index(after) <= came_to), after
            state.advance(done, before, after)


def test_a_run_that_is_killed_once_more_takes_nothing_back(done: Project) -> None:
    decide(add_leads(done))
    come_to(done, state.SCORED)
    decide(done)
    state.advance(done, *STEPS_OF_A_RUN[0])
    assert decide(done).goes_on_from == state.SCORED


def test_what_was_only_decided_is_decided_again(done: Project) -> None:
    decide(add_leads(done))
    assert decide(done).goes_on_from is None


@pytest.mark.parametrize(
    "change",
    [
        lambda project: write_and_load(project, "three.csv", "L3"),
        lambda project: write_and_load(project, "two.csv", "L3"),
        lambda project: remove_and_load(project, "two.csv"),
        change_definition(".csv"),
        lambda project: replace(project, vars=RunVars(reporting_currency="EUR")),
        lambda project: replace(project, vars=RunVars(as_of=datetime(2026, 5, 30))),
        lambda project: close_a_period(project),
        lambda project: show(project, "p0"),
        lambda project: build_by_hand(project),
        lambda project: state.begin_by_hand(project),
        lambda project: state.forget(project),
        lambda project: state.published(project, "p2"),
    ],
    ids=[
        "new file",
        "changed file",
        "gone file",
        "definition",
        "vars",
        "as_of",
        "close",
        "another publication",
        "dbt by hand",
        "facts out of turn",
        "full refresh",
        "published",
    ],
)
def test_nothing_stands_where_anything_is_another(
    done: Project, change: Callable[[Project], Project | None]
) -> None:
    decide(add_leads(done))
    come_to(done, state.MARTS_BUILT)
    project = change(done) or done
    assert decide(project).goes_on_from is None
    assert not state.stands(project, *STEPS_OF_A_RUN[0])


def test_the_input_layer_of_other_files_does_not_stand(done: Project) -> None:
    decide(add_leads(done))
    come_to(done, state.INPUT_BUILT)
    assert decide(done).goes_on_from == state.INPUT_BUILT
    write_and_load(done, "three.csv", "L3")
    assert decide(done).goes_on_from is None
    assert not state.stands(done, *STEPS_OF_A_RUN[0])


@pytest.mark.parametrize("stage", [state.DECIDED, state.RAW_CHECKED])
def test_facts_by_hand_make_no_input_layer(done: Project, stage: str) -> None:
    """What they are built of is not the files that the run was decided for."""
    decide(add_leads(done))
    come_to(done, stage)
    state.begin_by_hand(done)
    assert state.reached(done) == stage
    assert state.owed(done) is None


def test_nothing_stands_for_a_step_out_of_turn(done: Project) -> None:
    decide(add_leads(done))
    come_to(done, state.MARTS_BUILT)
    decide(done)
    assert not state.stands(done, *STEPS_OF_A_RUN[2])
    assert not state.stands(done, *STEPS_OF_A_RUN[-2])
    # Nor where no run was begun since it was killed.
    state.published(done, "p2")
    for step in STEPS_OF_A_RUN:
        assert not state.stands(done, *step)


def write_and_load(project: Project, name: str, lead: str) -> None:
    write(project.landing / "generic" / "lead" / name, LEADS.replace("L1", lead))
    load_all(project, datetime(2026, 5, 3))


def remove_and_load(project: Project, name: str) -> None:
    (project.landing / "generic" / "lead" / name).unlink()
    load_all(project, datetime(2026, 5, 3))


def build_by_hand(project: Project) -> None:
    rows(
        project,
        "insert into settings.built_by_hand values ('model.lead_funnel.int_passes')",
    )


def test_after_a_model_was_built_by_hand_everything_is_built(done: Project) -> None:
    build_by_hand(done)
    decision = decide(done)
    assert not decision.is_update
    assert "dbt built int_passes by hand" in decision.sentence
    complete(done)
    assert decide(done).is_update


def test_a_full_refresh_can_be_asked_for(done: Project) -> None:
    state.forget(done)
    assert not decide(done).is_update
    assert state.owed(done) is None


# What need not be built at all.


def publish(project: Project) -> None:
    """As if the last run had come to its end."""
    show(project, "p1")
    state.published(project, "p1")


def show(project: Project, publication_id: str) -> None:
    """Let readers see a publication, which may be an earlier one."""
    folder = project.publications / publication_id
    folder.mkdir(parents=True)
    said = publications.Publication(publication_id, "", None, None, "", None, {}, {})
    (folder / "publication.json").write_text(json.dumps(asdict(said)))
    project.published.unlink(missing_ok=True)
    project.published.symlink_to(folder)


def test_after_a_publication_only_changed_sources_count(done: Project) -> None:
    publish(done)
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    decide(done)
    assert state.owed(done) == {"source.lead_funnel.raw_generic.lead"}


def test_without_news_no_source_has_changed(done: Project) -> None:
    publish(done)
    assert decide(done).sentence.startswith("Nothing changed since the last")
    assert state.owed(done) == frozenset()
    assert state.is_shown(done, "p1")
    # Who sees another publication sees none of what was owed since that one.
    assert state.owed_since(done, "another") is None
    assert not state.is_shown(done, "another")


def close_a_period(project: Project) -> None:
    close = closings.Close("FY26-P01", 1, "2026-05-01", "ann", "", None, "a", "b")
    folder = closings.folder_of(project, close.fiscal_period_id, 1)
    folder.mkdir(parents=True)
    (folder / "close.json").write_text(json.dumps(asdict(close)))
    for name in closings.TABLES:
        write_empty(folder / f"{name}.parquet", closings.TABLES[name])


def test_a_moved_as_of_and_a_close_are_changes(done: Project) -> None:
    publish(done)
    close_a_period(done)
    assert decide(done).sentence == (
        "Only what changed is built anew (the books that are closed)."
    )
    state.published(done, "p1")
    decision = decide(replace(done, vars=RunVars(as_of=datetime(2026, 5, 30))))
    assert "anew (the books that are closed, as_of)." in decision.sentence
    changed = state.owed(done)
    assert changed is not None
    assert "source.lead_funnel.settings.run" in changed
    assert "source.lead_funnel.closings.closes" in changed
    assert "source.lead_funnel.raw_generic.lead" not in changed


def write_empty(path: Path, columns: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table empty ({columns})")
        connection.execute(f"copy empty to '{path}' (format parquet)")


@pytest.mark.parametrize("how", ["never", "another", "removed"])
def test_where_nobody_knows_what_readers_see_all_is_owed(
    done: Project, how: str
) -> None:
    if how != "never":
        publish(done)
    if how == "another":
        state.published(done, "p0")
    if how == "removed":
        done.published.unlink()
    decision = decide(done)
    assert decision.is_update
    assert {
        "never": "The last run was not published",
        "another": "anew (what is published is not the last run's).",
        "removed": "anew (what is published is not the last run's).",
    }[how] in decision.sentence
    assert state.owed(done) is None


def test_what_a_killed_run_owed_is_owed_by_the_next(done: Project) -> None:
    publish(done)
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    decide(done)
    complete(done)
    decision = decide(done)
    assert decision.is_owed
    assert (decision.new_files, decision.gone_files) == (0, 0)
    assert state.owed(done) == {"source.lead_funnel.raw_generic.lead"}


def test_a_log_of_an_earlier_version_is_made_anew(done: Project) -> None:
    with warehouse.connect(done) as connection:
        connection.execute("alter table settings.last_run drop column closings")
    assert "no complete run" in decide(done).sentence
