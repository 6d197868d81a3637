"""Stacks on Google Cloud that are wrong on purpose: what each rule must notice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cloud.audit.mutations import (
    REMOVED,
    Mutation,
    both,
    with_inputs,
    with_resource,
    without,
)
from cloud.audit.planned import PlannedStack

from .facts import DAY, ON_PROJECTS

REDIS, VALKEY = "redis/instance:Instance", "memorystore/instance:Instance"
NETWORK, SUBNET, FIREWALL = "compute/network:Network", "Subnetwork", "Firewall"
KEY, KEY_GRANT, RING = "CryptoKey", "CryptoKeyIAMMember", "KeyRing"
SECRET, READER = "secretmanager/secret:Secret", "SecretIamMember"
FIREWALL_TOKEN = "gcp:compute/firewall:Firewall"
KEY_GRANT_TOKEN = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
RING_GRANT_TOKEN = "gcp:kms/keyRingIAMMember:KeyRingIAMMember"
PROJECT_TOKEN = f"gcp:{ON_PROJECTS}"

SOMEBODY = "serviceAccount:shop@shop-prod.iam.gserviceaccount.com"
EVERYBODY = "allUsers"
LOG = {"metadata": "INCLUDE_ALL_METADATA"}


def on(kind: str, token: str, key: str, identifier: str = "extra", /, **inputs: Any) -> Mutation:
    """One more resource that refers to one of a type, which the input `key` names."""

    def mutate(stack: PlannedStack) -> PlannedStack:
        one = stack.of(kind)[0]
        made = with_resource(token, identifier, **{key: one.outputs["id"]}, **inputs)(stack)
        (extra,) = (new for urn, new in made.resources.items() if urn not in stack.resources)
        linked = replace(extra, sources={key: (one.urn,)})
        return replace(made, resources={**made.resources, extra.urn: linked})

    return mutate


def with_firewall(identifier: str = "extra", /, **inputs: Any) -> Mutation:
    """One more firewall rule: by itself one that lets in everybody on all ports."""
    rule = {"direction": "INGRESS", "allows": [{"protocol": "all"}], "sourceRanges": ["0.0.0.0/0"]}
    given = {key: value for key, value in {**rule, **inputs}.items() if value is not REMOVED}
    return on(NETWORK, FIREWALL_TOKEN, "network", identifier, **given)


def open_port(number: int, protocol: str = "tcp") -> Mutation:
    """A port that is open to the internet."""
    return with_firewall(allows=[{"protocol": protocol, "ports": [str(number)]}])


def port(number: int, *protocols: str) -> tuple[Mutation, ...]:
    """A port that is open to the internet: alone, in a range, and with all others."""
    between = [{"protocol": "tcp", "ports": ["1", f"{number - 1}-{number + 1}"]}]
    return (
        open_port(number),
        *(open_port(number, protocol) for protocol in protocols),
        with_firewall(allows=between, sourceRanges=["10.0.0.0/8", "0.0.0.0/0"]),
        with_firewall(allows=[{"protocol": "tcp"}], sourceRanges=["::/0"]),
        # Where it does not say from where, and which way, it is from everywhere, and in.
        with_firewall(sourceRanges=REMOVED, direction=REMOVED),
    )


def with_names_recorded(stack: PlannedStack) -> PlannedStack:
    """A DNS policy of every network, which writes a log."""
    networks = [{"networkUrl": one.outputs["id"]} for one in stack.of(NETWORK)]
    return with_resource(DNS_TOKEN, enableLogging=True, networks=networks)(stack)


def with_key_users(count: int) -> Mutation:
    """More users of a key."""
    grants = [
        on(
            KEY,
            KEY_GRANT_TOKEN,
            "cryptoKeyId",
            f"user-{number}",
            role=USES,
            member=f"user:{number}@x",
        )
        for number in range(count)
    ]
    return both(*grants)


def unprotected(stack: PlannedStack) -> PlannedStack:
    """Keys that the engine would delete."""
    keys = {one.urn: replace(one, protect=False) for one in stack.of(KEY)}
    return replace(stack, resources={**stack.resources, **keys})


DNS_TOKEN = "gcp:dns/policy:Policy"
USES = "roles/cloudkms.cryptoKeyDecrypter"
ADMINISTERS = "roles/cloudkms.admin"

NO_AUTH = with_inputs(REDIS, authEnabled=False)
NO_TLS = with_inputs(REDIS, transitEncryptionMode="DISABLED")
UNSAID_TLS_REDIS = with_inputs(REDIS, transitEncryptionMode=REMOVED)
UNSAID_TLS = with_inputs(VALKEY, transitEncryptionMode=REMOVED)
OPEN_VALKEY = with_inputs(VALKEY, authorizationMode="AUTH_DISABLED")
PLAIN_VALKEY = with_inputs(VALKEY, transitEncryptionMode="TRANSIT_ENCRYPTION_DISABLED")

PUBLIC_KEY = with_inputs(KEY_GRANT, member=EVERYBODY)
ANY_ACCOUNT_KEY = with_inputs(KEY_GRANT, member="allAuthenticatedUsers")
STEADY_KEY = with_inputs(KEY, rotationPeriod=REMOVED)
SELDOM_KEY = with_inputs(KEY, rotationPeriod=f"{91 * DAY}s")
VERY_SELDOM_KEY = with_inputs(KEY, rotationPeriod=f"{101 * DAY}s")
TOO_MANY_USERS = with_key_users(3)

PUBLIC_SECRET = with_inputs(READER, member=EVERYBODY)
ANY_ACCOUNT_SECRET = with_inputs(READER, member="allAuthenticatedUsers")
ROTATED_SECRET = with_inputs(SECRET, rotation={"rotationPeriod": f"{90 * DAY}s"})
STEADY_SECRET = with_inputs(SECRET, rotation=REMOVED)
SELDOM_SECRET = with_inputs(SECRET, rotation={"rotationPeriod": f"{91 * DAY}s"})

DEFAULT_NETWORK = with_inputs(NETWORK, name="default")
LEGACY_NETWORK = with_inputs(NETWORK, autoCreateSubnetworks=REMOVED)
SUBNETS_EVERYWHERE = with_inputs(NETWORK, autoCreateSubnetworks=True)
SUBNETS_CHOSEN = with_inputs(NETWORK, autoCreateSubnetworks=False)
NO_DNS_LOG = (without("dns/policy:Policy"), with_inputs("dns/policy:Policy", enableLogging=False))
OTHER_DNS_LOG = with_inputs("dns/policy:Policy", networks=[{"networkUrl": "projects/p/other"}])
WITH_FLOW_LOG = with_inputs(SUBNET, logConfig=LOG)
NO_FLOW_LOG = with_inputs(SUBNET, logConfig=REMOVED)
NOT_PRIVATE = with_inputs(SUBNET, privateIpGoogleAccess=False)
PRIVATE_UNSAID = with_inputs(SUBNET, privateIpGoogleAccess=REMOVED)

ANYBODY = with_firewall()
ANYBODY_TAGGED = with_firewall(targetTags=["shop"])
WITH_RULE_LOG = with_inputs(FIREWALL, logConfig=LOG)
NO_RULE_LOG = with_inputs(FIREWALL, logConfig=REMOVED)
NOTHING_OUT = with_firewall(
    direction="EGRESS",
    sourceRanges=REMOVED,
    allows=REMOVED,
    denies=[{"protocol": "all"}],
    destinationRanges=["0.0.0.0/0"],
)
SOMETHING_OUT = with_inputs(FIREWALL, denies=[{"protocol": "tcp"}])
SOMEWHERE = with_inputs(FIREWALL, destinationRanges=["10.0.0.0/8"])
ALL_OUT = with_firewall(
    direction="EGRESS", sourceRanges=REMOVED, destinationRanges=["10.0.0.0/8", "0.0.0.0/0"]
)
ALL_PORTS_OUT = with_firewall(
    direction="EGRESS",
    sourceRanges=REMOVED,
    destinationRanges=["10.0.0.0/8"],
    allows=[{"protocol": "tcp", "ports": ["0-65535"]}],
)

ACTS_AS = with_inputs(ON_PROJECTS, role="roles/iam.serviceAccountUser")
MAKES_TOKENS = with_inputs(ON_PROJECTS, role="roles/iam.serviceAccountTokenCreator")
ADMIN = with_inputs(ON_PROJECTS, role="roles/redis.admin", member=SOMEBODY)
EDITOR = with_inputs(ON_PROJECTS, role="roles/editor", member=SOMEBODY)
DEFAULT_ACCOUNT = with_inputs(
    ON_PROJECTS, member="serviceAccount:123-compute@developer.gserviceaccount.com"
)
PERSONAL = with_inputs(READER, member="user:someone@gmail.com")
PERSON = with_inputs(READER, member="user:someone@example.com")
KEY_ADMIN_TOO = on(KEY, KEY_GRANT_TOKEN, "cryptoKeyId", "admin", role=ADMINISTERS, member=SOMEBODY)
KEY_USER_TOO = on(KEY, KEY_GRANT_TOKEN, "cryptoKeyId", "user", role=USES, member=SOMEBODY)
BOTH_DUTIES = both(KEY_ADMIN_TOO, KEY_USER_TOO)
BOTH_ABOVE = both(KEY_USER_TOO, with_resource(PROJECT_TOKEN, role=ADMINISTERS, member=SOMEBODY))

GOOGLES_KEY = with_inputs(REDIS, customerManagedKey=REMOVED)
ANYWHERE = with_resource("gcp:secretmanager/secret:Secret", replication={"auto": {}})

STARTS: Mapping[str, tuple[str, Mutation]] = {
    "secretmanager_secret_rotation_enabled": ("gcp-prod", ROTATED_SECRET),
    **dict.fromkeys(
        ("compute_network_dns_logging_enabled", "DNS_LOGGING_DISABLED", "2.12"),
        ("gcp-prod", with_names_recorded),
    ),
    **dict.fromkeys(
        ("compute_subnet_flow_logs_enabled", "FLOW_LOGS_DISABLED", "3.8", "GCP-0029", "GCP-0076"),
        ("gcp-prod", WITH_FLOW_LOG),
    ),
    "EGRESS_DENY_RULE_NOT_SET": ("gcp-prod", NOTHING_OUT),
    "FIREWALL_RULE_LOGGING_DISABLED": ("gcp-prod", WITH_RULE_LOG),
    "compute_network_auto_create_subnetwork_enabled": ("gcp-prod", SUBNETS_EVERYWHERE),
}
"""What makes a rule pass that passes in no stack."""

MUTATIONS: Mapping[str, tuple[Mutation, ...]] = {
    "CKV_GCP_95": (OPEN_VALKEY, with_inputs(VALKEY, authorizationMode=REMOVED)),
    "CKV_GCP_97": (PLAIN_VALKEY, UNSAID_TLS),
    "CKV_GCP_82": (unprotected,),
    "kms_key_not_publicly_accessible": (PUBLIC_KEY, ANY_ACCOUNT_KEY),
    "kms_key_rotation_enabled": (STEADY_KEY,),
    "kms_key_rotation_max_90_days": (STEADY_KEY, SELDOM_KEY),
    "secretmanager_secret_not_publicly_accessible": (PUBLIC_SECRET, ANY_ACCOUNT_SECRET),
    "secretmanager_secret_rotation_enabled": (STEADY_SECRET, SELDOM_SECRET),
    "compute_firewall_ssh_access_from_the_internet_allowed": port(22),
    "compute_firewall_rdp_access_from_the_internet_allowed": port(3389),
    "compute_network_default_in_use": (DEFAULT_NETWORK,),
    "compute_network_not_legacy": (LEGACY_NETWORK,),
    "compute_network_dns_logging_enabled": (*NO_DNS_LOG, OTHER_DNS_LOG),
    "compute_subnet_flow_logs_enabled": (NO_FLOW_LOG,),
    "iam_no_service_roles_at_project_level": (ACTS_AS, MAKES_TOKENS),
    "iam_role_kms_enforce_separation_of_duties": (BOTH_DUTIES, BOTH_ABOVE),
    "iam_sa_no_administrative_privileges": (ADMIN, EDITOR),
    "KMS_KEY_NOT_ROTATED": (STEADY_KEY, SELDOM_KEY),
    "KMS_PUBLIC_KEY": (PUBLIC_KEY, ANY_ACCOUNT_KEY),
    "KMS_ROLE_SEPARATION": (BOTH_DUTIES, BOTH_ABOVE),
    "KMS_PROJECT_HAS_OWNER": (
        with_resource(PROJECT_TOKEN, role="roles/owner", member="user:someone@example.com"),
    ),
    "TOO_MANY_KMS_USERS": (TOO_MANY_USERS, PUBLIC_KEY),
    "REDIS_ROLE_USED_ON_ORG": (
        with_resource(
            "gcp:organizations/iAMMember:IAMMember", role="roles/redis.admin", member=SOMEBODY
        ),
        with_resource("gcp:folder/iAMMember:IAMMember", role="roles/redis.viewer", member=SOMEBODY),
    ),
    "NON_ORG_IAM_MEMBER": (PERSONAL,),
    "OPEN_REDIS_PORT": port(6379),
    "OPEN_SSH_PORT": port(22, "sctp"),
    "OPEN_RDP_PORT": port(3389, "udp"),
    "OPEN_FIREWALL": (ANYBODY, ANYBODY_TAGGED, open_port(443)),
    "EGRESS_DENY_RULE_NOT_SET": (without(FIREWALL), SOMETHING_OUT, SOMEWHERE),
    "FIREWALL_RULE_LOGGING_DISABLED": (NO_RULE_LOG,),
    "DEFAULT_NETWORK": (DEFAULT_NETWORK,),
    "LEGACY_NETWORK": (LEGACY_NETWORK,),
    "DNS_LOGGING_DISABLED": (*NO_DNS_LOG, OTHER_DNS_LOG),
    "FLOW_LOGS_DISABLED": (NO_FLOW_LOG,),
    "PRIVATE_GOOGLE_ACCESS_DISABLED": (NOT_PRIVATE, PRIVATE_UNSAID),
    "PRIMITIVE_ROLES_USED": (EDITOR, with_inputs(ON_PROJECTS, role="roles/viewer")),
    "ADMIN_SERVICE_ACCOUNT": (ADMIN, EDITOR),
    "OVER_PRIVILEGED_SERVICE_ACCOUNT_USER": (ACTS_AS, MAKES_TOKENS),
    "1.1": (PERSONAL, with_inputs(READER, member="user:someone@googlemail.com")),
    "1.4": (with_resource("gcp:serviceaccount/key:Key"),),
    "1.5": (ADMIN, EDITOR),
    "1.6": (ACTS_AS, MAKES_TOKENS),
    "1.9": (PUBLIC_KEY, ANY_ACCOUNT_KEY),
    "1.10": (STEADY_KEY, SELDOM_KEY),
    "1.11": (BOTH_DUTIES, BOTH_ABOVE),
    "1.12": (with_resource("gcp:projects/apiKey:ApiKey"),),
    "2.12": (*NO_DNS_LOG, OTHER_DNS_LOG),
    "3.1": (DEFAULT_NETWORK,),
    "3.2": (LEGACY_NETWORK,),
    "3.6": port(22),
    "3.7": port(3389),
    "3.8": (NO_FLOW_LOG,),
    "GCP-0003": (PERSON, PERSONAL),
    "GCP-0006": (DEFAULT_ACCOUNT,),
    "GCP-0007": (ADMIN, EDITOR),
    "GCP-0011": (ACTS_AS, MAKES_TOKENS),
    "GCP-0069": (PERSONAL,),
    "GCP-0065": (STEADY_KEY, SELDOM_KEY),
    "GCP-0027": (ANYBODY, open_port(443)),
    "GCP-0035": (ALL_OUT,),
    "GCP-0070": port(3389),
    "GCP-0071": port(22),
    "GCP-0072": (ANYBODY, ALL_OUT, ALL_PORTS_OUT, with_firewall(allows=[{"protocol": "tcp"}])),
    "GCP-0073": (ANYBODY, with_firewall(sourceRanges=["10.128.0.0/9"])),
    "GCP-0074": (with_firewall(allows=[{"protocol": "tcp", "ports": ["6000-6031"]}]),),
    "GCP-0029": (NO_FLOW_LOG,),
    "GCP-0076": (NO_FLOW_LOG,),
    "GCP-0075": (NOT_PRIVATE, PRIVATE_UNSAID),
    "redis_instance_auth_enabled": (NO_AUTH, with_inputs(REDIS, authEnabled=REMOVED)),
    "redis_instance_encryption_in_transit_enabled": (NO_TLS, UNSAID_TLS_REDIS),
    "kms_key_prevent_destroy_enabled": (unprotected,),
    "cmek_rotation_one_hundred_days": (STEADY_KEY, VERY_SELDOM_KEY),
    "kms_key_users_limited_to_3": (TOO_MANY_USERS, PUBLIC_KEY),
    "denylist_public_users": (PUBLIC_SECRET, ANY_ACCOUNT_SECRET),
    "restrict_firewall_rule_world_open_tcp_udp_all_ports": (
        ANYBODY,
        ANYBODY_TAGGED,
        with_firewall(allows=[{"protocol": "udp", "ports": ["0-65535"]}]),
    ),
    "compute_firewall_rule_restrict_ingress_all_with_no_specific_target": (ANYBODY, open_port(443)),
    "enable_network_private_google_access": (NOT_PRIVATE, PRIVATE_UNSAID),
    "compute_network_auto_create_subnetwork_enabled": (SUBNETS_CHOSEN,),
    "gcp.restrictNonCmekServices": (GOOGLES_KEY,),
    "gcp.resourceLocations": (ANYWHERE, with_inputs(RING, location="global")),
}
"""What each rule of `rules` must notice."""


BROKEN = both(
    NO_AUTH,
    NO_TLS,
    NOT_PRIVATE,
    NO_FLOW_LOG,
    STEADY_KEY,
    PUBLIC_KEY,
    on(RING, RING_GRANT_TOKEN, "keyRingId", role=USES, member=EVERYBODY),
    *(
        with_firewall(f"port-{number}", allows=[{"protocol": "tcp", "ports": [str(number)]}])
        for number in (20, 21, 22, 80, 3306, 3389)
    ),
    with_firewall("all"),
)
WITHOUT_FIREWALL = without(FIREWALL)
BROKEN_ROLES = both(
    ACTS_AS,
    DEFAULT_ACCOUNT,
    with_resource(PROJECT_TOKEN, role="roles/editor", member=SOMEBODY, project="shop-prod"),
)
WHOLE = WITH_FLOW_LOG
"""What passes the rule of Checkov's that no stack passes."""
