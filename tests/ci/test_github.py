"""Comments and issues, on a fake GitHub: one a stack, edited, and nobody else's touched."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ci.fake_github import REPOSITORY, TOKEN, FakeGitHub, running
from ci.samples import outcome, replaced
from secure_redis.ci import comment, github
from secure_redis.ci.github import Api, GitHubError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "components" / "secure_redis" / "ci" / "github.py"


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with running() as state:
        yield state


def api(server: FakeGitHub, waits: list[float] | None = None) -> Api:
    return Api(server.url, REPOSITORY, TOKEN, ([] if waits is None else waits).append)


def preview(stack: str, project: str = "shop") -> str:
    return comment.render(comment.Subject(project, stack), outcome([replaced()]))


def drift(stack: str, *, drifted: bool) -> str:
    subject = comment.Subject("shop", stack, task=comment.Task.DRIFT)
    return comment.render(subject, outcome([replaced()] if drifted else []))


def by_marker(*texts: str) -> dict[str, str]:
    return {text.partition("\n")[0]: text for text in texts}


def bodies(server: FakeGitHub, number: int = 7) -> list[str]:
    return [one["body"] for one in server.comments.get(number, [])]


def test_one_comment_a_stack_that_is_edited(server: FakeGitHub) -> None:
    first = by_marker(preview("dev"), preview("prod"))
    assert len(github.put_comments(api(server), 7, first)) == 2
    assert bodies(server) == list(first.values())
    changed = {marker: f"{text}\nmore\n" for marker, text in first.items()}
    done = github.put_comments(api(server), 7, changed)
    assert all(one.startswith("edited: ") for one in done)
    assert bodies(server) == list(changed.values())
    posted = sum(one.startswith("POST") for one in server.requests)
    assert posted == 2


def test_nothing_is_sent_when_nothing_is_new(server: FakeGitHub) -> None:
    texts = by_marker(preview("dev"))
    github.put_comments(api(server), 7, texts)
    del server.requests[:]
    assert github.put_comments(api(server), 7, texts) == []
    assert all(one.startswith("GET") for one in server.requests)


def test_a_stack_that_is_no_longer_touched_says_so(server: FakeGitHub) -> None:
    github.put_comments(api(server), 7, by_marker(preview("dev"), preview("prod")))
    for _ in range(2):
        github.put_comments(api(server), 7, by_marker(preview("dev")))
    dev, prod = bodies(server)
    assert "is replaced" in dev
    assert "no longer touches `prod`" in prod
    assert "replaced" not in prod
    github.put_comments(api(server), 7, by_marker(preview("dev"), preview("prod")))
    assert bodies(server)[1] == preview("prod")


def test_other_peoples_comments_stay(server: FakeGitHub) -> None:
    text = preview("dev")
    mine = [
        server.add_comment(7, f"> {text}", "User"),
        server.add_comment(7, text, "User"),
        server.add_comment(7, f"as I said\n{text}"),
        server.add_comment(7, ""),
        server.add_comment(7, preview("dev", project="other")),
    ]
    before = [one["body"] for one in mine[:-1]]
    github.put_comments(api(server), 7, by_marker(text))
    assert [one["body"] for one in mine[:-1]] == before
    assert bodies(server)[-1] == text
    assert server.comments.keys() == {7}


def test_the_comment_is_found_behind_many_others(server: FakeGitHub) -> None:
    for number in range(230):
        server.add_comment(7, f"remark {number}", "User")
    old = server.add_comment(7, preview("dev"))
    for number in range(100):
        server.add_comment(7, f"remark {number}", "User")
    github.put_comments(api(server), 7, {old["body"].partition("\n")[0]: "new"})
    assert old["body"] == "new"
    assert len(bodies(server)) == 331


def test_drift_is_one_issue_a_stack(server: FakeGitHub) -> None:
    reports = by_marker(
        drift("a", drifted=True), drift("b", drifted=True), drift("c", drifted=False)
    )
    assert github.put_issues(api(server), reports) == ["opened: #1", "opened: #2"]
    assert [one["title"] for one in server.issues] == [
        "Drift: a is not as its state says",
        "Drift: b is not as its state says",
    ]
    assert github.put_issues(api(server), reports) == ["edited: #1", "edited: #2"]
    fewer = by_marker(drift("a", drifted=False))
    assert github.put_issues(api(server), fewer) == ["closed: #1"]
    assert [one["state"] for one in server.issues] == ["closed", "open"]
    assert "Nothing drifts any more" in bodies(server, 1)[0]
    again = by_marker(drift("a", drifted=True))
    assert github.put_issues(api(server), again) == ["opened: #3"]
    assert github.put_issues(api(server), fewer) == ["closed: #3"]
    assert github.put_issues(api(server), fewer) == []


def test_a_report_of_a_failure_opens_an_issue_too(server: FakeGitHub) -> None:
    subject = comment.Subject("shop", "a", task=comment.Task.DRIFT)
    report = comment.render(subject, outcome(errors=["no access"], finished=False))
    assert github.put_issues(api(server), by_marker(report)) == ["opened: #1"]


@pytest.mark.parametrize(
    ("refusals", "waits"),
    [
        ([(502, {})], [2.0]),
        ([(500, {}), (503, {})], [2.0, 4.0]),
        ([(429, {"Retry-After": "3"})], [3.0]),
        ([(403, {"Retry-After": "1"})], [1.0]),
        ([(403, {"X-RateLimit-Remaining": "0"})], [60.0]),
        ([(403, {"Retry-After": "86400"})], [60.0]),
    ],
)
def test_a_busy_github_is_asked_again(
    server: FakeGitHub, refusals: list[tuple[int, dict[str, str]]], waits: list[float]
) -> None:
    server.refusals = refusals
    waited: list[float] = []
    github.put_comments(api(server, waited), 7, by_marker(preview("dev")))
    assert waited == waits
    assert len(bodies(server)) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_a_refusal_is_not_repeated(server: FakeGitHub, status: int) -> None:
    server.refusals = [(status, {})]
    waited: list[float] = []
    with pytest.raises(GitHubError, match=f"{status} not now"):
        github.put_comments(api(server, waited), 7, by_marker(preview("dev")))
    assert waited == []


def test_github_gives_up_in_the_end(server: FakeGitHub) -> None:
    server.refusals = [(502, {})] * 9
    with pytest.raises(GitHubError, match="502"):
        github.put_comments(api(server), 7, {})
    assert len(server.requests) == github.TRIES


def test_a_comment_that_may_have_been_made_is_not_made_twice(server: FakeGitHub) -> None:
    """A server error after a creation: nobody knows whether it is there."""
    texts = by_marker(preview("dev"))
    github.put_comments(api(server), 8, {})
    asked = len(server.requests)
    server.comments[7] = []

    class Late(list[tuple[int, dict[str, str]]]):
        """Refuses the second request."""

        def __bool__(self) -> bool:
            return len(server.requests) == asked + 2

        def pop(self, *_: object) -> tuple[int, dict[str, str]]:  # type: ignore[override]
            return 502, {}

    server.refusals = Late()
    with pytest.raises(GitHubError, match="POST"):
        github.put_comments(api(server), 7, texts)
    assert len(server.requests) == asked + 2


def test_the_token_goes_nowhere_in_the_clear() -> None:
    with pytest.raises(GitHubError, match="https"):
        Api("http://api.example.com", REPOSITORY, TOKEN)
    with pytest.raises(GitHubError, match="OWNER"):
        Api("https://api.example.com", "a/b/../c", TOKEN)
    assert TOKEN not in repr(Api("https://api.example.com", REPOSITORY, TOKEN))


def test_a_too_long_text_is_cut_before_the_link(server: FakeGitHub) -> None:
    marker = by_marker(preview("dev")).popitem()[0]
    text = f"{marker}\n{'x' * 70_000}"
    github.put_comments(api(server), 7, {marker: text}, "https://example.com/run")
    (body,) = bodies(server)
    assert len(body) == github.LIMIT
    assert body.endswith("](https://example.com/run)\n")


def test_the_address_of_the_run() -> None:
    environ = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_RUN_ID": "5",
    }
    assert github.run_url(environ) == "https://github.com/a/b/actions/runs/5"
    assert github.run_url({}) == ""


def command(
    server: FakeGitHub, *arguments: str, **environ: str
) -> "subprocess.CompletedProcess[str]":
    """The script as a workflow runs it: isolated, with no package at hand."""
    given: Mapping[str, str] = {
        "PATH": "/usr/bin:/bin",
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_API_URL": server.url,
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_RUN_ID": "12",
        "PULL_REQUEST": "7",
        **environ,
    }
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in given.items() if value},
    )


def test_the_command_for_comments(server: FakeGitHub, tmp_path: Path) -> None:
    for stack in ("dev", "untouched"):
        (tmp_path / f"preview-{stack}").mkdir()
        (tmp_path / f"preview-{stack}" / "comment.md").write_text(preview(stack))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "comment.md").write_text(drift("dev", drifted=True))
    stacks = json.dumps(["dev", "prod"])
    done = command(server, "comments", str(tmp_path), "--stacks", stacks, "--project", "shop")
    assert done.returncode == 0, done.stderr
    dev, prod = bodies(server)
    assert dev.startswith(preview("dev"))
    assert dev.endswith("(https://github.example.com/somebody/shop/actions/runs/12)\n")
    assert "no result" in prod
    again = command(server, "comments", str(tmp_path), "--stacks", "[]")
    assert again.returncode == 0
    assert ["no longer touches" in one for one in bodies(server)] == [True, True]


def test_the_command_for_issues(server: FakeGitHub, tmp_path: Path) -> None:
    (tmp_path / "comment.md").write_text(drift("a", drifted=True))
    assert command(server, "issues", str(tmp_path)).stdout == "opened: #1\n"
    (tmp_path / "comment.md").write_text(drift("a", drifted=False))
    assert command(server, "issues", str(tmp_path)).stdout == "closed: #1\n"
    assert command(server, "issues", str(tmp_path)).stdout == "nothing to do\n"
    assert command(server, "issues", str(tmp_path / "nothing")).stdout == "nothing to do\n"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": "ghs_wrong"}, "401 Bad credentials"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is not set"),
        ({"PULL_REQUEST": "7/../8"}, "not the number of a pull request"),
        ({"PULL_REQUEST": ""}, "not the number of a pull request"),
        ({"GITHUB_API_URL": "http://192.0.2.1"}, "not an https address"),
        ({"GITHUB_API_URL": "http://127.0.0.1:1"}, "ConnectionRefusedError"),
    ],
)
def test_what_is_wrong_is_said_without_the_token(
    server: FakeGitHub,
    tmp_path: Path,
    environ: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "ConnectionRefused" in words:
        with pytest.raises(GitHubError, match=words):
            Api("http://127.0.0.1:1", REPOSITORY, TOKEN, lambda _: None).ask("GET", "issues")
        return
    done = command(server, "comments", str(tmp_path), "--stacks", "[]", **environ)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


@pytest.mark.parametrize("stacks", ["", "{}", '["a b"]', '["$(id)"]', "[1]", "x"])
def test_wrong_stacks_are_refused(server: FakeGitHub, tmp_path: Path, stacks: str) -> None:
    done = command(server, "comments", str(tmp_path), "--stacks", stacks)
    assert (done.returncode, server.requests) == (1, [])
    assert "--stacks" in done.stderr
