"""Which of Checkov's rules the caches are held to, and what does not pass for a reason."""

from cloud.audit.rules import Accepted, Held

from .rules import AUTH, FIREWALL, GOOGLE, KEY, KEY_READERS, LOGS, ROLES, TLS

PORTS = {2: 22, 3: 3389, 75: 21, 77: 20, 88: 3306, 106: 80}
"""Ports of Checkov's rules about firewalls, by number of the rule."""

HELD = (
    Held("CKV_GCP_95", "Memorystore for Redis: clients must log in", AUTH),
    Held("CKV_GCP_97", "Memorystore for Redis: TLS is on", TLS),
    Held("CKV_GCP_43", "keys are rotated within 90 days", KEY),
    Held("CKV_GCP_112", "roles on keys: not for everybody", KEY_READERS),
    Held("CKV2_GCP_6", "keys: not everybody has a role", KEY_READERS),
    Held("CKV2_GCP_8", "key rings: not everybody has a role", KEY_READERS),
    Held("CKV_GCP_26", "subnets have flow logs", LOGS),
    Held("CKV_GCP_74", "subnets have Private Google Access", GOOGLE),
    Held("CKV2_GCP_18", "networks have firewall rules of their own", FIREWALL),
    Held("CKV2_GCP_12", "no firewall rule lets in everybody on all ports", FIREWALL),
    *(
        Held(f"CKV_GCP_{rule}", f"port {port} is not open to the internet", FIREWALL)
        for rule, port in PORTS.items()
    ),
    Held("CKV_GCP_41", "nobody may act as every service account of the project", ROLES),
    Held("CKV_GCP_42", "service accounts do not administer the project", ROLES),
    Held("CKV_GCP_46", "no role in the project for a default service account", ROLES),
    Held("CKV_GCP_49", "no role in the project with which accounts are managed", ROLES),
    Held("CKV_GCP_117", "no basic role in the project", ROLES),
)
"""Every rule of Checkov's that applies to a resource of a stack."""

OF_ROLES = tuple(f"CKV_GCP_{rule}" for rule in (41, 42, 46, 49, 117))
"""Those about roles in the project, which stacks with Valkey give."""

OF_FIREWALLS = "CKV2_GCP_18"
"""The one that looks at networks without firewall rules."""

NO_FLOW_LOGS = (
    "the package puts no machine into the subnet: whoever does decides whether what they send is "
    "recorded, which costs by volume. `network.adopt` takes a network whose subnets have flow logs"
)
NO_DNS_LOG = (
    "caches are reached by their addresses, no name is looked up; a network has one DNS policy, "
    "for everything in it, and it is its owner's"
)
NO_ROTATION = (
    "a rotation of Secret Manager sends a message at its time and changes nothing. An AUTH string "
    "lives as long as its cache: the next generation of `rotation` is another cache. Valkey has "
    "logins of IAM and no password"
)
WAY_OUT = (
    "the rules here close the way to caches for all but those who are named; to close every other "
    "way out would decide about all else that runs in the network"
)
NO_RULE_LOG = "the package has no setting for it: a line for each connection, paid by volume"
CHOSEN_SUBNETS = (
    "the rule wants subnets in every region, with addresses that nobody chose: the caches need one"
)
GOOGLES_KEY = (
    "data on disk are encrypted with a key of Google unless `gcp.customerManagedKey` is set, as "
    "for `sessions`"
)
ANYWHERE = "Google chooses where it keeps secrets unless `gcp.secretLocations` names regions"

FLOW_LOG_RULES = (
    "CKV_GCP_26", "compute_subnet_flow_logs_enabled", "FLOW_LOGS_DISABLED", "3.8", "GCP-0029",
    "GCP-0076",
)  # fmt: skip
DNS_LOG_RULES = ("compute_network_dns_logging_enabled", "DNS_LOGGING_DISABLED", "2.12")

ACCEPTED = (
    *(Accepted(rule, r"(google_compute_subnetwork\.)?network", NO_FLOW_LOGS)
      for rule in FLOW_LOG_RULES),
    *(Accepted(rule, "network", NO_DNS_LOG) for rule in DNS_LOG_RULES),
    Accepted("secretmanager_secret_rotation_enabled", r".+-(connection|url)", NO_ROTATION),
    Accepted("EGRESS_DENY_RULE_NOT_SET", "network", WAY_OUT),
    Accepted("FIREWALL_RULE_LOGGING_DISABLED", r".+-(clients|everybody-else)", NO_RULE_LOG),
    Accepted("compute_network_auto_create_subnetwork_enabled", "network", CHOSEN_SUBNETS),
    Accepted("gcp.restrictNonCmekServices", "cache|queue", GOOGLES_KEY),
    Accepted("gcp.resourceLocations", r".+-(connection|url)", ANYWHERE),
)  # fmt: skip
"""Findings in gcp-prod that stay."""

SAME = "as in production"

NO_RULES = (
    "a firewall rule is made where `access` names applications; without one Google's implied rules "
    "let nothing in and everything out"
)

ELSEWHERE = {
    "CKV2_GCP_18": NO_RULES,
    "EGRESS_DENY_RULE_NOT_SET": NO_RULES,
    "secretmanager_secret_rotation_enabled": SAME,
    "compute_network_auto_create_subnetwork_enabled": SAME,
    "gcp.restrictNonCmekServices": SAME,
    "gcp.resourceLocations": SAME,
    **dict.fromkeys((*FLOW_LOG_RULES, *DNS_LOG_RULES), SAME),
}
"""Rules, of Checkov and of `rules`, that the other stacks need not pass, and why."""
