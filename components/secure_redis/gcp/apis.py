"""The APIs of the project that are needed, where it is wanted that they are turned on."""

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp


def enabled(
    name: str, wanted: Sequence[str], opts: pulumi.ResourceOptions
) -> list[gcp.projects.Service]:
    """Turns APIs on. They stay on when the stack goes: something else may use them by then."""
    return [
        gcp.projects.Service(
            f"{name}-{api.partition('.')[0]}", service=api, disable_on_destroy=False, opts=opts
        )
        for api in wanted
    ]
