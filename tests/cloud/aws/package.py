"""The `aws` provider: its configuration, its resource types, its functions."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from cloud.standin.errors import Failure, ProviderError
from cloud.standin.resource import Resource, Values, Work
from cloud.standin.schema import arguments_of, check
from cloud.standin.store import FakeCloud
from cloud.standin.wire import contains_unknown

from .account import ACCOUNT, Account, ServiceError
from .api import AwsApi
from .functions import FUNCTIONS
from .resources import RESOURCES

NO_REGION = (
    "Missing region information\n"
    "Make sure you have set your AWS region, e.g. `pulumi config set aws:region us-west-2`."
)
NO_CREDENTIALS = (
    "No valid credential sources found.\n"
    "Please see https://www.pulumi.com/registry/packages/aws/installation-configuration/ for more "
    "information about providing credentials.\n"
    "NEW: You can use Pulumi ESC to set up dynamic credentials with AWS OIDC to ensure the correct "
    "and valid credentials are used.\n"
    "Learn more: https://www.pulumi.com/registry/packages/aws/installation-configuration/"
    "#dynamically-generate-credentials"
)
_SETTLED = {"version", "pluginDownloadURL"}
"""Keys that the engine adds to every provider's configuration."""

_MODELLED = {
    "accessKey", "allowedAccountIds", "forbiddenAccountIds", "maxRetries", "profile", "region",
    "secretKey", "token",
}  # fmt: skip
"""Keys whose effect is modelled. Others, such as default tags, are refused."""


class AwsPackage:
    """AWS's part of a stand-in."""

    name = "aws"
    version = "7.51.1"
    resources: Mapping[str, Resource] = RESOURCES

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the provider's own configuration: region and credentials."""
        given = {name: _plain(value) for name, value in values.items() if name not in _SETTLED}
        given = {name: value for name, value in given.items() if not name.startswith("__")}
        known = arguments_of("pulumi_aws:ProviderArgs")
        strange = given.keys() - known
        failures = [
            Failure(name, f"could not validate provider configuration: Invalid or unknown key: "
                    f"{name}. Check `pulumi config get aws:{name}`.")
            for name in sorted(strange)
        ]  # fmt: skip
        failures += [
            Failure(name, f'What the provider does with "{name}" is not known to this stand-in')
            for name in sorted(given.keys() & known.keys() - _MODELLED)
            if not name.startswith("skip")
        ]
        if contains_unknown(given):
            return failures
        region = self.region(given)
        if not region:
            return [*failures, Failure("", NO_REGION)]
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
            failures.append(Failure("region", f"invalid AWS Region: {region}"))
        if not _credentials(given):
            failures.append(Failure("", NO_CREDENTIALS))
        allowed = given.get("allowedAccountIds")
        if ACCOUNT in given.get("forbiddenAccountIds", []) or (allowed and ACCOUNT not in allowed):
            failures.append(Failure("", f"AWS account ID not allowed: {ACCOUNT}"))
        return failures

    @staticmethod
    def region(values: Values) -> str:
        """The region that the configuration or the environment names; empty where none does."""
        names = ("AWS_REGION", "AWS_DEFAULT_REGION")
        found = values.get("region") or next((os.environ[n] for n in names if n in os.environ), "")
        return str(found)

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """Another region is another provider."""
        return ["region"] if old.get("region") != new.get("region") else []

    def api(self, cloud: FakeCloud, config: Values, work: Work, inputs: Values) -> AwsApi:
        """AWS's interface in the region of the resource or of the provider."""
        return AwsApi(cloud, str(inputs.get("region") or self.region(config)), work)

    def invoke(self, cloud: FakeCloud, config: Values, token: str, arguments: Values) -> Values:
        """Answers a function. Raises ProviderError."""
        if token not in FUNCTIONS:
            raise ProviderError(f"unknown function {token}")
        function = FUNCTIONS[token]
        wrong = check(function.arguments, arguments)
        if wrong:
            raise ProviderError(f"{token}: {wrong[0].path}: {wrong[0].reason}")
        account = Account(cloud, str(arguments.get("region") or self.region(config)))
        try:
            return function.answer(account, arguments)
        except ServiceError as error:
            raise ProviderError(f"{token}: {error.code}: {error.message}") from None


def _credentials(values: Values) -> bool:
    """Whether there is a source of credentials that the AWS SDK would take."""
    if values.get("accessKey") and values.get("secretKey"):
        return True
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return (
        all(os.environ.get(name) for name in keys)
        or bool(values.get("profile"))
        or bool(os.environ.get("AWS_PROFILE"))
    )


def _plain(value: Any) -> Any:
    """A configuration value: all but strings come as JSON in a string."""
    if isinstance(value, str) and value[:1] in {"{", "[", "t", "f"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


__all__ = ["ACCOUNT", "NO_CREDENTIALS", "NO_REGION", "AwsPackage"]
