"""Redis made by anybody's program, as data: what keeps each rule, breaks it, or cannot be told.

Everything a test needs is in four names:

- `CASES`: for every rule and companion of `secure_redis.posture` at least one `Case`.
- `case.passing()`, `case.failing()`, `case.unknown()`, `case.secret()`: each a list of resource
  documents. They differ in what the rule is about and in nothing else: there it is right, wrong,
  not known yet, or a secret. `unknown` and `secret` are empty lists where there is no value that
  could be so (a resource that is missing beside another, the engine's own protection).
- `APART`: programs with Redis in them and much that is not about Redis and would break rules if it
  were; `Apart.subjects` are the URNs of which no rule may say anything.
- `SCENES`: the programs that cases change, by name. Each keeps every rule in production. (A case
  can be of another program, which breaks further rules whatever one does: a cluster of ElastiCache
  outside of a replication group. `passing()` is about the case's own rule.)

A document is what a Pulumi state has for a resource: `type`, `urn`, `id`, `inputs`, `outputs`,
`parent`, `protect` (only where true), `dependencies` and `propertyDependencies` (property, and
URNs of the resources from which its value comes). Judge them as production:

    judgements(case.failing(), environment=case.environment, everything=True)

All of those methods take `preview=True`: then outputs are empty, and what comes from another
resource is the engine's sign for an unknown value, as in the first preview of the program. What a
case breaks is broken in both. `case.rule` and `case.subject` (a URN) name the judgement to look
for, `case.id` is a name for pytest. Values marked as secret are maps with the engine's signature.

Nothing here imports Pulumi or the package under test.
"""

from . import aws, azure, docker, everywhere, gcp
from .model import ABSENT, SECRET, UNKNOWN, Apart, Case, Document, Scene

__all__ = [
    "ABSENT",
    "APART",
    "CASES",
    "SCENES",
    "SECRET",
    "UNKNOWN",
    "Apart",
    "Case",
    "Document",
    "Scene",
]

_ROOMS = (aws, azure, gcp, docker, everywhere)

SCENES: dict[str, Scene] = {scene.name: scene for room in _ROOMS for scene in room.SCENES}
"""Programs by name."""

CASES: tuple[Case, ...] = tuple(case for room in _ROOMS for case in room.CASES)
"""What keeps and what breaks each rule."""

APART: tuple[Apart, ...] = tuple(apart for room in _ROOMS for apart in room.APART)
"""What is not about Redis."""
