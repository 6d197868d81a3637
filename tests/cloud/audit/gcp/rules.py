"""Published rules about Memorystore and what is around it, each as a small function.

Prowler, the Security Command Center and Steampipe look at live projects, and there is none here;
Trivy reads Terraform; Checkov has two rules for Memorystore for Redis, none for Valkey. So each
rule is written down here once, with what its own source asserts. Read from: Prowler of 2026-08;
Security Health Analytics' findings as the documentation of Google Security Operations lists them;
the CIS benchmark and the policy bundle as Turbot's compliance module for Google Cloud of 2026-05
has them, and its module for Terraform of 2025-08; Trivy's checks of 2026-08; Google's documentation
of organization policies.
"""

from collections.abc import Callable, Iterable

from cloud.audit.planned import Planned, PlannedStack
from cloud.audit.rules import CHECKOV, PROWLER, Holds, Rule, all_of, never

from . import facts

COMMAND_CENTER = "Security Command Center"
CIS = "CIS Google Cloud Platform Foundation 4.0.0"
TRIVY = "Trivy"
STEAMPIPE = "Steampipe"
ORGANIZATION = "Organization policy"

REDIS_CACHES = all_of("redis/instance:Instance")
VALKEY = all_of("memorystore/instance:Instance")
NETWORKS = all_of("compute/network:Network")
SUBNETS = all_of("Subnetwork")
FIREWALLS = all_of("Firewall")
KEYS = all_of("CryptoKey")
SECRETS = all_of("secretmanager/secret:Secret")
PROJECT_GRANTS = all_of(facts.ON_PROJECTS)
GRANTS_ABOVE = all_of(*facts.ABOVE_PROJECTS)
ACCOUNT_KEYS = all_of("serviceaccount/key:Key")
API_KEYS = all_of("projects/apiKey:ApiKey")

MOST_KEY_USERS = 3
"""Users of a key that are not too many."""

MOST_DAYS_FORSETI = 100
"""Days after which Forseti wants a key to be another one."""

MOST_PORTS = 30
"""Ports of one range that are not too many for Trivy."""

PERSONAL = tuple(
    f"@{domain}"
    for domain in (
        "aol.com", "gmail.com", "googlemail.com", "hotmail.com", "icloud.com", "mail.com",
        "outlook.com", "protonmail.com", "yahoo.com", "zoho.com",
    )
)  # fmt: skip
"""How addresses of people's own end: Trivy's domains, and the other one of gmail.com, which is all
that the Security Command Center knows."""

REGIONAL = {"europe", "asia", "us", "africa", "australia", "me", "northamerica", "southamerica"}
"""How the names of regions begin."""


def _each(test: Callable[[Planned], bool]) -> Holds:
    return lambda _stack, one: test(one)


def _is(key: str, wanted: object) -> Holds:
    return lambda _stack, one: one.inputs.get(key) == wanted


def _closed(port: int, *protocols: str) -> Holds:
    return lambda _stack, one: not facts.exposes(one, port, protocols or ("tcp",))


def _role(refused: Callable[[str], bool]) -> Holds:
    return lambda _stack, one: not refused(str(one.inputs["role"]))


def _not_public(stack: PlannedStack, one: Planned) -> bool:
    return not facts.members_on(stack, one) & facts.PUBLIC


def _few_users(stack: PlannedStack, one: Planned) -> bool:
    members = facts.members_on(stack, one)
    return not members & facts.PUBLIC and len(members) <= MOST_KEY_USERS


def _key_rotated(_stack: PlannedStack, one: Planned) -> bool:
    return facts.rotated(one.inputs.get("rotationPeriod"))


def _secret_rotated(_stack: PlannedStack, one: Planned) -> bool:
    return facts.rotated(facts.value(one, "rotation.rotationPeriod"))


def _not_default(_stack: PlannedStack, one: Planned) -> bool:
    return one.inputs.get("name") != "default"


def _duties_apart(stack: PlannedStack, one: Planned) -> bool:
    """Whether who has this role has not both kinds."""
    roles = {
        grant.inputs["role"]
        for grant in facts.grants(stack)
        if grant.inputs["member"] == one.inputs["member"]
    }
    return not (facts.KEY_ADMIN in roles and roles & facts.CRYPT)


