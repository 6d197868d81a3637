"""Puts comments on a pull request, and drift into an issue, by GitHub's REST API.

Nothing but the standard library, and no other file of this package: a job that may write comments
runs it with a bare Python, so that no installed package comes near its token.

    python3 -I components/secure_redis/ci/github.py comments DIRECTORY --stacks '["aws-prod"]'
    python3 -I components/secure_redis/ci/github.py issues DIRECTORY

It takes GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL and, for comments, PULL_REQUEST.
"""

import argparse
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARKER = re.compile(
    r"<!-- secure-redis:(?P<task>preview|drift):(?P<subject>[\w.-]+/(?P<stack>[\w.-]+)) -->"
)
"""The first line of a comment or issue of ours."""

LIMIT = 65_536
"""Characters that GitHub takes."""

LABEL = "drift"
QUIET = "nothing has drifted"
"""The end of the title of a report that nothing has drifted."""

TRIES = 4
SECONDS = 20
PAGE = 100
PAGES = 100
LONGEST_WAIT = 60.0

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class GitHubError(Exception):
    """What GitHub refused, or what is missing to ask it. Holds no token."""


@dataclass(frozen=True)
class Api:
    """GitHub's REST API of one repository."""

    url: str
    repository: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.url)
        # The token goes nowhere in the clear, but to a test on this machine.
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise GitHubError("GITHUB_API_URL is not an https address")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise GitHubError("GITHUB_REPOSITORY is not OWNER/NAME")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Api":
        """From the variables that a workflow has. Raises GitHubError where one is missing."""
        for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY"):
            if not environ.get(name):
                raise GitHubError(f"{name} is not set")
        url = environ.get("GITHUB_API_URL") or "https://api.github.com"
        return cls(url.rstrip("/"), environ["GITHUB_REPOSITORY"], environ["GITHUB_TOKEN"])

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request, repeated where GitHub is busy. Raises GitHubError for a refusal.

        A creation is repeated only where GitHub says that it did not take it: two comments in the
        place of one are worse than none.
        """
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(  # noqa: S310 - the scheme is checked above
                    self._request(method, path, body), timeout=SECONDS
                ) as response:
                    text = response.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                wait = _wait(error, attempt, repeatable=method != "POST")
                if wait is None or attempt == TRIES:
                    raise GitHubError(f"{method} {path}: {error.code} {_reason(error)}") from None
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if method == "POST" or attempt == TRIES:
                    reason = getattr(error, "reason", error)
                    raise GitHubError(f"{method} {path}: {type(reason).__name__}") from None
                wait = float(2**attempt)
            self.sleep(wait)
        raise AssertionError  # the last attempt returns or raises

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> urllib.request.Request:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            f"{self.url}/repos/{self.repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
        )
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "secure-redis")
        # Not sent on to where a redirection leads.
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        return request

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All entries of a list."""
        joint = "&" if "?" in path else "?"
        for page in range(1, PAGES + 1):
            entries = self.ask("GET", f"{path}{joint}per_page={PAGE}&page={page}")
            yield from entries
            if len(entries) < PAGE:
                return


def _wait(error: urllib.error.HTTPError, attempt: int, *, repeatable: bool) -> float | None:
    """Seconds until another attempt makes sense; None where it does not."""
    after = error.headers.get("Retry-After", "") or ""
    limited = error.code == 429 or (  # noqa: PLR2004 - too many requests
        error.code == 403 and (after or error.headers.get("X-RateLimit-Remaining") == "0")  # noqa: PLR2004
    )
    if limited:
        return min(float(after), LONGEST_WAIT) if after.isdigit() else LONGEST_WAIT
    if error.code >= 500 and repeatable:  # noqa: PLR2004 - its own fault
        return float(2**attempt)
    return None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])[:200]
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)


def marker_of(text: str) -> re.Match[str] | None:
    """The marker in the first line of a text, if it has one."""
    return MARKER.fullmatch(text.partition("\n")[0].strip())


