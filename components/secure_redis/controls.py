"""The controls as data: each one rule that can be checked, and where standards ask for it.

The doctor, the evidence, the pages and rules over planned resources all read this one table. It
imports nothing but the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HIPAA = "HIPAA 45 CFR"
PCI = "PCI DSS 4.0.1"
NIST_53 = "NIST SP 800-53 r5"
NIST_52 = "NIST SP 800-52 r2"
SOC2 = "SOC 2"
ASVS = "OWASP ASVS 5.0"
CIS = "CIS AWS Database Services 1.0"
STIG = "DISA STIG Redis Enterprise 6.x"
CHECKOV = "Checkov"
SECURITY_HUB = "AWS Security Hub"
PROWLER = "Prowler"
TRIVY = "Trivy"

STANDARDS: Mapping[str, str] = MappingProxyType(
    {
        HIPAA: "Security Rule of the United States for health data, part 164",
        PCI: "the payment card industry's requirements, by number",
        NIST_53: "security and privacy controls of the United States' administration",
        NIST_52: "how that administration configures TLS, by section",
        SOC2: "trust services criteria of the AICPA, 2017",
        ASVS: "application security verification standard of OWASP, by number",
        CIS: "benchmark of the Center for Internet Security, chapter 5 about ElastiCache",
        STIG: "guide of the United States' Department of Defense, by finding",
        CHECKOV: "rules of the scanner for infrastructure as code",
        SECURITY_HUB: "rules of the AWS service for its own ElastiCache",
        PROWLER: "checks of the scanner for cloud accounts",
        TRIVY: "checks of the scanner, for infrastructure as code",
    }
)
"""Every standard that controls name, and what it is, in the order in which they are shown."""

CAUTIONS: tuple[str, ...] = (
    (
        "Evidence is not certification. It says what was declared and what was seen at one time; "
        "whether a requirement is met is for an assessor to say, over all of the system and its "
        "people."
    ),
    (
        "Which requirements a control bears on is this project's own reading of the standards. "
        "Most of them ask for more than a Redis can give, and a control that is met covers its "
        "own part alone."
    ),
    (
        "A cloud's own attestations, such as a business associate agreement for HIPAA or an "
        "attestation of compliance for PCI DSS, are between you and the cloud. Nothing here "
        "stands in for them."
    ),
    (
        "PCI DSS 4.2.1 is about open, public networks. Traffic that stays in a private network is "
        "not its subject; there 2.2.7 (administrative access) and 8.3.2 (passwords on their way) "
        "ask for encryption."
    ),
    (
        "HIPAA 164.312(e)(2)(ii) and 164.312(a)(2)(iv) are addressable: encrypt, or write down "
        "why not and what is done in its place."
    ),
    (
        "ChaCha20-Poly1305 is not among the cipher suites of NIST SP 800-52 r2. Where that guide "
        "applies, set `tlsProfile: fips`, which leaves it out; that the library behind it is "
        "validated by FIPS 140 is another requirement, which nothing here looks at."
    ),
    (
        "Redis keeps passwords of its users as SHA-256 without a salt. By the letter that does "
        "not meet V-251223, which asks for salted hashes; generated passwords of 48 characters "
        "make it harmless."
    ),
    (
        "The STIG is about Redis Enterprise 6.x and the chapter of CIS about ElastiCache. Beyond "
        "them they are a measure, not a requirement. No benchmark of CIS for Redis itself was "
        "found."
    ),
    (
        "Checkov, Prowler, Trivy and Security Hub have no rules of their own about Azure Managed "
        "Redis or Memorystore for Valkey; there their ids name the rule for the service that "
        "comes nearest."
    ),
    (
        "That passwords are replaced within 90 days is a default of this project. PCI DSS 8.3.9 "
        "says 90 days of people's passwords that are their only factor; of those of applications, "
        "8.6.3 wants a period that follows from your own analysis of risks."
    ),
)
"""What must be said wherever controls are shown beside standards."""


@dataclass(frozen=True)
class Control:
    """One rule that can be checked. Holds no secret."""

    id: str
    """RDS-, the subject (TLS, AUTH, NET, DATA, OPS or SEC) and a number; never given twice."""
    title: str
    """What holds when it is met, a few words."""
    statement: str
    """The same, so that it can be judged: one or two sentences."""
    checks: tuple[str, ...]
    """Ids of the doctor's checks that observe it, D01 to D26."""
    settings: tuple[str, ...]
    """Keys of the stack file that bear on it, as docs/reference.md names them."""
    standards: Mapping[str, tuple[str, ...]]
    """Requirements and rules that ask for it, by the names in `STANDARDS`."""


