"""The resource types of the provider, by token."""

from . import caches, network, others, vaults
from .common import AzureResource

RESOURCES: dict[str, AzureResource] = {
    f"azure-native:{resource.sdk}": resource
    for module in (others, network, caches, vaults)
    for resource in module.TYPES
}
"""The provider's tokens are the SDK's modules and classes."""

__all__ = ["RESOURCES", "AzureResource"]
