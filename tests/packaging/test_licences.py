"""Every package's licence is known, and nobody need ask for leave."""

import pytest

from orchestration.project import ROOT
from tests.packaging import licences


def test_the_page_lists_every_package_with_its_licence():
    assert licences.PAGE.read_text("utf-8") == licences.page(), (
        "after make lock: .venv/bin/python -m tests.packaging.licences"
    )


def test_every_lock_is_in_it():
    assert (licences.LOCKS | licences.ELSEWHERE).keys() >= {
        path.name for path in ROOT.glob("requirements*.lock")
    } - {"requirements-uv.lock"}
    listed = {package for package, *_ in licences.rows()}
    for lock in licences.LOCKS | licences.ELSEWHERE:
        assert licences.locked(lock) <= listed
    assert len(listed) > 200


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "MIT AND SSPL-1.0", "Proprietary", ""]
)
def test_a_licence_that_nobody_has_looked_at_is_an_error(licence):
    with pytest.raises(SystemExit, match="LOOKED_AT"):
        licences.note_of("some-package", licence)


@pytest.mark.parametrize(
    ("licence", "asks"),
    [("MIT", False), ("(Apache-2.0 OR MIT)", False), ("MPL-2.0 AND MIT", True)],
)
def test_a_licence_that_asks_for_something_has_a_note(licence, asks):
    assert bool(licences.note_of("some-package", licence)) == asks
