"""The `secure-redis` command."""

import click

from . import stack
from .ci import ci_deploy, ci_drift, ci_preview, ci_stacks
from .doctor import doctor
from .env import env
from .evidence import evidence
from .explain import command as explain
from .explain_config import explain_config
from .init import init
from .rotate import rotate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="secure-redis")
def main() -> None:
    """A Redis that applications can use safely, on every target."""


for command in (
    init,
    explain_config,
    stack.up,
    stack.preview,
    stack.down,
    stack.output,
    stack.url,
    stack.ca,
    env,
    doctor,
    explain,
    evidence,
    rotate,
    ci_stacks,
    ci_preview,
    ci_deploy,
    ci_drift,
):
    main.add_command(command)
