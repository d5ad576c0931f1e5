"""The parsed dbt project is kept between processes and read back unchanged."""

import os
import shutil
from dataclasses import replace

import pytest

from orchestration.defs import transform
from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner, parsed_project


@pytest.fixture(scope="module")
def parsed_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parsed")
    project = Project.from_environment({}, landing=folder / "in", out=folder / "o")
    # What an earlier test of this process parsed is not kept in this folder.
    with pytest.MonkeyPatch.context() as patched:
        forget(patched)
        return project, dbt_runner.manifest_json(project)


@pytest.fixture
def project(parsed_once, monkeypatch):
    forget(monkeypatch)
    return parsed_once[0]


def forget(monkeypatch):
    """As in another process, which shares nothing with other OUTs."""
    monkeypatch.delenv(parsed_project.FOLDER, raising=False)
    monkeypatch.setattr(dbt_runner, "_parsed", {})
    monkeypatch.setattr(dbt_runner, "_parsed_json", {})


def test_an_unchanged_project_is_not_parsed_again(project, parsed_once, monkeypatch):
    first = parsed_once[1]
    with monkeypatch.context() as patched:
        patched.setattr(
            dbt_runner, "_invoke", lambda *_, **__: pytest.fail("dbt was asked")
        )
        assert dbt_runner.manifest_json(project) == first
    # What is built comes from the same parsed project, which dbt reads back.
    monkeypatch.setattr(
        dbt_runner, "_parse", lambda *_: pytest.fail("it was parsed again")
    )
    assert set(dbt_runner.manifest(project).nodes) == set(first["nodes"])


class Parsing(Exception):
    """The project is being parsed."""


def test_a_changed_project_is_parsed(project, monkeypatch):
    def parse(*_, **__):
        raise Parsing

    monkeypatch.setattr(dbt_runner, "fingerprint", lambda _: "another")
    monkeypatch.setattr(dbt_runner, "_invoke", parse)
    with pytest.raises(Parsing):
        dbt_runner.manifest_json(project)


@pytest.mark.parametrize("name", [parsed_project.MANIFEST, parsed_project.STATE])
def test_what_is_broken_or_gone_is_parsed_over(project, parsed_once, name):
    first = parsed_once[1]
    kept = parsed_project.kept_path(project, dbt_runner.fingerprint(project))
    if name == parsed_project.MANIFEST:
        (kept / name).write_bytes((kept / name).read_bytes()[:1000])
    else:
        (kept / name).unlink()
    found = dbt_runner.manifest_json(project)
    assert set(found["nodes"]) == set(first["nodes"])
    assert (kept / name).stat().st_size > 1000


@pytest.mark.exhaustive
def test_a_state_that_dbt_cannot_read_is_parsed_over(project, parsed_once):
    """dbt takes it for an empty project, and would build nothing."""
    kept = parsed_project.kept_path(project, dbt_runner.fingerprint(project))
    state = kept / parsed_project.STATE
    state.write_bytes(state.read_bytes()[:1000])
    assert set(dbt_runner.manifest(project).nodes) == set(parsed_once[1]["nodes"])
    assert state.stat().st_size > 1000


def test_outs_can_share_a_folder(project, parsed_once, tmp_path, monkeypatch):
    mine = parsed_project.kept_path(project, "key")
    other = replace(project, out=tmp_path / "another")
    assert parsed_project.kept_path(other, "key") != mine
    monkeypatch.setenv(parsed_project.FOLDER, str(tmp_path / "shared"))
    shared = parsed_project.kept_path(project, "key")
    assert parsed_project.kept_path(other, "key") == shared
    # Another copy of the project has seeds of its own.
    copied = replace(project, root=tmp_path / "copy")
    assert parsed_project.kept_path(copied, "key") != shared


def test_seeds_are_read_where_the_project_lies_now(tmp_path, monkeypatch):
    """An OUT may have been built by a copy of the project that is gone since."""
    out, gone, here = tmp_path / "out", tmp_path / "gone", tmp_path / "here"
    (gone / "seeds").mkdir(parents=True)
    (gone / "seeds" / "stages.csv").write_text("stage\nmql\n")
    (gone / "macros").mkdir()
    for name in ("dbt_project.yml", "profiles.yml", "macros/built_by_hand.sql"):
        shutil.copy(ROOT / name, gone / name)
    assert seeds_of(gone, out, monkeypatch) == {str(gone)}
    gone.rename(here)
    assert seeds_of(here, out, monkeypatch) == {str(here)}


def seeds_of(root, out, monkeypatch):
    """Where the seeds lie, to what is built and to tools."""
    forget(monkeypatch)
    project = Project.from_environment({}, landing=root, out=out)
    project = replace(project, root=root)
    told = dbt_runner.manifest_json(project)["nodes"].values()
    built = dbt_runner.manifest(project).nodes.values()
    seeds = [node["root_path"] for node in told if node["resource_type"] == "seed"]
    return {*seeds, *(node.root_path for node in built if node.resource_type == "seed")}


def test_the_last_ones_that_were_used_are_kept(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / parsed_project.MANIFEST).write_text("{}")
    (target / parsed_project.STATE).write_bytes(b"")
    paths = [tmp_path / f"parsed-{number}" for number in range(parsed_project.KEPT + 1)]
    for age, path in enumerate(paths):
        parsed_project.keep(target, path)
        os.utime(path, (1000 + age, 1000 + age))
    assert [path for path in paths if not path.exists()] == paths[:1]
    # What is read counts as used.
    assert parsed_project.manifest_json(paths[1]) == {}
    parsed_project.keep(target, tmp_path / "parsed-new")
    assert [path for path in paths if not path.exists()] == [paths[0], paths[2]]
    assert not list(tmp_path.glob(".parsed-*"))


def test_named_nodes_are_selected_by_one_tag(project, monkeypatch):
    layer = transform.LAYERS[-1]
    manifest = dbt_runner.manifest_json(project)
    wanted = [
        *transform.nodes_of(manifest, layer),
        *transform.tests_of(manifest, layer),
    ]
    selected = []
    monkeypatch.setattr(
        dbt_runner, "build", lambda _, names, **__: selected.append(names)
    )
    # One parsed project serves all invocations of a process.
    for chosen in ([next(iter(manifest["nodes"]))], wanted, wanted):
        dbt_runner.build_nodes(project, chosen)
    assert len({str(names) for names in selected}) == 1
    tag = selected[0][0].removeprefix("tag:")
    nodes = dbt_runner.manifest(project).nodes
    tagged = [unique_id for unique_id, node in nodes.items() if tag in node.tags]
    assert sorted(tagged) == sorted(wanted)
    assert all(nodes[item].tags.count(tag) == 1 for item in wanted)


def test_models_compile_from_what_was_kept(project):
    dbt_runner.manifest_json(project)
    outcome = dbt_runner._invoke(
        project,
        ["compile", "--select", "mart_funnel_period"],
        dbt_runner.manifest(project),
    )
    assert outcome.success, [result.message for result in outcome.result.results]