def _key_grants(stack: PlannedStack) -> Iterable[Planned]:
    """Whatever is about keys: grants on them, and those of the project with such roles."""
    about = {*facts.CRYPT, facts.KEY_ADMIN}
    return [one for one in facts.grants(stack) if one.inputs["role"] in about]


def _account_no_admin(_stack: PlannedStack, one: Planned) -> bool:
    return not (facts.service_account(one) and facts.admin(str(one.inputs["role"])))


def _no_owner(stack: PlannedStack, _key: Planned) -> bool:
    return all(one.inputs["role"] != "roles/owner" for one in PROJECT_GRANTS(stack))


def _at_work(_stack: PlannedStack, one: Planned) -> bool:
    member = str(one.inputs["member"])
    return not (member.startswith("user:") and member.endswith(PERSONAL))


def _no_person(_stack: PlannedStack, one: Planned) -> bool:
    return not str(one.inputs["member"]).startswith("user:")


def _own_account(_stack: PlannedStack, one: Planned) -> bool:
    return not str(one.inputs["member"]).endswith(facts.DEFAULT_ACCOUNTS)


def _member_not_public(_stack: PlannedStack, one: Planned) -> bool:
    return one.inputs["member"] not in facts.PUBLIC


def _denies_the_rest(stack: PlannedStack, one: Planned) -> bool:
    return any(facts.denies_the_rest(rule) for rule in facts.firewalls(stack, one))


def _not_open(_stack: PlannedStack, one: Planned) -> bool:
    return not facts.open_to_everybody(one)


def _not_open_without_target(_stack: PlannedStack, one: Planned) -> bool:
    return facts.targeted(one) or not facts.open_to_everybody(one)


def _no_way_everywhere(_stack: PlannedStack, one: Planned) -> bool:
    to = one.inputs.get("destinationRanges") or ["0.0.0.0/0"]
    lets_out = not facts.incoming(one) and facts.active(one) and bool(facts.allowed(one))
    return not (lets_out and facts.everything(to))


def _some_ports(_stack: PlannedStack, one: Planned) -> bool:
    return not (facts.active(one) and any(facts.all_ports(rule) for rule in facts.allowed(one)))


def _not_all_in(_stack: PlannedStack, one: Planned) -> bool:
    lets_in = facts.open_to_everybody(one)
    return not (lets_in and any(facts.all_ports(rule) for rule in facts.allowed(one)))


def _no_default_rule(_stack: PlannedStack, one: Planned) -> bool:
    lets_in = facts.incoming(one) and facts.active(one) and bool(facts.allowed(one))
    from_where = facts.sources(one)
    return not (lets_in and ("10.128.0.0/9" in from_where or facts.everything(from_where)))


def _short_ranges(_stack: PlannedStack, one: Planned) -> bool:
    spans = [facts.span(text) for rule in facts.allowed(one) for text in rule.get("ports") or ()]
    return not (facts.incoming(one) and any(high - low > MOST_PORTS for low, high in spans))


def _in_a_region(_stack: PlannedStack, one: Planned) -> bool:
    replicas = facts.value(one, "replication.userManaged.replicas")
    if one.type.endswith(":Secret"):
        return bool(replicas)
    place = one.inputs.get("region") or one.inputs.get("location") or "global"
    return place.partition("-")[0] in REGIONAL


def _placed(stack: PlannedStack) -> Iterable[Planned]:
    return [*facts.caches(stack), *stack.of("KeyRing", "Subnetwork"), *SECRETS(stack)]