def own(entries: Iterator[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Comments or issues of ours by their marker, the oldest of several.

    Only those of a bot: somebody who copies a marker into a comment keeps the comment.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        match = marker_of(entry.get("body") or "")
        if match and (entry.get("user") or {}).get("type") == "Bot":
            found.setdefault(match[0], entry)
    return found


def put_comments(
    api: Api, pull_request: int, texts: Mapping[str, str], run_url: str = ""
) -> list[str]:
    """One comment a marker: edited if there is one already, else made. Says what it did.

    texts: by marker. Comments of ours whose marker is not among them are of stacks that the pull
    request no longer touches, and say that from then on.
    """
    before = own(api.pages(f"issues/{pull_request}/comments"))
    done: list[str] = []
    for marker, text in texts.items():
        body = _with_link(text, run_url)
        if marker not in before:
            api.ask("POST", f"issues/{pull_request}/comments", {"body": body})
            done.append(f"commented: {marker}")
        elif before[marker].get("body") != body:
            api.ask("PATCH", f"issues/comments/{before[marker]['id']}", {"body": body})
            done.append(f"edited: {marker}")
    for marker, entry in before.items():
        if marker not in texts and ":preview:" in marker:
            body = f"{marker}\n\nThis pull request no longer touches `{_stack(marker)}`.\n"
            if entry.get("body") != body:
                api.ask("PATCH", f"issues/comments/{entry['id']}", {"body": body})
                done.append(f"retired: {marker}")
    return done


def put_issues(api: Api, texts: Mapping[str, str], run_url: str = "") -> list[str]:
    """One open issue for each stack that has drifted, none for the others. Says what it did.

    texts: reports by marker. An issue that is there is edited; that of a stack in which nothing
    drifts any more is closed with a comment. Issues of stacks without a report stay as they are.
    """
    there = own(api.pages(f"issues?state=open&labels={LABEL}"))
    done: list[str] = []
    for marker, text in texts.items():
        number = there[marker]["number"] if marker in there else None
        title = f"Drift: {_stack(marker)} is not as its state says"
        body = _with_link(text, run_url)
        if _quiet(text):
            if number is not None:
                said = _with_link("Nothing drifts any more.\n", run_url)
                api.ask("POST", f"issues/{number}/comments", {"body": said})
                closed = {"state": "closed", "state_reason": "completed"}
                api.ask("PATCH", f"issues/{number}", closed)
                done.append(f"closed: #{number}")
        elif number is None:
            issue = {"title": title, "body": body, "labels": [LABEL]}
            done.append(f"opened: #{api.ask('POST', 'issues', issue)['number']}")
        else:
            api.ask("PATCH", f"issues/{number}", {"title": title, "body": body})
            done.append(f"edited: #{number}")
    return done


def _quiet(text: str) -> bool:
    title = next((line for line in text.splitlines() if line.startswith("### ")), "")
    return title.endswith(f": {QUIET}")


def _stack(marker: str) -> str:
    match = MARKER.fullmatch(marker)
    return match["stack"] if match else ""


def _with_link(text: str, run_url: str) -> str:
    link = f"\n[The run that says this]({run_url})\n" if run_url.startswith("https://") else ""
    room = LIMIT - len(link)
    return f"{text[:room]}{link}"


def reports_in(directory: Path, task: str) -> dict[str, str]:
    """The texts of a task in the `comment.md` files below a directory, by marker."""
    found: dict[str, str] = {}
    for file in sorted(directory.rglob("comment.md")):
        text = file.read_text(encoding="utf-8")
        match = marker_of(text)
        if match and match["task"] == task:
            found[match[0]] = text
    return found


def previews_of(texts: Mapping[str, str], stacks: Sequence[str], project: str) -> dict[str, str]:
    """The previews of these stacks, by marker, with a text for each that has none."""
    found = {marker: text for marker, text in texts.items() if _stack(marker) in stacks}
    told = {_stack(marker) for marker in found}
    for stack in stacks:
        if stack not in told:
            marker = f"<!-- secure-redis:preview:{project}/{stack} -->"
            said = "The job ended before there was one."
            found[marker] = f"{marker}\n\n### Preview of `{stack}`: no result\n\n{said}\n"
    return found


def run_url(environ: Mapping[str, str]) -> str:
    """Address of this run of the workflow; empty outside of one."""
    server, run = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_RUN_ID")
    return f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{run}" if server and run else ""


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """The command line; 0 if it is done, 1 if GitHub refused, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(description="Comments and issues of secure-redis on GitHub.")
    commands = parser.add_subparsers(dest="command", required=True)
    comments = commands.add_parser("comments", help="the comments of a pull request")
    comments.add_argument("directory", type=Path)
    comments.add_argument("--stacks", required=True, help="JSON list of the stacks it touches")
    comments.add_argument("--project", default="secure-redis", help="name of the Pulumi project")
    issues = commands.add_parser("issues", help="issues about drift")
    issues.add_argument("directory", type=Path)
    options = parser.parse_args(arguments)
    try:
        api = Api.of(environ)
        link = run_url(environ)
        if options.command == "comments":
            texts = reports_in(options.directory, "preview")
            chosen = previews_of(texts, _stacks(options.stacks), options.project)
            done = put_comments(api, _pull_request(environ), chosen, link)
        else:
            done = put_issues(api, reports_in(options.directory, "drift"), link)
    except (GitHubError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(done) or "nothing to do")
    return 0


def _stacks(text: str) -> list[str]:
    try:
        names = json.loads(text)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(
        isinstance(one, str) and re.fullmatch(r"[\w.-]+", one) for one in names
    ):
        raise GitHubError("--stacks is not a JSON list of names")
    return names


def _pull_request(environ: Mapping[str, str]) -> int:
    number = environ.get("PULL_REQUEST", "")
    if not number.isdigit():
        raise GitHubError("PULL_REQUEST is not the number of a pull request")
    return int(number)


if __name__ == "__main__":
    sys.exit(main())
