# ruff: noqa: INP001 -- a script, not a package
"""Print the property names of the official Docker SDK as JSON, for schema_test.go.

Run with the SDK installed: python sdk_properties.py > pulumi_docker-5.2.0.json
"""

import json
from importlib.metadata import version

import pulumi_docker
from pulumi_docker import _inputs, container, network, provider, remote_image, volume

MODULES = {
    "Container": container,
    "Network": network,
    "RemoteImage": remote_image,
    "Volume": volume,
}
# Part of every resource, not of the package's schema.
UNIVERSAL = {"id", "urn"}


def property_names(cls: type) -> list[str]:
    """The names that cls has on the wire, sorted."""
    return sorted(
        getattr(value.fget, "_pulumi_name", None) or name
        for name, value in vars(cls).items()
        if isinstance(value, property)
    )


def nested_types(prefixes: tuple[str, ...]) -> dict[str, list[str]]:
    """The argument types that belong to the resources named."""
    return {
        name.removesuffix("Args"): property_names(cls)
        for name, cls in vars(_inputs).items()
        if isinstance(cls, type)
        and name.endswith("Args")
        and not name.endswith("ArgsDict")
        and name.startswith(prefixes)
    }


if __name__ == "__main__":
    described = {
        "version": version("pulumi_docker"),
        "provider": property_names(provider.ProviderArgs),
        "inputs": {
            name: property_names(getattr(module, f"{name}Args")) for name, module in MODULES.items()
        },
        "outputs": {
            name: sorted(set(property_names(getattr(pulumi_docker, name))) - UNIVERSAL)
            for name in MODULES
        },
        "types": nested_types((*MODULES, "Provider")),
    }
    print(json.dumps(described, indent=1, sort_keys=True))