AUTH = "always: an AUTH string, or IAM with Valkey"
TLS = "always: TLS only"
KEY = "a key that the package makes is rotated every 90 days"
PROTECT = "`protect`: on in production"
KEY_READERS = "the service's own account alone gets a role on a key that the package makes"
MEMBERS = "roles go to those whom `access.secretReaders` and `gcp.principals` name"
READERS = "`access.secretReaders`: allUsers and allAuthenticatedUsers are refused"
ROTATION = "no automatic rotation: `rotation.generation`, or Valkey with logins of IAM"
FIREWALL = "`access.networkTags`, `access.serviceAccounts`: rules for what goes out only"
NETWORK = "always: a network with a name of its own and subnets that were chosen"
LOGS = "the package turns none on; `network.adopt` takes a network that has them"
GOOGLE = "always: Private Google Access"
DNS = "the package makes no DNS policy; `network.adopt` takes a network that has one"
ROLES = "one role, on one cache: `gcp.principals`"
OWN_KEY = "`gcp.customerManagedKey`"
PLACE = "the stack's region; secrets with `gcp.secretLocations`"
NOTHING = "the package makes none"

HERE = "(evaluated here: Checkov's own is about Memorystore for Redis)"
SSH, RDP, REDIS = 22, 3389, 6379

