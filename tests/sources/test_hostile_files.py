"""A landing folder is not trusted: whatever lies in it ends in a sentence or is read,
soon, and nothing outside of it is."""

import gzip
import os
import shutil

import pytest

from orchestration.definition.check import checked
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.proposals.parts import find_parts
from orchestration.sources import raw
from orchestration.sources.landing import read_landing
from orchestration.sources.raw import load_all, load_system
from orchestration.sources.readers import Converter
from orchestration.sources.rules import MEGABYTE, ReadingRules
from tests.sources import hostile

LEADS = "lead_id,created_at\n1,2026-01-01\n"
MOST = 8 * MEGABYTE
CASES = [
    pytest.param(name, *case, id=f"{group}-{number}")
    for group, cases in hostile.GROUPS.items()
    for number, (name, case) in enumerate(cases.items())
]


@pytest.fixture
def landing(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(
        f"lead_id,touched_at,channel\n{hostile.SECRET},2026-01-01,x\n"
    )
    folder = tmp_path / "landing"
    (folder / "generic").mkdir(parents=True)
    (folder / "generic" / "lead.csv").write_text(LEADS)
    return folder


@pytest.fixture
def project(tmp_path, landing):
    return Project.from_environment({}, landing=landing, out=tmp_path / "out")


def put(landing, name, write):
    path = landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    return path


def converted(landing, out, most=MOST):
    """What a run does with each file, without a warehouse: the rows by name, and what
    is told of files that are not read."""
    rules = ReadingRules(most_unpacked=most)
    found = read_landing(landing, most_unpacked=most)
    rows = {}
    with Converter(out / "scratch", rules) as converter:
        for number, file in enumerate(found.files):
            read = converter.convert(file, out / "raw" / f"{number}.parquet")
            rows[file.name] = read.rows
    return rows, found


def load(landing, out):
    """The same in a run, with the warehouse."""
    return load_all(Project.from_environment({}, landing=landing, out=out))


def everything_in(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "write", "sentence"), CASES)
def test_each_ends_in_a_sentence_or_is_read(landing, tmp_path, name, write, sentence):
    put(landing, name, write)
    out = tmp_path / "out"
    with hostile.within(hostile.SECONDS):
        if sentence is None:
            rows, _ = converted(landing, out)
            assert rows["generic/lead.csv"] == 1
            is_of_table = name.startswith("touch/") and write not in (
                hostile.folder,
                hostile.pipe,
            )
            if is_of_table and not name.endswith("nested.zip"):
                assert sum(rows.values()) == 2, rows
        else:
            reading = load if "too long" in sentence else converted
            with pytest.raises(LeadFunnelError, match=sentence) as raised:
                reading(landing, out)
            last = name.split("/")[-1].encode(errors="replace")
            assert last in str(raised.value).encode(errors="replace")
            assert len(str(raised.value)) < 1_000
    if out.exists():
        assert hostile.SECRET.encode() not in everything_in(out)
        assert not [path for path in (out / "scratch").rglob("*") if path.is_file()]
    assert [*(tmp_path / "outside").iterdir()] == [tmp_path / "outside" / "secret.csv"]


@pytest.mark.parametrize("extension", hostile.EXTENSIONS.split())
def test_any_content_under_any_extension(landing, tmp_path, extension):
    for what, content in hostile.ANY_CONTENT.items():
        name = f"touch/{what}.{extension}"
        path = put(landing, name, hostile.bytes_of(content))
        with hostile.within(hostile.SECONDS):
            try:
                converted(landing, tmp_path / "out")
            except LeadFunnelError as error:
                assert f"generic/{name}" in str(error), (what, str(error))
        path.unlink()


@pytest.mark.parametrize("name", ["touch.csv", "touch.csv.gz"])
@pytest.mark.parametrize(("megabytes", "is_read"), [(40, True), (200, False)])
def test_a_last_line_of_many_megabytes(landing, tmp_path, name, megabytes, is_read):
    """By itself DuckDB leaves out a last row that is longer than its buffer, without a
    word."""
    path = landing / "generic" / name
    long = hostile.TOUCHES + "1,2026-01-01," + "x" * (megabytes << 20) + "\n"
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(long.encode(), compresslevel=1))
    else:
        path.write_text(long)
    with hostile.within(hostile.SECONDS):
        if is_read:
            rows, _ = converted(landing, tmp_path / "out", most=512 * MEGABYTE)
            assert rows[f"generic/{name}"] == 2
        else:
            with pytest.raises(LeadFunnelError, match=r"line 3 is longer than 64 MB"):
                converted(landing, tmp_path / "out", most=512 * MEGABYTE)
    path.unlink()


