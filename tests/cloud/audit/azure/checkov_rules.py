"""Which of Checkov's rules the caches are held to, and what does not pass for a reason."""

from cloud.audit.rules import Accepted, Held

from .rules import (
    DATE,
    DNS,
    GROUP,
    KEY,
    PRIVATE,
    PURGE,
    REPLICAS,
    RULES_IN,
    SOFT,
    TLS,
    TLS_12,
    TYPES,
    VAULT_ENDPOINT,
)

HELD = (
    Held("CKV_AZURE_89", "classic cache: no public access", PRIVATE),
    Held("CKV_AZURE_91", "classic cache: no port without TLS", TLS),
    Held("CKV_AZURE_148", "classic cache: TLS 1.2", TLS_12),
    Held("CKV_AZURE_230", "classic cache: a tier with a replica", REPLICAS),
    Held("CKV_AZURE_41", "secrets have a day on which they end", DATE),
    Held("CKV_AZURE_114", "secrets have a content type", TYPES),
    Held("CKV_AZURE_42", "vaults: what is deleted can be restored, and not purged", PURGE),
    Held("CKV_AZURE_110", "vaults: what is deleted cannot be purged", PURGE),
    Held("CKV_AZURE_111", "vaults: what is deleted can be restored", SOFT),
    Held("CKV_AZURE_109", "vaults: the firewall refuses", VAULT_ENDPOINT),
    Held("CKV_AZURE_189", "vaults: no public access", VAULT_ENDPOINT),
    Held("CKV2_AZURE_32", "vaults: a private endpoint", VAULT_ENDPOINT),
    Held("CKV_AZURE_40", "keys have a day on which they end", KEY),
    Held("CKV_AZURE_112", "keys are in a hardware security module", KEY),
    Held("CKV2_AZURE_31", "subnets have security groups", GROUP),
    Held("CKV_AZURE_9", "port 3389 is not open to the internet", RULES_IN),
    Held("CKV_AZURE_10", "port 22 is not open to the internet", RULES_IN),
    Held("CKV_AZURE_160", "port 80 is not open to the internet", RULES_IN),
    Held("CKV_AZURE_77", "no UDP from the internet (the first rule is looked at)", RULES_IN),
    Held("CKV_AZURE_182", "networks have no DNS server of their own, or two", DNS),
    Held("CKV_AZURE_183", "networks have no DNS server outside of them", DNS),
)
"""Every rule of Checkov's that applies to a resource of a stack."""

NO_DATE = (
    "Azure's access keys do not end by themselves: they are changed by `secure-redis rotate`; "
    "`azure.secretExpires` writes a date on the secrets for those who must have one"
)
NO_CREDENTIAL = "they hold host, port and names, no credential"
DATA_KEY = (
    "the key that encrypts the data of a cache for as long as there is one: a day on which it ends "
    "is a day on which the data may be lost. `azure.customerManagedKey.keyUrl` takes a key of "
    "yours, with the life that you give it"
)
SOFTWARE = (
    "a key of the vault's standard tier; `azure.customerManagedKey.keyUrl` takes one of a hardware "
    "security module"
)
ONE_VERSION = (
    "a cache is bound to one version of its key: a new one that Key Vault makes by itself would "
    "not be used until the cache is told of it"
)
MICROSOFTS_KEY = (
    "data on disk are encrypted with a key of Microsoft unless `azure.customerManagedKey` is set, "
    "as for `sessions`"
)
NO_ZONES = (
    "zones cannot be named for Azure Managed Redis: with a replica Azure spreads the nodes over "
    "the zones of the region. The rule is from the time of the Enterprise tiers"
)
KEYS = (
    "access keys are the default, because most clients log in with a password that stays; "
    "`azure.auth: entra` turns them off"
)
ONE_REGION = (
    "a workspace of the cache's own is in the cache's region, as the cache is; "
    "`azure.workspaceId` takes one that is replicated"
)

CREDENTIAL = r".+-(url|primary-key|secondary-key)"
FACTS = r".+-connection"
"""Names of secrets: with a credential, and without."""

