"""Which rule about Redis other people's catalogues have, beside ours.

Read from: Checkov, repository of 2026-08-20; Prowler, 2026-08-21; Trivy's checks, 2026-08-21; AWS
Security Hub's controls for ElastiCache; PSRule for Azure, baseline GA_2026_03; Pulumi's
compliance-policies, 2025-05-23, and AWSGuard, 2024-06-20.
"""

from dataclasses import dataclass, field

CATALOGUES = ("Checkov", "Prowler", "Trivy", "Security Hub", "PSRule", "Pulumi's packs")
"""Columns, in their order."""


@dataclass(frozen=True)
class Row:
    """One thing that can be asked of a Redis."""

    what: str
    ours: tuple[str, ...]
    """Ids of our rules; empty for what we do not ask."""
    theirs: dict[str, str] = field(default_factory=dict)
    """Ids of the rules of others, by catalogue."""


def _row(what: str, ours: str, **theirs: str) -> Row:
    names = {one.lower().replace(" ", "_").replace("'", ""): one for one in CATALOGUES}
    return Row(what, tuple(ours.split()), {names[key]: ids for key, ids in theirs.items()})


COMPARISON: dict[str, tuple[Row, ...]] = {
    "AWS: ElastiCache and MemoryDB": (
        _row(
            "TLS is on",
            "aws-tls aws-cluster-tls",
            checkov="CKV_AWS_30, CKV_AWS_31; MemoryDB: CKV_AWS_202",
            prowler="elasticache_redis_cluster_in_transit_encryption_enabled",
            trivy="AWS-0051",
            security_hub="ElastiCache.5",
        ),
        _row("clients without TLS are refused", "aws-tls-required"),
        _row(
            "nobody gets in without a login",
            "aws-login aws-serverless-login aws-cluster-login aws-memorydb-login aws-user-password "
            "aws-user-no-password-required aws-user-authentication",
            checkov="CKV_AWS_31",
            prowler="elasticache_redis_replication_group_auth_enabled",
            security_hub="ElastiCache.6 (before 6.0)",
        ),
        _row("users can neither administer nor empty it", "aws-user-rights aws-default-user"),
        _row(
            "its port is not open to the internet",
            "aws-ingress-ipv4 aws-ingress-ipv6 aws-group-ingress-ipv4 aws-group-ingress-ipv6",
            prowler="ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379",
        ),
        _row(
            "a security group of its own, for its port alone",
            "aws-security-group aws-ingress-protocol aws-ingress-ports aws-group-ingress-ports "
            "aws-egress aws-default-group",
        ),
        _row(
            "in private subnets, not in the default group",
            "aws-subnets aws-serverless-subnets aws-public-subnet",
            checkov="CKV_AWS_323 (single clusters)",
            prowler="elasticache_cluster_uses_public_subnet",
            security_hub="ElastiCache.7",
        ),
        _row(
            "encrypted at rest",
            "aws-encrypted aws-cluster-encrypted",
            checkov="CKV_AWS_29",
            prowler="elasticache_redis_cluster_rest_encryption_enabled",
            trivy="AWS-0045",
            security_hub="ElastiCache.4",
        ),
        _row(
            "with a key of your own",
            "aws-own-key",
            checkov="CKV_AWS_191; MemoryDB: CKV_AWS_201, CKV_AWS_278",
        ),
        _row(
            "backups",
            "aws-backups",
            checkov="CKV_AWS_134 (single clusters)",
            prowler="elasticache_redis_cluster_backup_enabled",
            trivy="AWS-0050 (single clusters)",
            security_hub="ElastiCache.1",
        ),
        _row("protected from deletion", "aws-protect"),
        _row(
            "a replica takes over, in another zone",
            "aws-failover aws-zones aws-cluster-failover aws-memorydb-replicas",
            checkov="CKV2_AWS_50",
            prowler="elasticache_redis_cluster_automatic_failover_enabled, "
            "elasticache_redis_cluster_multi_az_enabled",
            security_hub="ElastiCache.3",
        ),
        _row("somebody watches it, and its logs are kept", "aws-alarms aws-logs"),
        _row(
            "minor versions are installed",
            "aws-updates",
            checkov="CKV_AWS_322 (single clusters)",
            prowler="elasticache_redis_cluster_auto_minor_version_upgrades, "
            "memorydb_cluster_auto_minor_version_upgrades",
            security_hub="ElastiCache.2",
        ),
        _row("a version that is maintained", "aws-engine"),
        _row("its connection is in Secrets Manager", "aws-secret"),
        _row("no security group of EC2-Classic", "", checkov="CKV_AWS_196"),
        _row("EC2-Classic security groups say what they are for", "", trivy="AWS-0049"),
        _row(
            "virtual machines and migration endpoints with Redis",
            "",
            prowler="ec2_instance_port_redis_exposed_to_internet, "
            "dms_endpoint_redis_in_transit_encryption_enabled",
        ),
    ),
    "Azure: Managed Redis and Azure Cache for Redis": (
        _row("Managed Redis: TLS only", "azure-tls"),
        _row(
            "classic: TLS only",
            "azure-classic-tls",
            checkov="CKV_AZURE_91",
            psrule="Azure.Redis.NonSslPort",
        ),
        _row(
            "TLS 1.2 or newer",
            "azure-tls-version",
            checkov="CKV_AZURE_148 (classic)",
            psrule="Azure.Redis.MinTLS, Azure.RedisEnterprise.MinTLS",
        ),
        _row("classic: nobody gets in without a login", "azure-classic-login azure-old-login"),
        _row(
            "one kind of login",
            "azure-keys-beside-entra azure-classic-keys-beside-entra azure-old-keys-beside-entra",
            psrule="Azure.Redis.LocalAuth, Azure.Redis.EntraID",
        ),
        _row(
            "no public access",
            "azure-public",
            checkov="CKV_AZURE_89 (classic)",
            psrule="Azure.Redis.PublicNetworkAccess",
        ),
        _row("a private endpoint", "azure-endpoint"),
        _row(
            "firewall rules for named addresses",
            "azure-firewall",
            psrule="Azure.Redis.FirewallIPRange, Azure.Redis.FirewallRuleCount",
        ),
        _row("backups", "azure-backups azure-classic-backups azure-old-backups"),
        _row("protected from deletion", "azure-protect azure-lock"),
        _row(
            "a replica takes over",
            "azure-failover azure-classic-failover",
            checkov="CKV_AZURE_230 (classic)",
        ),
        _row(
            "in several zones",
            "",
            psrule="Azure.Redis.AvailabilityZone, Azure.RedisEnterprise.Zones",
        ),
        _row("somebody watches it, and its logs are kept", "azure-alerts azure-logs"),
        _row("its connection is in a Key Vault", "azure-secret"),
        _row("a version that is maintained", "", psrule="Azure.Redis.Version"),
        _row(
            "no service or size that retires",
            "",
            psrule="Azure.Redis.MigrateAMR, Azure.RedisEnterprise.MigrateAMR",
        ),
        _row(
            "large enough, with memory left for the server",
            "",
            psrule="Azure.Redis.MinSKU, Azure.Redis.MaxMemoryReserved",
        ),
        _row(
            "no preview version of Azure's API",
            "",
            pulumis_packs="disallowPreviewResource (azure-native)",
        ),
    ),
    "Google Cloud: Memorystore for Redis, Redis Cluster and Valkey": (
        _row("TLS is on", "gcp-tls", checkov="CKV_GCP_97 (Redis)"),
        _row(
            "nobody gets in without a login",
            "gcp-login gcp-valkey-login",
            checkov="CKV_GCP_95 (Redis)",
        ),
        _row("not in the default network", "gcp-network gcp-valkey-network"),
        _row("backups", "gcp-backups gcp-valkey-persistence gcp-valkey-backups"),
        _row("protected from deletion", "gcp-deletion gcp-valkey-deletion gcp-protect"),
        _row("a replica takes over", "gcp-failover gcp-valkey-failover"),
        _row("somebody watches it", "gcp-alarms"),
        _row("maintained, in a time that is set", "gcp-engine gcp-maintenance"),
        _row("its connection is in Secret Manager", "gcp-secret"),
        _row(
            "no beta version of Google's API",
            "",
            pulumis_packs="disallowBetaResource (google-native)",
        ),
    ),
    "Docker: containers with Redis or Valkey": (
        _row("TLS is on", "docker-tls docker-server-tls"),
        _row("nobody gets in without a login", "docker-server-login"),
        _row("not published to everybody", "docker-address"),
        _row(
            "no password where others see it",
            "docker-variables docker-command docker-client-variables docker-healthcheck",
        ),
        _row(
            "no rights beyond its own",
            "docker-user docker-privileged docker-capabilities docker-new-privileges "
            "docker-read-only docker-host-network",
        ),
        _row("its memory is limited", "docker-memory"),
        _row("its data are protected from deletion", "docker-protect"),
    ),
}
"""Rows by where the Redis is."""

_AROUND = (
    "aws-secret-key aws-log-key aws-key-rotation aws-key-deletion aws-key-policy aws-alarm-actions "
    "aws-secret-policy aws-secret-public aws-policy-secrets aws-secret-recovery "
    "azure-group-source azure-group-ports azure-group-closed azure-rule-source azure-rule-ports "
    "azure-subnet-group azure-subnet-policies azure-lock-level azure-alert-enabled "
    "azure-alert-actions azure-log-retention azure-vault-roles azure-vault-public "
    "azure-role-scope azure-vault-soft-delete azure-vault-purge "
    "gcp-login-condition gcp-login-member gcp-address gcp-firewall-in gcp-firewall-out "
    "gcp-own-subnets gcp-key-rotation gcp-key-protect gcp-key-member gcp-alarm-channels "
    "gcp-alarm-enabled gcp-secret-member gcp-secret-members gcp-project-member gcp-secret-recovery "
    "password-length certificate-renewal private-key-rsa private-key-curve "
    "declared-tls declared-verification declared-login"
)

AROUND = tuple(_AROUND.split())
"""Our rules about what is around a Redis, and about our own components."""
