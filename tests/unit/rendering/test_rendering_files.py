"""Files with credentials: whole, private, and never in place of somebody else's."""

import os
import stat
from pathlib import Path

import pytest
from secure_redis.rendering.errors import RenderingError
from secure_redis.rendering.files import HEADING, File, write

OURS = f"{HEADING} env: cache a of stack b\nREDIS_PASSWORD=secret\n"


def document(content: str = OURS) -> File:
    return File(".env", content, secret=True)


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    directory = tmp_path / "new" / "redis"
    before = os.umask(umask)
    try:
        paths = write(directory, [File("ca.pem", "PEM", secret=False), document()])
    finally:
        os.umask(before)
    assert paths == [directory / "ca.pem", directory / ".env"]
    assert mode(directory) == 0o700
    assert mode(directory / ".env") == 0o600
    assert mode(directory / "ca.pem") == 0o644
    assert (directory / ".env").read_text() == OURS
    assert (directory / ".gitignore").read_text() == "*\n"
    assert names_in(directory) == [".env", ".gitignore", "ca.pem"]


def test_an_existing_directory_gets_nothing_but_the_files(tmp_path: Path) -> None:
    before = mode(tmp_path)
    write(tmp_path, [document()])
    assert names_in(tmp_path) == [".env"]
    assert mode(tmp_path) == before


def test_a_second_run_replaces_content_and_loose_permissions(tmp_path: Path) -> None:
    write(tmp_path, [File("client.key", "-----OLD", secret=True), document()])
    (tmp_path / ".env").chmod(0o666)
    write(tmp_path, [File("client.key", "-----NEW", secret=True), document(OURS + "X=1\n")])
    assert mode(tmp_path / ".env") == 0o600
    assert (tmp_path / ".env").read_text().endswith("X=1\n")
    assert (tmp_path / "client.key").read_text() == "-----NEW"


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    outside.chmod(0o644)
    directory = tmp_path / "redis"
    directory.mkdir()
    (directory / ".env").symlink_to(outside)
    (directory / "ca.pem").symlink_to(tmp_path / "nowhere")
    write(directory, [File("ca.pem", "PEM", secret=False), document()])
    assert outside.read_text() == "untouched"
    assert mode(outside) == 0o644
    assert not (tmp_path / "nowhere").exists()
    assert not (directory / ".env").is_symlink()
    assert (directory / ".env").read_text() == OURS


def test_a_directory_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(RenderingError, match="symbolic link"):
        write(tmp_path / "link", [document()])
    assert not names_in(tmp_path / "real")


@pytest.mark.parametrize("name", [".env", "connection.json", "secret.yaml", "compose.yaml"])
def test_a_document_of_somebody_else_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("OWN=1\n")
    with pytest.raises(RenderingError, match="not written by secure-redis"):
        write(tmp_path, [File("ca.pem", "PEM", secret=False), File(name, OURS, secret=True)])
    assert (tmp_path / name).read_text() == "OWN=1\n"
    assert names_in(tmp_path) == [name]


def test_a_key_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "client.key").write_text("-----BEGIN THEIRS")
    files = [File("client.key", "-----BEGIN OURS", secret=True), document()]
    with pytest.raises(RenderingError, match=r"client\.key exists"):
        write(tmp_path, files)
    assert (tmp_path / "client.key").read_text() == "-----BEGIN THEIRS"
    assert names_in(tmp_path) == ["client.key"]


def test_a_failure_leaves_the_old_file_and_no_remains(tmp_path: Path) -> None:
    write(tmp_path, [document()])
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path, [document(OURS + "\udcff")])
    assert (tmp_path / ".env").read_text() == OURS
    assert names_in(tmp_path) == [".env"]


def test_a_directory_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(tmp_path, [document()])
    assert names_in(tmp_path) == [".env"]


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(RenderingError, match="not written by secure-redis"):
        write(tmp_path, [document()])


def test_content_is_in_no_representation() -> None:
    assert "REDIS_PASSWORD" not in repr(document())