ACCEPTED = (
    Accepted("CKV_AZURE_41", rf"azurerm_key_vault_secret\.{CREDENTIAL}", NO_DATE),
    Accepted("CKV_AZURE_41", rf"azurerm_key_vault_secret\.{FACTS}", NO_CREDENTIAL),
    Accepted("CKV_AZURE_40", r"azurerm_key_vault_key\.sessions-data", DATA_KEY),
    Accepted("CKV_AZURE_112", r"azurerm_key_vault_key\.sessions-data", SOFTWARE),
    Accepted("Azure.KeyVault.AutoRotationPolicy", "sessions-data", ONE_VERSION),
    Accepted("Azure.Log.Replication", "cache|sessions|queue", ONE_REGION),
    Accepted("09aa11bb-87ec-409f-bf0b-49b7c1561a87", "cache|queue", MICROSOFTS_KEY),
    Accepted("408934a8-941a-4c1e-ba88-dd035d9688f4", "cache|sessions|queue", NO_ZONES),
    Accepted("98728c90-32c7-4049-8429-847dc0f4fe37", CREDENTIAL, NO_DATE),
    Accepted("98728c90-32c7-4049-8429-847dc0f4fe37", FACTS, NO_CREDENTIAL),
    Accepted("152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0", "sessions-data", DATA_KEY),
    Accepted("587c79fe-dd04-4a5e-9d0b-f89598c7261b", "sessions-data", SOFTWARE),
    Accepted("d8cf8476-a2ec-4916-896e-992351803c44", "sessions-data", ONE_VERSION),
    Accepted("DP-6", CREDENTIAL, NO_DATE),
    Accepted("DP-6", FACTS, NO_CREDENTIAL),
    Accepted("DP-6", "sessions-data", DATA_KEY),
    Accepted("IM-1", "cache|sessions|queue", KEYS),
    Accepted("keyvault_rbac_secret_expiration_set", CREDENTIAL, NO_DATE),
    Accepted("keyvault_rbac_secret_expiration_set", FACTS, NO_CREDENTIAL),
    Accepted("keyvault_rbac_key_expiration_set", "sessions-data", DATA_KEY),
    Accepted("keyvault_key_rotation_enabled", "sessions-data", ONE_VERSION),
)
"""Findings in azure-prod that stay."""

ONE_NODE = "one node, without a replica, is what azure-dev is for"
PURGEABLE = "vaults outside of production can be purged, so that a stack can be made and unmade"
OPEN_VAULT = (
    "the vault of a development stack is reached from a developer's machine: who may read it is "
    "decided by Azure's RBAC alone"
)
QUIET = "no logs in development: `azure.logs`"
RETIRING = "that is what azure-classic is for"
PRODUCTION = "as in production"

ELSEWHERE = {
    "CKV2_AZURE_32": OPEN_VAULT,
    "CKV_AZURE_109": OPEN_VAULT,
    "CKV_AZURE_110": PURGEABLE,
    "CKV_AZURE_189": OPEN_VAULT,
    "CKV_AZURE_41": PRODUCTION,
    "CKV_AZURE_42": PURGEABLE,
    "CKV_AZURE_230": ONE_NODE,
    "Azure.Redis.LocalAuth": KEYS,
    "Azure.Redis.MaxMemoryReserved": (
        "Azure's default, about a tenth of the memory, is kept; a value of one's own can be given "
        "in `azure.classic.parameters`"
    ),
    "Azure.Redis.MigrateAMR": RETIRING,
    "Azure.KeyVault.Firewall": OPEN_VAULT,
    "Azure.KeyVault.PurgeProtect": PURGEABLE,
    "Azure.KeyVault.Logs": QUIET,
    "Azure.Log.Replication": PRODUCTION,
    "09aa11bb-87ec-409f-bf0b-49b7c1561a87": PRODUCTION,
    "408934a8-941a-4c1e-ba88-dd035d9688f4": PRODUCTION,
    "3827af20-8f80-4b15-8300-6db0873ec901": KEYS,
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": PURGEABLE,
    "55615ac9-af46-4a59-874e-391cc3dfb490": OPEN_VAULT,
    "405c5871-3e91-4644-8a63-58e19d68ff5b": OPEN_VAULT,
    "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9": OPEN_VAULT,
    "cf820ca0-f99e-4f3e-84fb-66e913812d21": QUIET,
    "187242f4-89c6-4c43-9a4e-188c0efacc5f": QUIET,
    "98728c90-32c7-4049-8429-847dc0f4fe37": PRODUCTION,
    "NS-2": OPEN_VAULT,
    "DP-6": PRODUCTION,
    "DP-8": f"{PURGEABLE}; {OPEN_VAULT}; {QUIET}",
    "IM-1": PRODUCTION,
    "LT-3": QUIET,
    "keyvault_logging_enabled": QUIET,
    "keyvault_private_endpoints": OPEN_VAULT,
    "keyvault_rbac_secret_expiration_set": PRODUCTION,
    "keyvault_recoverable": PURGEABLE,
}
"""Rules, of Checkov and of `rules`, that development and staging stacks need not pass, and why."""