RULES = (
    Rule(CHECKOV, "CKV_GCP_95", f"clients must log in {HERE}", AUTH, VALKEY, _each(facts.logins)),
    Rule(
        CHECKOV,
        "CKV_GCP_97",
        f"TLS is on {HERE}",
        TLS,
        VALKEY,
        _each(facts.encrypted_in_transit),
    ),
    Rule(
        CHECKOV,
        "CKV_GCP_82",
        "keys cannot be deleted by mistake (evaluated here: a plan does not tell it)",
        PROTECT,
        KEYS,
        lambda _, one: one.protect,
    ),
    Rule(
        PROWLER,
        "kms_key_not_publicly_accessible",
        "keys: not everybody has a role",
        KEY_READERS,
        KEYS,
        _not_public,
    ),
    Rule(
        PROWLER,
        "kms_key_rotation_enabled",
        "keys are rotated",
        KEY,
        KEYS,
        lambda _, one: bool(one.inputs.get("rotationPeriod")),
    ),
    Rule(
        PROWLER,
        "kms_key_rotation_max_90_days",
        "keys are rotated within 90 days; that the next time is as near shows in a project only",
        KEY,
        KEYS,
        _key_rotated,
    ),
    Rule(
        PROWLER,
        "secretmanager_secret_not_publicly_accessible",
        "secrets: not everybody has a role",
        READERS,
        SECRETS,
        _not_public,
    ),
    Rule(
        PROWLER,
        "secretmanager_secret_rotation_enabled",
        "secrets have a rotation within 90 days; that it is not overdue shows in a project only",
        ROTATION,
        SECRETS,
        _secret_rotated,
    ),
    Rule(
        PROWLER,
        "compute_firewall_ssh_access_from_the_internet_allowed",
        "port 22 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(SSH),
    ),
    Rule(
        PROWLER,
        "compute_firewall_rdp_access_from_the_internet_allowed",
        "port 3389 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(RDP),
    ),
    Rule(
        PROWLER,
        "compute_network_default_in_use",
        "no network with the name default",
        NETWORK,
        NETWORKS,
        _not_default,
    ),
    Rule(
        PROWLER,
        "compute_network_not_legacy",
        "networks have subnets",
        NETWORK,
        NETWORKS,
        lambda _, one: "autoCreateSubnetworks" in one.inputs,
    ),
    Rule(
        PROWLER,
        "compute_network_dns_logging_enabled",
        "a DNS policy of the network writes a log",
        DNS,
        NETWORKS,
        facts.names_recorded,
    ),
    Rule(
        PROWLER,
        "compute_subnet_flow_logs_enabled",
        "subnets have flow logs",
        LOGS,
        SUBNETS,
        _each(facts.logged),
    ),
    Rule(
        PROWLER,
        "iam_no_service_roles_at_project_level",
        "nobody may act as every service account of the project",
        ROLES,
        PROJECT_GRANTS,
        _role(facts.IMPERSONATION.__contains__),
    ),
    Rule(
        PROWLER,
        "iam_role_kms_enforce_separation_of_duties",
        "who administers keys does not use them; roles on single keys count here too",
        KEY_READERS,
        _key_grants,
        _duties_apart,
    ),
    Rule(
        PROWLER,
        "iam_sa_no_administrative_privileges",
        "service accounts do not administer the project",
        ROLES,
        PROJECT_GRANTS,
        _account_no_admin,
    ),
    Rule(
        COMMAND_CENTER,
        "KMS_KEY_NOT_ROTATED",
        "keys are rotated within 90 days",
        KEY,
        KEYS,
        _key_rotated,
    ),
    Rule(
        COMMAND_CENTER,
        "KMS_PUBLIC_KEY",
        "keys: not everybody has a role",
        KEY_READERS,
        KEYS,
        _not_public,
    ),
    Rule(
        COMMAND_CENTER,
        "KMS_ROLE_SEPARATION",
        "who administers keys does not use them",
        KEY_READERS,
        _key_grants,
        _duties_apart,
    ),
    Rule(
        COMMAND_CENTER,
        "KMS_PROJECT_HAS_OWNER",
        "nobody is made an owner of the project that has keys",
        NOTHING,
        KEYS,
        _no_owner,
    ),
    Rule(
        COMMAND_CENTER,
        "TOO_MANY_KMS_USERS",
        "three users of a key at most",
        KEY_READERS,
        KEYS,
        _few_users,
    ),
    Rule(
        COMMAND_CENTER,
        "REDIS_ROLE_USED_ON_ORG",
        "no role about Redis on a folder or an organization",
        NOTHING,
        GRANTS_ABOVE,
        _role(lambda role: role.startswith("roles/redis.")),
    ),
    Rule(
        COMMAND_CENTER,
        "NON_ORG_IAM_MEMBER",
        "no personal accounts: asked of everyone who gets a role here",
        MEMBERS,
        facts.grants,
        _at_work,
    ),
    Rule(
        COMMAND_CENTER,
        "OPEN_REDIS_PORT",
        "port 6379 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(REDIS),
    ),
    Rule(
        COMMAND_CENTER,
        "OPEN_SSH_PORT",
        "port 22 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(SSH, "tcp", "sctp"),
    ),
    Rule(
        COMMAND_CENTER,
        "OPEN_RDP_PORT",
        "port 3389 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(RDP, "tcp", "udp"),
    ),
    Rule(
        COMMAND_CENTER,
        "OPEN_FIREWALL",
        "no firewall rule lets in everybody",
        FIREWALL,
        FIREWALLS,
        _not_open,
    ),
    Rule(
        COMMAND_CENTER,
        "EGRESS_DENY_RULE_NOT_SET",
        "a firewall rule of the network denies what is not allowed to go out",
        "a rule that denies the way to each cache; none for other places",
        NETWORKS,
        _denies_the_rest,
    ),
    Rule(
        COMMAND_CENTER,
        "FIREWALL_RULE_LOGGING_DISABLED",
        "firewall rules write a log",
        "the package turns none on",
        FIREWALLS,
        _each(facts.logged),
    ),
    Rule(
        COMMAND_CENTER,
        "DEFAULT_NETWORK",
        "no network with the name default",
        NETWORK,
        NETWORKS,
        _not_default,
    ),
    Rule(
        COMMAND_CENTER,
        "LEGACY_NETWORK",
        "networks have subnets",
        NETWORK,
        NETWORKS,
        lambda _, one: "autoCreateSubnetworks" in one.inputs,
    ),
    Rule(
        COMMAND_CENTER,
        "DNS_LOGGING_DISABLED",
        "a DNS policy of the network writes a log",
        DNS,
        NETWORKS,
        facts.names_recorded,
    ),
    Rule(
        COMMAND_CENTER,
        "FLOW_LOGS_DISABLED",
        "subnets have flow logs",
        LOGS,
        SUBNETS,
        _each(facts.logged),
    ),
    Rule(
        COMMAND_CENTER,
        "PRIVATE_GOOGLE_ACCESS_DISABLED",
        "machines without an address on the internet reach Google's services",
        GOOGLE,
        SUBNETS,
        _is("privateIpGoogleAccess", True),
    ),
    Rule(
        COMMAND_CENTER,
        "PRIMITIVE_ROLES_USED",
        "no basic role in the project",
        ROLES,
        PROJECT_GRANTS,
        _role(facts.BASIC.__contains__),
    ),
    Rule(
        COMMAND_CENTER,
        "ADMIN_SERVICE_ACCOUNT",
        "service accounts do not administer the project",
        ROLES,
        PROJECT_GRANTS,
        _account_no_admin,
    ),
    Rule(
        COMMAND_CENTER,
        "OVER_PRIVILEGED_SERVICE_ACCOUNT_USER",
        "nobody may act as every service account of the project",
        ROLES,
        PROJECT_GRANTS,
        _role(facts.IMPERSONATION.__contains__),
    ),
    Rule(
        CIS,
        "1.1",
        "no personal accounts: asked of everyone who gets a role here",
        MEMBERS,
        facts.grants,
        _at_work,
    ),
    Rule(CIS, "1.4", "service accounts have no keys of users", NOTHING, ACCOUNT_KEYS, never),
    Rule(
        CIS,
        "1.5",
        "service accounts do not administer the project",
        ROLES,
        PROJECT_GRANTS,
        _account_no_admin,
    ),
    Rule(
        CIS,
        "1.6",
        "nobody may act as every service account of the project",
        ROLES,
        PROJECT_GRANTS,
        _role(facts.IMPERSONATION.__contains__),
    ),
    Rule(CIS, "1.9", "keys: not everybody has a role", KEY_READERS, KEYS, _not_public),
    Rule(CIS, "1.10", "keys are rotated within 90 days", KEY, KEYS, _key_rotated),
    Rule(
        CIS,
        "1.11",
        "who administers keys does not use them",
        KEY_READERS,
        _key_grants,
        _duties_apart,
    ),
    Rule(CIS, "1.12", "no API keys", NOTHING, API_KEYS, never),
    Rule(
        CIS,
        "2.12",
        "a DNS policy of the network writes a log",
        DNS,
        NETWORKS,
        facts.names_recorded,
    ),
    Rule(CIS, "3.1", "no network with the name default", NETWORK, NETWORKS, _not_default),
    Rule(
        CIS,
        "3.2",
        "networks have subnets",
        NETWORK,
        NETWORKS,
        lambda _, one: "autoCreateSubnetworks" in one.inputs,
    ),
    Rule(CIS, "3.6", "port 22 is not open to the internet", FIREWALL, FIREWALLS, _closed(SSH)),
    Rule(CIS, "3.7", "port 3389 is not open to the internet", FIREWALL, FIREWALLS, _closed(RDP)),
    Rule(CIS, "3.8", "subnets have flow logs", LOGS, SUBNETS, _each(facts.logged)),
    Rule(
        TRIVY,
        "GCP-0003",
        "no role for a person: asked of every role that is given here",
        MEMBERS,
        facts.grants,
        _no_person,
    ),
    Rule(
        TRIVY,
        "GCP-0006",
        "no role in the project for a default service account",
        ROLES,
        PROJECT_GRANTS,
        _own_account,
    ),
    Rule(
        TRIVY,
        "GCP-0007",
        "service accounts have no privileged role in the project",
        ROLES,
        PROJECT_GRANTS,
        _account_no_admin,
    ),
    Rule(
        TRIVY,
        "GCP-0011",
        "nobody may act as every service account of the project",
        ROLES,
        PROJECT_GRANTS,
        _role(facts.IMPERSONATION.__contains__),
    ),
    Rule(
        TRIVY,
        "GCP-0069",
        "no personal accounts: asked of everyone who gets a role here",
        MEMBERS,
        facts.grants,
        _at_work,
    ),
    Rule(TRIVY, "GCP-0065", "keys are rotated within 90 days", KEY, KEYS, _key_rotated),
    Rule(
        TRIVY,
        "GCP-0027",
        "no firewall rule without a target lets in everybody",
        FIREWALL,
        FIREWALLS,
        _not_open_without_target,
    ),
    Rule(
        TRIVY,
        "GCP-0035",
        "no firewall rule lets anything out to everywhere",
        "rules lead to the addresses of one cache",
        FIREWALLS,
        _no_way_everywhere,
    ),
    Rule(
        TRIVY,
        "GCP-0070",
        "port 3389 is not open to the internet",
        FIREWALL,
        FIREWALLS,
        _closed(RDP),
    ),
    Rule(
        TRIVY, "GCP-0071", "port 22 is not open to the internet", FIREWALL, FIREWALLS, _closed(SSH)
    ),
    Rule(
        TRIVY,
        "GCP-0072",
        "no firewall rule allows all ports",
        "rules name the ports of one cache",
        FIREWALLS,
        _some_ports,
    ),
    Rule(
        TRIVY,
        "GCP-0073",
        "no firewall rule like those of the default network",
        FIREWALL,
        FIREWALLS,
        _no_default_rule,
    ),
    Rule(
        TRIVY,
        "GCP-0074",
        "no incoming rule with more than 30 ports in a range",
        FIREWALL,
        FIREWALLS,
        _short_ranges,
    ),
    Rule(TRIVY, "GCP-0029", "subnets have flow logs", LOGS, SUBNETS, _each(facts.logged)),
    Rule(TRIVY, "GCP-0076", "flow logs of subnets are set up", LOGS, SUBNETS, _each(facts.logged)),
    Rule(
        TRIVY,
        "GCP-0075",
        "machines without an address on the internet reach Google's services",
        GOOGLE,
        SUBNETS,
        _is("privateIpGoogleAccess", True),
    ),
    Rule(
        STEAMPIPE,
        "redis_instance_auth_enabled",
        "Memorystore for Redis: clients must log in",
        AUTH,
        REDIS_CACHES,
        _each(facts.logins),
    ),
    Rule(
        STEAMPIPE,
        "redis_instance_encryption_in_transit_enabled",
        "Memorystore for Redis: TLS is on",
        TLS,
        REDIS_CACHES,
        _each(facts.encrypted_in_transit),
    ),
    Rule(
        STEAMPIPE,
        "kms_key_prevent_destroy_enabled",
        "keys cannot be deleted by mistake",
        PROTECT,
        KEYS,
        lambda _, one: one.protect,
    ),
    Rule(
        STEAMPIPE,
        "cmek_rotation_one_hundred_days",
        "keys are rotated within 100 days",
        KEY,
        KEYS,
        lambda _, one: facts.rotated(one.inputs.get("rotationPeriod"), MOST_DAYS_FORSETI),
    ),
    Rule(
        STEAMPIPE,
        "kms_key_users_limited_to_3",
        "three users of a key at most",
        KEY_READERS,
        KEYS,
        _few_users,
    ),
    Rule(
        STEAMPIPE,
        "denylist_public_users",
        "no role for everybody: asked of every role that is given here",
        READERS,
        facts.grants,
        _member_not_public,
    ),
    Rule(
        STEAMPIPE,
        "restrict_firewall_rule_world_open_tcp_udp_all_ports",
        "no firewall rule lets in everybody on all ports (its title; the module looks at 3389)",
        FIREWALL,
        FIREWALLS,
        _not_all_in,
    ),
    Rule(
        STEAMPIPE,
        "compute_firewall_rule_restrict_ingress_all_with_no_specific_target",
        "no firewall rule without a target lets in everybody",
        FIREWALL,
        FIREWALLS,
        _not_open_without_target,
    ),
    Rule(
        STEAMPIPE,
        "enable_network_private_google_access",
        "machines without an address on the internet reach Google's services",
        GOOGLE,
        SUBNETS,
        _is("privateIpGoogleAccess", True),
    ),
    Rule(
        STEAMPIPE,
        "compute_network_auto_create_subnetwork_enabled",
        "networks get a subnet in every region by themselves",
        "never: the network has the one subnet that was asked for",
        NETWORKS,
        _is("autoCreateSubnetworks", True),
    ),
    Rule(
        ORGANIZATION,
        "gcp.restrictNonCmekServices",
        "data on disk are encrypted with a key of the customer: asked of caches",
        OWN_KEY,
        facts.caches,
        _each(facts.own_key),
    ),
    Rule(
        ORGANIZATION,
        "gcp.resourceLocations",
        "everything is in a region that can be named",
        PLACE,
        _placed,
        _in_a_region,
    ),
)