def _control(
    id_: str,
    title: str,
    statement: str,
    *,
    checks: str,
    settings: tuple[str, ...] = (),
    standards: Mapping[str, str],
) -> Control:
    """A control from words: `checks` are split at spaces, requirements at commas."""
    return Control(
        id=id_,
        title=title,
        statement=statement,
        checks=tuple(checks.split()),
        settings=settings,
        standards=MappingProxyType(
            {
                name: tuple(one.strip() for one in standards[name].split(","))
                for name in STANDARDS
                if name in standards
            }
        ),
    )


def _cache(*keys: str) -> tuple[str, ...]:
    return tuple(f"caches.<name>.{key}" for key in keys)


_TABLE = (
    _control(
        "RDS-TLS-01",
        "traffic is encrypted and plaintext is refused",
        "Clients reach the server by TLS only. The same port and the other usual ports of the host "
        "answer nothing in the clear, and what applications are given asks for TLS.",
        checks="D01 D05 D14 D15 D25",
        settings=_cache("mode", "aws.transitEncryption"),
        standards={
            HIPAA: "164.312(e)(1), 164.312(e)(2)(ii)",
            PCI: "2.2.7, 4.2.1, 8.3.2",
            NIST_53: "SC-8, SC-8(1), SC-23",
            NIST_52: "3.1",
            SOC2: "CC6.7",
            ASVS: "12.3.1",
            CIS: "5.3",
            STIG: "V-251215, V-251248, V-251249",
            CHECKOV: "CKV_AWS_30, CKV_AZURE_91, CKV_GCP_97",
            SECURITY_HUB: "ElastiCache.5",
            PROWLER: "elasticache_redis_cluster_in_transit_encryption_enabled",
            TRIVY: "AWS-0051",
        },
    ),
    _control(
        "RDS-TLS-02",
        "only current TLS versions and strong ciphers are accepted",
        "The server accepts TLS 1.2 and 1.3 alone, and suites with forward secrecy and "
        "authenticated encryption alone; with the profile fips, only those that NIST approves.",
        checks="D09 D25",
        settings=_cache("tlsProfile"),
        standards={
            HIPAA: "164.312(e)(2)(i), 164.312(e)(2)(ii)",
            PCI: "4.2.1, 12.3.3",
            NIST_53: "SC-8(1), SC-13",
            NIST_52: "3.1, 3.3",
            SOC2: "CC6.7",
            ASVS: "12.1.1, 12.1.2",
            STIG: "V-251229, V-251248, V-251249",
            CHECKOV: "CKV_AZURE_148",
        },
    ),
    _control(
        "RDS-TLS-03",
        "clients verify the server's certificate",
        "The certificate chains to a CA that clients are given or that their systems trust, and "
        "names the host by which they connect. Nothing that they are given turns that off.",
        checks="D01 D02 D06 D07 D24 D25",
        settings=_cache(
            "docker.advertisedHost",
            "docker.hostNames",
            "docker.certificates.server",
            "external.authority",
            "external.tlsServerName",
            "external.tlsVerify",
        ),
        standards={
            HIPAA: "164.312(d), 164.312(e)(2)(i)",
            PCI: "4.2.1",
            NIST_53: "IA-3, SC-8, SC-17, SC-23",
            NIST_52: "4.5",
            SOC2: "CC6.1, CC6.7",
            ASVS: "12.3.2, 12.3.4",
            STIG: "V-251225",
        },
    ),
    _control(
        "RDS-TLS-04",
        "certificates are strong and renewed in time",
        "Certificates of server and CA are valid and have more than 30 days left, are signed with "
        "SHA-2 and have RSA keys of 2048 bits or elliptic curves of 256 at least.",
        checks="D02 D08 D25",
        settings=_cache(
            "docker.certificates.authority",
            "docker.certificates.renewBeforeDays",
            "docker.certificates.server",
            "docker.certificates.validityDays",
        ),
        standards={
            HIPAA: "164.312(e)(1)",
            PCI: "4.2.1, 4.2.1.1",
            NIST_53: "SC-12, SC-17",
            NIST_52: "3.2",
            SOC2: "CC7.1",
            ASVS: "12.1.1, 12.3.4",
            STIG: "V-251225",
        },
    ),
    _control(
        "RDS-TLS-05",
        "client certificates are asked for where they are declared",
        "In the mode mtls the server lets nobody in without a certificate that it has verified; in "
        "other modes it asks for none that clients do not have.",
        checks="D02 D10",
        settings=_cache("mode", "docker.certificates.authority", "external.client"),
        standards={
            HIPAA: "164.312(d)",
            PCI: "8.3.1",
            NIST_53: "IA-3, IA-5(2), SC-23",
            NIST_52: "3.5, 4.2",
            SOC2: "CC6.1",
            ASVS: "12.1.3, 12.3.5",
            STIG: "V-251225, V-251227",
        },
    ),
    _control(
        "RDS-AUTH-01",
        "nobody gets in without a login",
        "The server refuses every command before a login, and a login with a wrong password. No "
        "user is without one.",
        checks="D11 D12 D13 D25",
        settings=_cache("mode", "aws.auth", "azure.auth", "gcp.principals"),
        standards={
            HIPAA: "164.312(a)(1), 164.312(d)",
            PCI: "8.2.1, 8.3.1",
            NIST_53: "AC-3, IA-2",
            SOC2: "CC6.1",
            ASVS: "13.2.1",
            CIS: "5.1, 5.8",
            STIG: "V-251186, V-251222, V-251228",
            CHECKOV: "CKV_AWS_31, CKV_GCP_95",
            SECURITY_HUB: "ElastiCache.6",
            PROWLER: "elasticache_redis_replication_group_auth_enabled",
        },
    ),
    _control(
        "RDS-AUTH-02",
        "passwords are generated and long",
        "Passwords are generated, have 32 characters or more and are nobody's default. What we "
        "make has 48 of letters and digits, so that every client reads it.",
        checks="D01 D25",
        settings=_cache("external.password", "rotation.generation"),
        standards={
            HIPAA: "164.308(a)(5)(ii)(D), 164.312(d)",
            PCI: "2.2.2, 8.3.6",
            NIST_53: "IA-5(1)",
            SOC2: "CC6.1",
            ASVS: "13.2.3",
            STIG: "V-251223",
        },
    ),
    _control(
        "RDS-AUTH-03",
        "the application's user has no more rights than it needs",
        "Applications log in as a user of their own, who can neither administer the server nor "
        "empty it. The user `default` is off, where the service has users.",
        checks="D13 D21 D25",
        settings=_cache("aws.auth", "external.username"),
        standards={
            HIPAA: "164.308(a)(4), 164.312(a)(1), 164.312(a)(2)(i)",
            PCI: "7.2.1, 7.2.5, 8.2.1",
            NIST_53: "AC-3, AC-6, IA-2",
            SOC2: "CC6.1, CC6.3",
            ASVS: "13.2.2",
            CIS: "5.8",
            STIG: "V-251186, V-251187, V-251188, V-251222",
        },
    ),
    _control(
        "RDS-AUTH-04",
        "credentials are replaced in time, and everywhere",
        "The password is not older than the days that are declared, and applications have the one "
        "that the stack has.",
        checks="D13 D22 D24",
        settings=_cache(
            "aws.automaticRotation",
            "azure.activeKey",
            "azure.secretExpires",
            "external.issuedAt",
            "rotation.generation",
            "rotation.keepPrevious",
            "rotationDays",
        ),
        standards={
            HIPAA: "164.308(a)(5)(ii)(D)",
            PCI: "8.3.9, 8.6.3",
            NIST_53: "IA-5(1)",
            SOC2: "CC6.1",
            ASVS: "13.1.4, 13.3.4",
            STIG: "V-251224",
            CHECKOV: "CKV_AWS_304, CKV2_AWS_57, CKV_AZURE_41",
        },
    ),
    _control(
        "RDS-AUTH-05",
        "one kind of login is open, to named identities",
        "Where logins are tokens of the cloud's identities, passwords and keys let nobody in, and "
        "who may log in is named one by one.",
        checks="D25",
        settings=_cache("aws.auth", "azure.auth", "azure.principalIds", "gcp.principals"),
        standards={
            HIPAA: "164.312(a)(2)(i), 164.312(d)",
            PCI: "7.2.5, 8.2.1, 8.6.2",
            NIST_53: "AC-2, IA-2, IA-9",
            SOC2: "CC6.1",
            ASVS: "13.2.1",
            CIS: "5.8",
            STIG: "V-251222, V-251227",
        },
    ),
    _control(
        "RDS-NET-01",
        "there is no way in from the internet",
        "The cache has private addresses only and no source of its access rules is the whole "
        "internet. On a laptop it listens on loopback only.",
        checks="D03 D25 D26",
        settings=("exceptions", *_cache("azure.publicAccess", "docker.publishAddress")),
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "1.4.1, 1.4.4",
            NIST_53: "AC-4, SC-7",
            SOC2: "CC6.6",
            ASVS: "13.2.4",
            CIS: "5.1, 5.2",
            CHECKOV: "CKV_AWS_277, CKV_AZURE_89",
            PROWLER: "ec2_instance_port_redis_exposed_to_internet, "
            "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379, "
            "elasticache_cluster_uses_public_subnet",
        },
    ),
    _control(
        "RDS-NET-02",
        "only named sources reach it",
        "Access rules name the applications' networks, groups or machines and the cache's own "
        "port, and let nothing else in.",
        checks="D25",
        settings=(
            "access.cidrs",
            "access.networkTags",
            "access.prefixListIds",
            "access.securityGroupIds",
            "access.serviceAccounts",
            *_cache("azure.classic.firewallRules"),
        ),
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "1.3.1, 1.3.2, 1.4.1",
            NIST_53: "AC-4, SC-7, SC-7(5)",
            SOC2: "CC6.6",
            ASVS: "13.2.4",
            CIS: "5.1",
            CHECKOV: "CKV_AWS_23, CKV_AWS_382, CKV2_AWS_5, CKV2_AZURE_31",
            TRIVY: "AWS-0049",
        },
    ),
    _control(
        "RDS-NET-03",
        "it lives in a private network of its owner",
        "The cache is in subnets, or behind a private endpoint, of a network that the stack made "
        "or adopted, and applications reach it there.",
        checks="D25",
        settings=(
            "network.adopt.networkId",
            "network.adopt.subnetId",
            "network.adopt.subnetIds",
            "network.adopt.vpcId",
            "network.create.cidr",
            "network.privateDns.zoneIds",
            "network.privateServices.rangeName",
        ),
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "1.4.1, 1.4.4",
            NIST_53: "SC-7",
            SOC2: "CC6.6",
            ASVS: "13.2.4",
            CIS: "5.2, 5.5",
            CHECKOV: "CKV_AWS_196, CKV_AWS_323",
            SECURITY_HUB: "ElastiCache.7",
            PROWLER: "elasticache_cluster_uses_public_subnet",
        },
    ),
    _control(
        "RDS-NET-04",
        "nothing else of the host is open",
        "No other usual port of the host answers in the clear, and a port of this machine is not "
        "published on addresses that others reach.",
        checks="D15 D26",
        settings=_cache("docker.port", "docker.publishAddress"),
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "1.3.1, 2.2.4",
            NIST_53: "CM-7, SC-7",
            SOC2: "CC6.6",
            STIG: "V-251215",
        },
    ),
    _control(
        "RDS-DATA-01",
        "data at rest are encrypted",
        "What the service writes to disk, snapshots among it, is encrypted.",
        checks="D25",
        settings=_cache("aws.kmsKeyArn", "azure.customerManagedKey", "gcp.customerManagedKey"),
        standards={
            HIPAA: "164.312(a)(2)(iv)",
            PCI: "3.5.1",
            NIST_53: "SC-28, SC-28(1)",
            SOC2: "CC6.1",
            ASVS: "14.2.4",
            CIS: "5.3",
            STIG: "V-251242, V-251243, V-251244",
            CHECKOV: "CKV_AWS_29",
            SECURITY_HUB: "ElastiCache.4",
            PROWLER: "elasticache_redis_cluster_rest_encryption_enabled",
            TRIVY: "AWS-0045",
        },
    ),
    _control(
        "RDS-DATA-02",
        "keys for data at rest are kept and replaced",
        "A key of the customer's own for data at rest is rotated by its service, cannot be deleted "
        "at once, and is open to nobody without a name. On AWS production has such a key.",
        checks="D25",
        settings=_cache(
            "aws.kmsKeyArn", "azure.customerManagedKey.keyUrl", "gcp.customerManagedKey.keyName"
        ),
        standards={
            HIPAA: "164.312(a)(2)(iv)",
            PCI: "3.5.1, 3.7.4",
            NIST_53: "SC-12, SC-28(1)",
            SOC2: "CC6.1",
            ASVS: "13.3.2, 14.2.4",
            CHECKOV: "CKV_AWS_149, CKV_AWS_158, CKV_AWS_191, CKV_GCP_43, CKV_GCP_82",
            PROWLER: "kms_key_not_publicly_accessible, kms_key_rotation_max_90_days",
            TRIVY: "AWS-0098",
        },
    ),
    _control(
        "RDS-DATA-03",
        "data are kept as their purpose needs",
        "Sessions and queues in production survive a restart and have backups, the server's last "
        "attempt to write them succeeded, and a full queue refuses writes instead of dropping "
        "entries.",
        checks="D19 D20 D25",
        settings=_cache(
            "aws.snapshotRetentionDays",
            "azure.classic.snapshots",
            "azure.snapshotFrequency",
            "evictionPolicy",
            "gcp.backupRetentionDays",
            "gcp.snapshotPeriod",
            "persistence",
            "purpose",
        ),
        standards={
            HIPAA: "164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D)",
            NIST_53: "CP-9, CP-10",
            SOC2: "A1.2, A1.3",
            CHECKOV: "CKV_AWS_134",
            SECURITY_HUB: "ElastiCache.1",
            PROWLER: "elasticache_redis_cluster_backup_enabled",
            TRIVY: "AWS-0050",
        },
    ),
    _control(
        "RDS-DATA-04",
        "data are not deleted by mistake",
        "In production the engine and, where it can, the cloud refuse to delete the data.",
        checks="D25",
        settings=_cache("allowReplacement", "aws.finalSnapshot", "azure.lock", "protect"),
        standards={
            HIPAA: "164.312(c)(1), 164.308(a)(7)(ii)(A)",
            NIST_53: "CM-3, CP-9, SI-12",
            SOC2: "A1.2, CC8.1",
            CHECKOV: "CKV_GCP_82",
        },
    ),
    _control(
        "RDS-OPS-01",
        "a replica takes over by itself",
        "In production there is a replica in another zone that takes over when the primary fails.",
        checks="D25",
        settings=_cache("aws.multiAz", "azure.classic.zones", "replicas"),
        standards={
            HIPAA: "164.308(a)(7)(ii)(C)",
            NIST_53: "CP-6, CP-10, SC-5(2)",
            SOC2: "A1.2",
            CHECKOV: "CKV2_AWS_50, CKV_AZURE_230",
            SECURITY_HUB: "ElastiCache.3",
            PROWLER: "elasticache_redis_cluster_automatic_failover_enabled, "
            "elasticache_redis_cluster_multi_az_enabled",
        },
    ),
    _control(
        "RDS-OPS-02",
        "somebody is told when something is wrong",
        "In production alarms watch memory, evictions and, where the cloud counts them, failed "
        "logins, and they tell somebody.",
        checks="D25",
        settings=("alarms.notify", "alarms.profile"),
        standards={
            HIPAA: "164.308(a)(1)(ii)(D), 164.308(a)(5)(ii)(C), 164.308(a)(6)(ii), 164.312(b)",
            PCI: "10.2.1.4, 10.4.1.1, 10.7.2",
            NIST_53: "AU-2, AU-6, SI-4",
            SOC2: "CC7.2, CC7.3",
            ASVS: "16.3.1, 16.3.2",
            CIS: "5.6, 5.9",
        },
    ),
    _control(
        "RDS-OPS-03",
        "logs are kept",
        "In production the service's logs go to the cloud's log service, where it offers them, and "
        "are kept for the days that are declared.",
        checks="D25",
        settings=_cache(
            "aws.logRetentionDays",
            "aws.logs",
            "azure.logRetentionDays",
            "azure.logs",
            "azure.workspaceId",
        ),
        standards={
            HIPAA: "164.312(b)",
            PCI: "10.2.1, 10.3.3",
            NIST_53: "AU-2, AU-12",
            SOC2: "CC7.2",
            ASVS: "16.1.1, 16.4.3",
            CIS: "5.6, 5.9",
            STIG: "V-251193",
        },
    ),
    _control(
        "RDS-OPS-04",
        "the engine is supported and gets its fixes",
        "Engine and version are still maintained, and minor versions are installed in a time that "
        "is set.",
        checks="D18 D25",
        settings=_cache(
            "aws.autoMinorVersionUpgrade",
            "aws.engineVersion",
            "aws.maintenanceWindow",
            "azure.classic.patchWindows",
            "docker.image",
            "engine",
            "gcp.engineVersion",
            "gcp.maintenanceWindow",
        ),
        standards={
            HIPAA: "164.308(a)(5)(ii)(B)",
            PCI: "6.3.3",
            NIST_53: "SA-22, SI-2",
            SOC2: "CC7.1",
            CIS: "5.4",
            CHECKOV: "CKV_AWS_322",
            SECURITY_HUB: "ElastiCache.2",
            PROWLER: "elasticache_redis_cluster_auto_minor_version_upgrades",
        },
    ),
    _control(
        "RDS-OPS-05",
        "it works, and has room",
        "Reads and writes succeed in usual times, and memory and connections are away from their "
        "limits.",
        checks="D04 D13 D16 D17 D19 D22 D23 D25",
        settings=_cache(
            "aws.serverless.maxEcpuPerSecond",
            "docker.cpus",
            "docker.maxClients",
            "evictionPolicy",
            "memoryGb",
        ),
        standards={
            NIST_53: "AC-10, SC-5",
            SOC2: "A1.1",
            ASVS: "13.1.2, 13.2.6",
            STIG: "V-251183",
        },
    ),
    _control(
        "RDS-OPS-06",
        "what runs is what is declared",
        "Settings are code. What applications are told of the endpoint is what the server is, and "
        "rules that are broken on purpose are named with a reason.",
        checks="D01 D17",
        settings=("environment", "exceptions", "tags", *_cache("external.clusterMode")),
        standards={
            HIPAA: "164.308(a)(8)",
            PCI: "6.5.1",
            NIST_53: "CM-2, CM-3, CM-6",
            SOC2: "CC8.1",
            ASVS: "13.1.1",
            CIS: "5.7",
        },
    ),
    _control(
        "RDS-SEC-01",
        "credentials are kept in a secrets manager",
        "On a cloud the password and the URL are in its secrets manager; elsewhere they are in the "
        "stack's encrypted secrets.",
        checks="D25",
        settings=_cache("azure.vaultId", "gcp.secretLocations"),
        standards={
            HIPAA: "164.308(a)(5)(ii)(D), 164.312(a)(2)(iv)",
            PCI: "8.3.2, 8.6.2",
            NIST_53: "IA-5(7), SC-28",
            SOC2: "CC6.1",
            ASVS: "13.3.1",
            STIG: "V-251226",
        },
    ),
    _control(
        "RDS-SEC-02",
        "only named identities read the credentials",
        "Rights to read the secrets of a cache are given one by one, for its secrets alone, and "
        "never to everybody.",
        checks="D25",
        settings=("access.secretReaders",),
        standards={
            HIPAA: "164.308(a)(4), 164.312(a)(1)",
            PCI: "7.2.1, 7.2.5",
            NIST_53: "AC-3, AC-6, IA-5(7)",
            SOC2: "CC6.1, CC6.3",
            ASVS: "13.3.2",
            CHECKOV: "CKV_AZURE_109, CKV_AZURE_189, CKV2_AZURE_32",
            PROWLER: "secretmanager_secret_not_publicly_accessible",
        },
    ),
    _control(
        "RDS-SEC-03",
        "deleted secrets can be brought back",
        "In production a secret, or a vault of secrets, that was deleted can be restored for some "
        "days, and cannot be purged before.",
        checks="D25",
        settings=_cache(
            "aws.secretRecoveryDays", "azure.vaultRecoveryDays", "gcp.secretDestroyDelayDays"
        ),
        standards={
            HIPAA: "164.308(a)(7)(ii)(B)",
            NIST_53: "CP-9, CP-10, SC-12",
            SOC2: "A1.2",
            CHECKOV: "CKV_AZURE_42, CKV_AZURE_110, CKV_AZURE_111",
        },
    ),
    _control(
        "RDS-SEC-04",
        "files with secrets are for their owner alone",
        "Private keys and files with passwords on this machine are readable by their owner only, "
        "and Git ignores them.",
        checks="D02 D26",
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "8.3.2, 8.6.2",
            NIST_53: "AC-3, IA-5(7), SC-28",
            SOC2: "CC6.1",
            ASVS: "13.3.1, 13.4.1",
            STIG: "V-251226, V-251247",
        },
    ),
    _control(
        "RDS-SEC-05",
        "a container has no rights beyond its own",
        "A container runs as a user of its own, without capabilities, with a file system that "
        "cannot be written to, and can get no more rights than it starts with.",
        checks="D25",
        settings=_cache("docker.user"),
        standards={
            HIPAA: "164.312(a)(1)",
            PCI: "2.2.4, 2.2.6",
            NIST_53: "AC-6, CM-7",
            SOC2: "CC6.8",
            STIG: "V-251188",
        },
    ),
)