def test_a_workbook_within_the_limit_is_read(landing, tmp_path):
    """The bombs' own control: the same workbook without the far cell."""
    put(landing, "touch.xlsx", hostile.bytes_of(hostile.workbook(hostile.SHEET)))
    rows, _ = converted(landing, tmp_path / "out")
    assert rows["generic/touch.xlsx/touch"] == 1


@pytest.mark.parametrize("change", ["grow", "replace", "touch"])
def test_a_file_that_changes_while_it_is_read(project, landing, monkeypatch, change):
    path = put(landing, "touch.csv", hostile.bytes_of(hostile.TOUCHES))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    load_all(project)
    path.write_text(hostile.TOUCHES + "1,2026-01-02,mail\n")
    convert = Converter.convert

    def meanwhile(self, file, target):
        if file.path == path:
            if change == "grow":
                with path.open("a") as stream:
                    stream.write("1,2026-01-03,ad\n")
            elif change == "replace":
                path.with_suffix(".new").write_text(hostile.TOUCHES)
                path.with_suffix(".new").replace(path)
            else:
                os.utime(path)
        return convert(self, file, target)

    with monkeypatch.context() as patched:
        patched.setattr(Converter, "convert", meanwhile)
        with pytest.raises(LeadFunnelError, match="touch.csv changed while it was"):
            load_system(project, "generic")
    # What was loaded before still is; the next load takes what is there now.
    with raw.warehouse.connect(project, read_only=True) as connection:
        count = "select count(*) from raw_generic.touch"
        assert connection.execute(count).fetchall() == [(1,)]
    load_system(project, "generic")
    with raw.warehouse.connect(project, read_only=True) as connection:
        assert (
            connection.execute(count).fetchone()[0]
            == {
                "grow": 3,
                "replace": 1,
                "touch": 2,
            }[change]
        )


def test_room_is_left_on_the_disk(landing, tmp_path, monkeypatch):
    zipped = hostile.zip_of({"touch.csv": hostile.TOUCHES + "1,2026-01-01,\n" * 99_999})
    put(landing, "touch.zip", zipped)
    used = shutil.disk_usage(tmp_path)
    little = used._replace(free=(256 << 20) + 1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: little)
    with pytest.raises(LeadFunnelError, match="no room to unpack it"):
        converted(landing, tmp_path / "out")
    (landing / "generic" / "touch.zip").unlink()
    full = used._replace(free=256 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    put(landing, "touch.xlsx", hostile.bytes_of(hostile.workbook(hostile.SHEET)))
    with pytest.raises(LeadFunnelError, match="no room to unpack it"):
        converted(landing, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "write", "sentence"),
    [
        pytest.param(name.strip(), *case, id=f"definition-{number}")
        for number, (name, case) in enumerate(hostile.DEFINITIONS.items())
    ],
)
def test_each_definition_ends_in_a_sentence(landing, tmp_path, name, write, sentence):
    definition = tmp_path / "definition"
    definition.mkdir()
    write(definition / name)
    out = tmp_path / "out"
    with (
        hostile.within(hostile.SECONDS),
        pytest.raises(LeadFunnelError, match=sentence) as raised,
    ):
        project = Project.from_environment(
            {}, landing=landing, out=out, definition=definition
        )
        # As a run does.
        checked(project)
        load_all(project)
    assert len(str(raised.value)) < 1_000
    assert hostile.SECRET not in str(raised.value)


@pytest.mark.parametrize("vars", ['{"a": ' + "[" * 100_000, "[" * 100_000])
def test_vars_that_are_nested_deep_are_a_sentence(landing, tmp_path, vars):
    with pytest.raises(LeadFunnelError, match="VARS is n"):
        Project.from_environment({}, landing=landing, out=tmp_path, vars=vars)


@pytest.mark.exhaustive
def test_a_thousand_small_files_load_in_a_minute(project, landing):
    for number in range(1_000):
        put(landing, f"touch/{number}.csv", hostile.bytes_of(hostile.TOUCHES))
    with hostile.within(60):
        loaded = load_all(project)
    assert loaded["generic", "touch"].rows == 1_000
    with hostile.within(hostile.SECONDS):
        assert load_all(project)["generic", "touch"].new_files == 0


def test_init_opens_none_of_them(landing):
    """It looks at every file, whatever it is called."""
    for name, (write, sentence) in hostile.NO_FILES.items():
        if sentence and name.startswith("touch/") and "." in name:
            put(landing, name, write)
    put(landing, "pipe of a name nobody knows.csv", hostile.pipe)
    with hostile.within(hostile.SECONDS):
        parts, _ = find_parts(landing, [])
    troubles = {part.name: part.trouble for part in parts}
    assert not troubles.pop("generic/lead.csv")
    assert len(troubles) > 12
    assert all(said.startswith("it is not opened: ") for said in troubles.values())
