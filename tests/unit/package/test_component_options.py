"""What a program says of a cache reaches each of its parts, on every cloud.

Every kind of cache is registered twice: alone, and inside a component of somebody else's program
that brings providers, protection, transforms and a past. What the engine itself makes of it (how
transforms and aliases are handed down) is seen on the real engine, in tests/examples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, cast
from unittest import mock

import aws_cases
import azure_cases
import gcp_cases
import package_gcp_cloud
import package_monitor
import pulumi
import pulumi_aws
import pulumi_azure_native
import pulumi_gcp
import pulumi_random
import pytest
from package_monitor import Recorder, Registered, World
from secure_redis import SecureRedis

CLOUDS: dict[str, tuple[ModuleType, str, Callable[..., pulumi.ProviderResource]]] = {
    "aws": (aws_cases, "aws", lambda: pulumi_aws.Provider("theirs", region="eu-central-1")),
    "azure": (azure_cases, "azure-native", lambda: pulumi_azure_native.Provider("theirs")),
    "gcp": (gcp_cases, "gcp", lambda: pulumi_gcp.Provider("theirs", project="theirs")),
}
"""By target: its cases, its provider's package, and a provider that is not the default one."""

ALWAYS = {
    ("aws", "nodes"),
    ("aws", "production-rotated"),
    ("aws", "serverless-iam"),
    ("azure", "classic-premium"),
    ("azure", "keys"),
    ("azure", "production-full"),
    ("gcp", "both"),
    ("gcp", "production-full"),
    ("gcp", "valkey-production"),
}
"""Those that have every kind of part between them; the others are for the sweep."""

EACH_CACHE = pytest.mark.parametrize(
    ("target", "variant"),
    [
        pytest.param(target, name, marks=[] if (target, name) in ALWAYS else pytest.mark.sweep)
        for target, (cases, _, _) in CLOUDS.items()
        for name in cases.VARIANTS
    ],
)


class Platform(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Platform", name, {}, opts)


class Blog(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Blog", name, {})


class Asking(Recorder):
    """Also keeps what providers are asked, and the hooks."""

    questions: list[Any]
    hooks: list[str]

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        self.questions.append(request)
        return super().Invoke(request)

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802
        self.hooks.append(request.name)
        return super().RegisterResourceHook(request)


@dataclass(frozen=True)
class Seen:
    """What a run registered and asked."""

    world: World
    questions: list[Any]
    hooks: list[str]
    transformed: list[tuple[str, str]]
    """Type and name of what the transformations were called for."""

    @property
    def parts(self) -> dict[str, Registered]:
        """The cache and all that it consists of, by the URN that each has without a platform."""
        others = ("pulumi:", "test:index:")
        parts = [r for r in self.world.made if not r.type.startswith(others)]
        return {r.urn.replace("test:index:Platform$", ""): r for r in parts}


def secure(target: str, variant: str, opts: pulumi.ResourceOptions | None = None) -> SecureRedis:
    cases = CLOUDS[target][0]
    access = getattr(cases, "ACCESS", {})
    base = {"target": target, "environment": "development", "access": access}
    args = {**base, **cases.VARIANTS[variant], "tags": {"team": "platform"}}
    return SecureRedis("cache", cast("Any", args), opts)


def run(program: Callable[[], Any], transformed: list[tuple[str, str]] | None = None) -> Seen:
    # Made once: two caches that are registered at the same time would each make their own.
    package_gcp_cloud.certificates()
    questions: list[Any] = []
    hooks: list[str] = []
    own = type("Asking", (Asking,), {"questions": questions, "hooks": hooks})
    with mock.patch.object(package_monitor, "Recorder", own):
        world = package_monitor.succeed(program, config=package_gcp_cloud.CONFIG)
    return Seen(world, questions, hooks, transformed or [])


@cache
def alone(target: str, variant: str) -> Seen:
    return run(lambda: secure(target, variant))


@cache
def inside(target: str, variant: str) -> Seen:
    transformed: list[tuple[str, str]] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        transformed.append((args.type_, args.name))

    def program() -> None:
        providers = [CLOUDS[target][2](), pulumi_random.Provider("words")]
        platform = Platform(
            "platform",
            pulumi.ResourceOptions(
                providers=providers,
                protect=True,
                transformations=[note],
                transforms=[lambda _: None],
            ),
        )
        stood_alone = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
        opts = pulumi.ResourceOptions(parent=platform, aliases=[stood_alone])
        secure(target, variant, opts)

    return run(program, transformed)


@EACH_CACHE
def test_each_part_is_made_by_the_programs_provider(target: str, variant: str) -> None:
    names = {CLOUDS[target][1]: "theirs", "random": "words"}
    parts = inside(target, variant).parts
    made = [r for r in parts.values() if r.request.custom]
    assert len(made) > 3
    for part in made:
        package = part.type.partition(":")[0]
        wanted = f"::pulumi:providers:{package}::{names[package]}::"
        assert wanted in part.request.provider, part.urn


@EACH_CACHE
def test_each_question_goes_to_the_programs_provider(target: str, variant: str) -> None:
    asked = inside(target, variant).questions
    # Without a parent a question goes to a provider that knows nothing of the program's account.
    assert [q.tok for q in asked if "::theirs::" not in q.provider] == []
    assert len(asked) == len(alone(target, variant).questions)


@pytest.mark.parametrize(("target", "variant"), [("aws", "nodes"), ("azure", "keys")])
def test_there_are_questions(target: str, variant: str) -> None:
    assert inside(target, variant).questions


@EACH_CACHE
def test_each_part_is_protected_with_what_is_above_it(target: str, variant: str) -> None:
    parts = inside(target, variant).parts
    assert [r.urn for r in parts.values() if not r.request.protect] == []


@EACH_CACHE
def test_each_part_is_transformed(target: str, variant: str) -> None:
    seen = inside(target, variant)
    assert set(seen.transformed) >= {(r.type, r.name) for r in seen.parts.values()}
    assert len(seen.world.one("Platform", "platform").request.transforms) == 1


@EACH_CACHE
def test_each_part_moves_with_the_cache(target: str, variant: str) -> None:
    """Of a part the engine knows the old URN by that of its parent, if only the parent differs."""
    before, after = alone(target, variant).parts, inside(target, variant).parts
    assert before.keys() == after.keys()
    for urn, part in after.items():
        assert before[urn].plain == part.plain, urn
        own = [alias for alias in part.request.aliases if not only_of_another_type(alias)]
        assert len(own) == (part.type == "secure-redis:index:SecureRedis"), urn


def only_of_another_type(alias: Any) -> bool:
    """Whether it is one of those by which an SDK knows the other versions of a type."""
    spec = alias.spec
    return bool(spec.type) and not (spec.name or spec.parentUrn or spec.noParent or alias.urn)


@pytest.mark.parametrize(
    ("target", "variant"), [("aws", "nodes"), ("azure", "keys"), ("gcp", "turned-on")]
)
def test_caches_of_one_name_in_different_components_are_told_apart(
    target: str, variant: str
) -> None:
    """The engine refuses a second hook of the same name."""

    def program() -> None:
        for parent in (Platform("main"), Blog("main")):
            secure(target, variant, pulumi.ResourceOptions(parent=parent))

    seen = run(program)
    assert len(seen.world.all("SecureRedis")) == 2
    assert len(seen.hooks) >= 4
    assert len(set(seen.hooks)) == len(seen.hooks)
    bound = [
        name
        for resource in seen.world.made
        for names in (
            resource.request.hooks.before_update,
            resource.request.hooks.before_create,
        )
        for name in names
    ]
    assert sorted(bound) == sorted(seen.hooks)