CONTROLS: Mapping[str, Control] = MappingProxyType({control.id: control for control in _TABLE})
"""All controls by id, in the order in which they are shown."""

OF_PROBLEMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "url-scheme": ("RDS-OPS-06",),
        "url-not-encoded": ("RDS-OPS-06",),
        "setting-unreadable": ("RDS-OPS-06",),
        "celery-query-missing": ("RDS-OPS-06",),
        "names-not-compared": ("RDS-TLS-03",),
        "no-answer": ("RDS-OPS-05",),
        "login-too-slow": ("RDS-OPS-05",),
        "sentinel-not-declared": ("RDS-OPS-06",),
        "sentinel-declared": ("RDS-OPS-06",),
        "sentinel-not-permitted": ("RDS-OPS-05",),
        "pool-exhausted": ("RDS-OPS-05",),
        "url-unreadable": ("RDS-OPS-06",),
        "url-encoded-twice": ("RDS-OPS-06",),
        "url-without-tls": ("RDS-TLS-01",),
        "settings-disagree": ("RDS-OPS-06",),
        "verification-off": ("RDS-TLS-03",),
        "url-query": ("RDS-OPS-06",),
        "password-placeholder": ("RDS-AUTH-02",),
        "password-weak": ("RDS-AUTH-02",),
        "user-missing": ("RDS-OPS-06",),
        "database-not-portable": ("RDS-OPS-06",),
        "ca-file-missing": ("RDS-TLS-03",),
        "ca-file-unreadable": ("RDS-TLS-03",),
        "ca-file-invalid": ("RDS-TLS-03",),
        "ca-expired": ("RDS-TLS-04",),
        "client-pair-missing": ("RDS-TLS-05",),
        "client-pair-mismatch": ("RDS-TLS-05",),
        "client-certificate-expired": ("RDS-TLS-05",),
        "key-readable-by-others": ("RDS-SEC-04",),
        "wrong-password": ("RDS-AUTH-04",),
        "login-without-users": ("RDS-AUTH-03",),
        "password-missing": ("RDS-AUTH-01",),
        "token-missing": ("RDS-AUTH-01",),
        "another-user": ("RDS-AUTH-01", "RDS-AUTH-03"),
        "cluster-not-declared": ("RDS-OPS-06",),
        "cluster-declared": ("RDS-OPS-06",),
        "cluster-down": ("RDS-OPS-05",),
        "node-unreachable": ("RDS-OPS-05",),
        "master-unknown": ("RDS-OPS-05",),
        "clients-exhausted": ("RDS-OPS-05",),
        "clients-many": ("RDS-OPS-05",),
        "connections-rejected": ("RDS-OPS-05",),
        "memory-nearly-full": ("RDS-OPS-05",),
        "memory-unlimited": ("RDS-OPS-05",),
        "eviction-loses-data": ("RDS-DATA-03",),
        "logins-refused": ("RDS-AUTH-04",),
        "commands-refused": ("RDS-OPS-05",),
        "credential-differs": ("RDS-AUTH-04",),
        "ca-differs": ("RDS-TLS-03",),
        "rotation-due": ("RDS-AUTH-04",),
        "env-file-readable-by-others": ("RDS-SEC-04",),
        "env-file-in-git": ("RDS-SEC-04",),
        "port-on-all-addresses": ("RDS-NET-01", "RDS-NET-04"),
    }
)
"""Where a check looks at several things: on which controls a problem of its bears. The others bear
on all controls of their check."""


def controls_of(check: str, problem: str = "") -> tuple[Control, ...]:
    """The controls that a check bears on, or those that one problem of it bears on.

    check: id of a check, D01 to D26; empty for an unknown one. problem: id of one of its problems,
    or empty.
    """
    of_check = (control for control in CONTROLS.values() if check in control.checks)
    narrowed = OF_PROBLEMS.get(problem)
    if narrowed is None:
        return tuple(of_check)
    return tuple(control for control in of_check if control.id in narrowed)
