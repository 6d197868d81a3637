"""`secure-redis ci-*`: what a pull request and a schedule run, the same on a laptop."""

import sys
from pathlib import Path

import click

from secure_redis.ci import COMMENT

from . import stack as stacks

stack_option = click.option("--stack", "name", required=True, help="The stack.")
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help=f"Write {COMMENT} into this directory.",
)
summary_option = click.option(
    "--summary",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GITHUB_STEP_SUMMARY",
    help="Append it to this file too. [env: GITHUB_STEP_SUMMARY]",
)
pack_option = click.option(
    "--policy-pack",
    "pack",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The policy pack, with config/ENVIRONMENT.json in it. [default: policy, if it is there]",
)


@click.command("ci-stacks", short_help="The stacks that a change touches, as JSON.")
@click.option("--base", default="", help="The commit before the change.")
@click.option("--all", "every", is_flag=True, help="Every stack, whatever has changed.")
@click.option("--stack", "name", default="", help="This stack alone.")
@click.option("--environment", default="", help="Stacks of this environment only.")
@stacks.project_option
def ci_stacks(*, base: str, every: bool, name: str, environment: str, project: Path) -> None:
    """Print the stacks that a change touches, as the matrix of a workflow.

    A file that is not known touches every stack, and so does a commit that is not there.
    """
    from secure_redis.ci import touched  # noqa: PLC0415 - the other commands do not pay for it

    if not (base or every or name):
        raise click.UsageError("Give --base, --all or --stack.")
    options = {"base": base, "stack": name, "environment": environment, "project": str(project)}
    arguments = [f"--{option}={value}" for option, value in options.items() if value]
    sys.exit(touched.main([*arguments, *(["--all"] if every else [])]))


@click.command("ci-preview", short_help="A preview as a comment on a pull request.")
@stack_option
@stacks.project_option
@out_option
@summary_option
@pack_option
def ci_preview(
    *, name: str, project: Path, out: Path, summary: Path | None, pack: Path | None
) -> None:
    """Preview a stack under the policy pack, and write what it would do as Markdown.

    A stack that the backend does not have yet is previewed in a backend of its own, which is thrown
    away. Nothing is made, neither in a cloud nor in the backend.

    Exit code: 0 if it can be deployed, 1 if the preview or a policy says no, 2 if there is no such
    stack. The file is written for 0 and 1.
    """
    from . import ci_runs  # noqa: PLC0415 - the other commands do not pay for it

    subject = ci_runs.subject_of(name, project)
    sys.exit(ci_runs.preview(subject, out, summary, pack))


@click.command("ci-deploy", short_help="Preview, and deploy if nothing speaks against it.")
@stack_option
@stacks.project_option
@out_option
@summary_option
@pack_option
@click.pass_context
def ci_deploy(
    context: click.Context,
    *,
    name: str,
    project: Path,
    out: Path,
    summary: Path | None,
    pack: Path | None,
) -> None:
    """Preview a stack as ci-preview does, and make what its file says if that went well.

    The policy pack stands over both.
    """
    from . import ci_runs  # noqa: PLC0415 - the other commands do not pay for it

    subject = ci_runs.subject_of(name, project)
    code = ci_runs.preview(subject, out, summary, pack)
    if code:
        sys.exit(code)
    with ci_runs.policy_arguments(subject.stack, pack) as arguments:
        # Caches of a cloud are not reached from where this runs.
        context.invoke(
            stacks.up, name=name, project=project, skip_doctor=True, arguments=tuple(arguments)
        )


@click.command("ci-drift", short_help="What is no longer as the state says.")
@stack_option
@stacks.project_option
@out_option
@summary_option
def ci_drift(*, name: str, project: Path, out: Path, summary: Path | None) -> None:
    """Compare what a stack has made with what there is, and write the difference as Markdown.

    The state stays as it is.

    Exit code: 0 if nothing has drifted, 1 if something has or cannot be compared, 2 if there is no
    such stack. The file is written for 0 and 1.
    """
    from . import ci_runs  # noqa: PLC0415 - the other commands do not pay for it

    sys.exit(ci_runs.drift(ci_runs.subject_of(name, project), out, summary))
