"""Types of resources as the rules write them.

Azure's native provider has several tokens for one kind of resource: one with a version of the API
in it, since its version 3 in the name of a package that is generated for it, and modules that were
split or renamed between its releases.
"""

import re

_VERSIONED = re.compile(
    r"azure-native(?:_[a-z]+_v\w+)?:(?P<module>\w+)(?:/v(?P<version>\w+))?:(?P<name>\w+)"
)

_OF_ENTERPRISE = frozenset({"RedisEnterprise", "Database"})
"""What the module `cache`, which had both services, called their resources."""

_ENTERPRISE_LOGINS = frozenset({"20240901preview"})
"""Versions in which an assignment in `cache` is one of Azure Managed Redis."""

_RENAMED = {
    ("insights", "MetricAlert"): ("monitor", "MetricAlert"),
    ("insights", "DiagnosticSetting"): ("monitor", "DiagnosticSetting"),
    ("network", "InterfaceEndpoint"): ("network", "PrivateEndpoint"),
    ("redis", "RedisFirewallRule"): ("redis", "FirewallRule"),
    ("cache", "EnterprisePrivateEndpointConnection"): (
        "redisenterprise",
        "PrivateEndpointConnection",
    ),
}


def canonical(token: str) -> str:
    """A resource's type without its API's version, in the module of the provider's version 3.

    `azure-native:cache/v20230801:Redis` is `azure-native:redis:Redis`. Other types stay as they
    are.
    """
    found = _VERSIONED.fullmatch(token)
    if not found:
        return token
    module, name = found["module"], found["name"]
    if (module, name) in _RENAMED:
        module, name = _RENAMED[module, name]
    elif module == "cache":
        enterprise = name in _OF_ENTERPRISE or (
            name == "AccessPolicyAssignment" and found["version"] in _ENTERPRISE_LOGINS
        )
        module = "redisenterprise" if enterprise else "redis"
    return f"azure-native:{module}:{name}"
