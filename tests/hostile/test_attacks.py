"""Hundreds of hostile folders, definitions and settings, each by itself: whatever one
holds ends in a sentence or is read, soon, and nothing outside of OUT is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.project import ROOT, in_environment
from orchestration.sources.readers import Converter
from tests.end_to_end.command import in_process
from tests.hostile import (
    attacks_on_definition,
    attacks_on_files,
    attacks_on_landing,
    outlets,
)
from tests.hostile.attack import SECRET, Attack, Place
from tests.hostile.attempt import as_init, as_run, faults, state_of
from tests.sources.hostile import within

LANDING = {
    "links, and what is no file": attacks_on_landing.LINKS,
    "archives": attacks_on_landing.ARCHIVES,
    "bombs": attacks_on_landing.BOMBS,
    "workbooks": attacks_on_landing.WORKBOOKS,
    "CSV": attacks_on_files.CSV,
    "encodings": attacks_on_files.ENCODINGS,
    "JSON": attacks_on_files.JSON,
    "Parquet": attacks_on_files.PARQUET,
    "names": attacks_on_files.NAMES,
}
DEFINITION = {
    "files of a definition": attacks_on_definition.DEFINITION_FILES,
    "rows of a definition": attacks_on_definition.ROWS,
    "values of a definition": attacks_on_definition.VALUES,
    "texts of a definition": attacks_on_definition.TEXTS,
    "vars": attacks_on_definition.VARS,
    "settings of the environment": attacks_on_definition.SETTINGS,
}
CHANGES = "files that change while they are read"
EVERY = 12
"""Of each family one in so many is tried by each `make test`."""


def cases(families: dict[str, list[Attack]], *, few: bool) -> list:
    return [
        pytest.param(attack, id=f"{family}-{number}")
        for family, attacks in families.items()
        for number, attack in enumerate(attacks)
        if (number % EVERY == 0) == few
    ]


@pytest.fixture
def place(tmp_path, monkeypatch):
    made = Place(tmp_path / "around").prepare()
    monkeypatch.setenv("HOME", str(made.around / "home"))
    monkeypatch.chdir(made.around)
    return made


def attempt(attack: Attack, place: Place) -> None:
    attack.put(place)
    before = state_of(place.around)
    with in_environment(attack.environ):
        came = as_run(attack, place)
    assert not faults(attack, place, came, before), attack.title


def attempt_on_landing(attack: Attack, place: Place) -> None:
    attempt(attack, place)
    before = state_of(place.around)
    # What is wrong with a file is a trouble of that file there, and no error.
    looked = replace(attack, said=None, rows=None)
    assert not faults(looked, place, as_init(looked, place), before), attack.title


@pytest.mark.parametrize("attack", cases(LANDING, few=True))
def test_a_folder_of_exports(attack, place):
    attempt_on_landing(attack, place)


@pytest.mark.parametrize("attack", cases(DEFINITION, few=True))
def test_a_definition(attack, place):
    attempt(attack, place)


@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", cases(LANDING, few=False))
def test_every_folder_of_exports(attack, place):
    attempt_on_landing(attack, place)


@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", cases(DEFINITION, few=False))
def test_every_definition(attack, place):
    attempt(attack, place)


@pytest.mark.parametrize("title", attacks_on_files.CHANGES)
def test_a_file_that_changes_while_it_is_read(title, place, monkeypatch):
    change, said = attacks_on_files.CHANGES[title]
    path = attacks_on_files.settled(place)
    convert = Converter.convert

    def meanwhile(self, file, target):
        if file.path == path:
            change(path)
        return convert(self, file, target)

    monkeypatch.setattr(Converter, "convert", meanwhile)
    attack = Attack(title, lambda at: None, said, "touch.csv")
    came = as_run(attack, place)
    # What it was changed into is written by the test itself; and a digest of it is
    # taken before it is known to be another one.
    found = faults(attack, place, came, state_of(place.around))
    assert not [each for each in found if not each.startswith("it opened")]


@pytest.mark.exhaustive
def test_init_of_a_folder_of_all_of_them(place):
    """One folder with a file of each attack, most of them under names of their own."""
    count = 0
    for attacks in LANDING.values():
        for number, attack in enumerate(attacks):
            if "too long" in (attack.said or "") or attack in attacks_on_landing.BOMBS:
                continue
            alone = Place(place.around / "made" / f"{count}").prepare()
            attack.put(alone)
            below = place.landing / f"{number} {count}"
            (alone.landing / "generic" / "lead.csv").unlink(missing_ok=True)
            alone.landing.rename(below)
            count += 1
    before = state_of(place.around)
    with within(300):
        done = in_process(
            *("init", str(place.landing), "--definition", str(place.definition)),
            *("--yes", "--no-run"),
            out=place.out,
            vars_json='{"max_unpacked_mb": 8}',
        )
    said = done.stdout + done.stderr
    assert count > 150
    assert not outlets.steering(said)
    assert SECRET not in said
    assert "Traceback" not in said
    own = (str(place.definition), str(place.out))
    after = state_of(place.around)
    changed = {
        path
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) and not path.startswith(own)
    }
    assert not changed
    for path in place.definition.rglob("*"):
        assert SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "name", ["proposals.md", "_proposed.csv", "vars.yml", "columns.add.csv"]
)
@pytest.mark.parametrize("target", ["secret.csv", "nothing yet"])
def test_init_writes_through_no_link(place, name, target):
    """A definition that somebody else filled with links to what they want written."""
    (place.definition / name).symlink_to(place.outside / target)
    exports = place.landing / "generic" / "lead.csv"
    exports.write_text("Lead No,Created On,Status\n1,2026-01-13 10:00,new\n")
    before = state_of(place.outside)
    done = in_process(
        *("init", str(place.landing), "--definition", str(place.definition)),
        *("--yes", "--no-run"),
        out=place.out,
    )
    assert state_of(place.outside) == before
    assert SECRET not in done.stdout + done.stderr
    assert (place.definition / name).is_symlink()
    assert done.returncode == 1
    assert f"{name} of DEFINITION cannot be read: it is a link" in done.stderr


def test_the_docs_say_how_many_were_tried():
    families = LANDING | DEFINITION | {CHANGES: attacks_on_files.CHANGES}
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| ([^|]+) \| (\d+) \|", text, re.MULTILINE))
    assert {name: said.get(name) for name in families} == {
        name: str(len(attacks)) for name, attacks in families.items()
    }
    total = sum(map(len, families.values()))
    assert total >= 200
    assert f"{total} hostile inputs" in text


def test_an_attempt_that_goes_wrong_is_noticed(place):
    """The driver's own control: a link that is followed, and text that escapes."""
    attack = Attack("none", lambda at: None, None)
    before = state_of(place.around)
    came = as_run(attack, place)
    assert not faults(attack, place, came, before)
    came.said = f"\x1b[2J{SECRET}"
    came.opened.add(str(place.outside / "secret.csv"))
    Path(place.outside, "new").write_text("x")
    Path(place.out, "copy").write_text(SECRET)
    assert len(faults(attack, place, came, before)) == 5
