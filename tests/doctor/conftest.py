"""The gallery of servers, and what the doctor says of it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor.gallery.cases import Case
from doctor.gallery.hall import Gallery, resolving
from doctor.gallery.reports import Reports


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    """All servers of the gallery, on addresses of this process alone.

    For one file: until the end of a session they would take time from all that runs after them.
    """
    # Not pytest's folder: paths of Unix sockets are short, and keys are not kept.
    with (
        tempfile.TemporaryDirectory(prefix="gallery-") as folder,
        Gallery(Path(folder)) as opened,
        resolving(opened.names),
    ):
        yield opened


@pytest.fixture(scope="module")
def reports(
    request: pytest.FixtureRequest, gallery: Gallery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reports]:
    """Reports on all cases that the tests of a file ask for."""
    # A worker of a parallel run knows all tests, and runs those of some files.
    here = [item for item in request.session.items if item.path == request.path]
    params = (getattr(item, "callspec", None) for item in here)
    asked = [
        (param.params["case"], param.params.get("options") or param.params["case"].options)
        for param in params
        if param and isinstance(param.params.get("case"), Case)
    ]
    opened = Reports(gallery, tmp_path_factory.mktemp("given"), asked)
    yield opened
    opened.close()
