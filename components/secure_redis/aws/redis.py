"""`ElastiCacheRedis`: Valkey or Redis on Amazon ElastiCache, with nodes or serverless."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from secure_redis import acl, replacement
from secure_redis.args import CacheArgs
from secure_redis.component import CacheComponent
from secure_redis.configuration import cache_from_args
from secure_redis.connection import Auth as ConnectionAuth
from secure_redis.connection import CaSource, TlsVerify
from secure_redis.settings import Arguments, CacheSettings, Target
from secure_redis.timestamps import rotate_by

from . import names, plan, versions
from .access import security_group
from .alarms import alarms, node_numbers
from .keys import key
from .logs import deliveries, log_groups
from .network import AwsNetwork
from .replacement import identity, judge
from .rotation.resources import rotate
from .secret import Passwords, client_policy, credentials, keep, passwords
from .settings import Auth
from .site import Site
from .users import Users, users


@dataclass(frozen=True)
class Endpoint:
    """Where a cache answers."""

    cache: pulumi.Resource
    id: pulumi.Output[str]
    arn: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Input[int]
    reader_host: pulumi.Input[str]
    version: pulumi.Output[str]
    reader_port: pulumi.Input[int] = 0


@dataclass(frozen=True)
class Kept:
    """The secrets of a cache, and what lets an application read them."""

    credentials: aws.secretsmanager.Secret | None
    version: aws.secretsmanager.SecretVersion | None
    connection: aws.secretsmanager.Secret
    policy: aws.iam.Policy


class ElastiCacheRedis(CacheComponent):
    """A cache on Amazon ElastiCache: TLS, users, a security group, secrets, logs and alarms.

    Raises `InvalidArguments` with everything that is wrong before any resource is made. A change
    that would put a new, empty cache in place of this one fails in the preview in production, until
    `allow_replacement` gives a reason.
    """

    secret_arn: pulumi.Output[str]
    """ARN of the secret with the credentials; empty with IAM logins."""
    connection_secret_arn: pulumi.Output[str]
    """ARN of the secret with everything but the credentials, which is never rotated."""
    security_group_id: pulumi.Output[str]
    """Id of the cache's security group."""
    kms_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts the data; empty for a key of AWS."""
    node_ids: pulumi.Output[Sequence[str]]
    """Ids of the nodes; empty for a serverless cache."""
    log_group_names: pulumi.Output[Sequence[str]]
    """Names of the log groups."""
    alarm_arns: pulumi.Output[Sequence[str]]
    """ARNs of the alarms."""

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, args, Target.AWS)
        cache = given.cache
        super().__init__(
            "secure-redis:index:ElastiCacheRedis",
            name,
            identity(cache, given.network),
            replacement.guarded(opts, name, judge(name, cache)),
        )
        site = self._site(name, given)
        group = security_group(site)
        kms_key_arn = key(site, group.arn).arn if plan.own_key(cache) else cache.aws.kms_key_arn
        secrets = passwords(name, cache.aws.auth, cache.rotation, site.child())
        accounts = users(site, secrets)
        logs: Mapping[str, aws.cloudwatch.LogGroup] = {}
        if cache.aws.serverless:
            endpoint = _serverless(site, group, kms_key_arn, accounts)
        else:
            logs = log_groups(site, kms_key_arn)
            login = _login(cache, accounts, secrets)
            endpoint = _nodes(site, group, kms_key_arn, login, deliveries(logs))
        bells = alarms(site, endpoint.id)
        kept = _keep(site, endpoint, kms_key_arn, accounts, secrets)
        self._publish(
            {
                **_facts(site, endpoint, accounts, secrets),
                "secret_ref": _secret_ref(kept),
                "network": {"vpc_id": site.network["vpc_id"]},
                "grants": {
                    "policy_arn": kept.policy.arn,
                    "policy": kept.policy.policy,
                    "connection_secret_arn": kept.connection.arn,
                    "security_group_id": group.id,
                },
            },
            secret_arn=kept.credentials.arn if kept.credentials else "",
            connection_secret_arn=kept.connection.arn,
            security_group_id=group.id,
            kms_key_arn=kms_key_arn or "",
            node_ids=endpoint.id.apply(lambda i: [f"{i}-{n}" for n in _node_numbers(cache)]),
            log_group_names=[log.name for log in logs.values()],
            alarm_arns=[bell.arn for bell in bells],
        )

    def _site(self, name: str, given: Arguments) -> Site:
        child = pulumi.ResourceOptions(parent=self)
        return Site(
            name=name,
            given=given,
            parent=self,
            suffix=random.RandomId(f"{name}-identity", byte_length=4, opts=child).hex,
            network=given.network or AwsNetwork(name, {"tags": given.tags}, child).facts(),
        )


def _nodes(
    site: Site,
    security: aws.ec2.SecurityGroup,
    kms_key_arn: pulumi.Input[str] | None,
    login: Mapping[str, Any],
    logs: Sequence[Any],
) -> Endpoint:
    """The cache with nodes: one, or a primary with replicas, or shards of those."""
    cache, settings = site.cache, site.cache.aws
    version = plan.engine_version(cache)
    subnets = aws.elasticache.SubnetGroup(
        site.name,
        subnet_ids=site.network["subnet_ids"],
        tags=site.tags,
        # Subnets of another VPC are refused by a group that exists.
        opts=site.child(replacement_trigger=site.network["vpc_id"]),
    )
    parameters = plan.parameters(cache)
    parameter_group = aws.elasticache.ParameterGroup(
        site.name,
        family=versions.family(cache.engine, version),
        parameters=[{"name": name, "value": parameters[name]} for name in sorted(parameters)],
        tags=site.tags,
        opts=site.child(),
    )
    clustered = settings.shards is not None
    group = aws.elasticache.ReplicationGroup(
        site.name,
        description=f"Cache {site.name} of {site.stack}",
        engine=cache.engine.value,
        engine_version=version,
        node_type=plan.node_type_name(cache),
        data_tiering_enabled=plan.data_tiering(plan.node_type_name(cache)),
        **_shape(cache),
        multi_az_enabled=plan.multi_az(cache),
        # Cluster mode demands it, even of a primary without replicas.
        automatic_failover_enabled=clustered or cache.replicas > 0,
        port=settings.port,
        subnet_group_name=subnets.name,
        security_group_ids=[security.id],
        parameter_group_name=parameter_group.name,
        transit_encryption_enabled=True,
        transit_encryption_mode=settings.transit_encryption.value,
        at_rest_encryption_enabled=True,
        kms_key_id=kms_key_arn,
        **login,
        log_delivery_configurations=list(logs),
        snapshot_retention_limit=plan.snapshot_days(cache),
        snapshot_window=settings.snapshot_window,
        maintenance_window=settings.maintenance_window,
        final_snapshot_identifier=_final_snapshot(site),
        snapshot_name=settings.restore.snapshot_name if settings.restore else None,
        snapshot_arns=_snapshot_arns(cache),
        durability=settings.durability.value if settings.durability else None,
        apply_immediately=plan.apply_immediately(cache),
        auto_minor_version_upgrade=settings.auto_minor_version_upgrade,
        tags=site.tags,
        # What a cache was restored from says nothing about a cache that exists.
        opts=site.holding_data(ignore_changes=["snapshotName", "snapshotArns"]),
    )
    return Endpoint(
        cache=group,
        id=group.replication_group_id,
        arn=group.arn,
        host=group.configuration_endpoint_address if clustered else group.primary_endpoint_address,
        port=settings.port,
        reader_host=group.reader_endpoint_address if cache.replicas and not clustered else "",
        version=group.engine_version_actual,
    )


def _shape(cache: CacheSettings) -> dict[str, Any]:
    if cache.aws.shards is None:
        return {"cluster_mode": "disabled", "num_cache_clusters": cache.replicas + 1}
    return {
        "cluster_mode": "enabled",
        "num_node_groups": cache.aws.shards,
        "replicas_per_node_group": cache.replicas,
    }


def _login(cache: CacheSettings, accounts: Users | None, secrets: Passwords) -> dict[str, Any]:
    if accounts:
        # The strategy has no effect with users, but on the way from a token to users it takes the
        # token away in the same step.
        return {"user_group_ids": [accounts.group.id], "auth_token_update_strategy": "DELETE"}
    return {
        "auth_token": secrets.application[0],
        # SET makes the token the only one; ROTATE adds it beside the one before.
        "auth_token_update_strategy": "ROTATE" if cache.rotation.keep_previous else "SET",
    }


def _snapshot_arns(cache: CacheSettings) -> list[str] | None:
    return cache.aws.restore.snapshot_arns or None if cache.aws.restore else None


def _final_snapshot(site: Site) -> pulumi.Input[str] | None:
    """The name of the last snapshot: another one for a replacement, whose own end is to come."""
    cache = site.cache
    if not plan.final_snapshot(cache):
        return None
    marks = {
        "port": str(cache.aws.port),
        "engine": cache.engine.value,
        "engine_version": plan.engine_version(cache),
        "vpc_id": site.network["vpc_id"],
        "data_tiering": str(plan.data_tiering(plan.node_type_name(cache))),
        "kms_key_arn": cache.aws.kms_key_arn or "",
    }
    suffix = random.RandomId(
        f"{site.name}-final-snapshot", byte_length=4, keepers=marks, opts=site.child()
    )
    return pulumi.Output.concat(names.prefix(site.name), "-final-", suffix.hex)


def _serverless(
    site: Site,
    security: aws.ec2.SecurityGroup,
    kms_key_arn: pulumi.Input[str] | None,
    accounts: Users | None,
) -> Endpoint:
    """The cache without nodes."""
    cache, settings = site.cache, site.cache.aws
    if settings.serverless is None or accounts is None:  # the rules have seen to it
        raise AssertionError(site.name)
    days = plan.snapshot_days(cache)
    serverless = aws.elasticache.ServerlessCache(
        site.name,
        description=f"Cache {site.name} of {site.stack}",
        engine=cache.engine.value,
        major_engine_version=versions.major(plan.engine_version(cache)),
        cache_usage_limits={
            "data_storage": {"maximum": plan.storage_gb(cache), "unit": "GB"},
            "ecpu_per_seconds": [{"maximum": settings.serverless.max_ecpu_per_second}],
        },
        subnet_ids=site.network["subnet_ids"],
        security_group_ids=[security.id],
        user_group_id=accounts.group.id,
        kms_key_id=kms_key_arn,
        snapshot_retention_limit=days,
        daily_snapshot_time=settings.snapshot_window[:5] if days else None,
        snapshot_arns_to_restores=_snapshot_arns(cache),
        tags=site.tags,
        opts=site.holding_data(ignore_changes=["snapshotArnsToRestores"]),
    )
    return Endpoint(
        cache=serverless,
        id=serverless.name,
        arn=serverless.arn,
        host=serverless.endpoints.apply(lambda found: found[0].address),
        port=serverless.endpoints.apply(lambda found: found[0].port),
        reader_host=serverless.reader_endpoints.apply(lambda found: found[0].address),
        version=serverless.full_engine_version,
        reader_port=serverless.reader_endpoints.apply(lambda found: found[0].port),
    )


def _node_numbers(cache: CacheSettings) -> list[str]:
    return [] if cache.aws.serverless else node_numbers(cache.aws.shards, cache.replicas)


def _keep(
    site: Site,
    endpoint: Endpoint,
    kms_key_arn: pulumi.Input[str] | None,
    accounts: Users | None,
    secrets: Passwords,
) -> Kept:
    """Puts the credentials and the connection into Secrets Manager."""
    settings = site.cache.aws
    user_arn = accounts.application.arn if accounts else None
    secret = version = None
    if secrets.application:
        value = credentials(_username(site, accounts), secrets.application[0], user_arn)
        options = site.child(
            # A new password first at the cache, then in the secret: who reads it gets in.
            depends_on=[accounts.group if accounts else endpoint.cache],
            ignore_changes=["secretString"] if settings.automatic_rotation else None,
        )
        secret, version = keep(site, "credentials", value, kms_key_arn, options)
        if settings.automatic_rotation and user_arn is not None:
            rotate(site, secret, version, user_arn, kms_key_arn)
    value = {
        "target": Target.AWS.value,
        "engine": site.cache.engine.value,
        # With IAM logins a token is made for the cache's id, of its kind.
        "cache_id": endpoint.id,
        "serverless": settings.serverless is not None,
        "auth": _auth(secrets).value,
        "host": endpoint.host,
        "port": endpoint.port,
        "reader_host": endpoint.reader_host,
        "reader_port": endpoint.reader_port,
        "tls": True,
        "cluster_mode": _clustered(site.cache),
        "username": _username(site, accounts),
        "credentials": secret.arn if secret else "",
    }
    connection, _ = keep(site, "connection", value, kms_key_arn, site.child())
    iam = settings.auth is Auth.IAM and user_arn is not None
    policy = aws.iam.Policy(
        site.name,
        description=f"Connect to the cache {site.name} of {site.stack}",
        policy=pulumi.Output.all(
            secrets=[connection.arn, *([secret.arn] if secret else [])],
            key=kms_key_arn or "",
            connect=[endpoint.arn, user_arn] if iam else [],
        ).apply(lambda arns: json.dumps(client_policy(**arns))),
        tags=site.tags,
        opts=site.child(),
    )
    return Kept(secret, version, connection, policy)


def _clustered(cache: CacheSettings) -> bool:
    return cache.aws.serverless is not None or cache.aws.shards is not None


def _username(site: Site, accounts: Users | None) -> pulumi.Input[str]:
    if accounts is None:
        return acl.DEFAULT_USER
    iam = site.cache.aws.auth is Auth.IAM
    return accounts.application.user_name if iam else acl.APPLICATION_USER


def _auth(secrets: Passwords) -> ConnectionAuth:
    return ConnectionAuth.PASSWORD if secrets.application else ConnectionAuth.IDENTITY


def _facts(
    site: Site, endpoint: Endpoint, accounts: Users | None, secrets: Passwords
) -> dict[str, pulumi.Input[Any]]:
    """The base fields of the contract."""
    cache = site.cache
    days = cache.rotation_days
    # With automatic rotation the secret knows, not the stack.
    known = "" if cache.aws.automatic_rotation else secrets.issued_at
    issued = pulumi.Output.from_input(known)
    return {
        "target": Target.AWS.value,
        "engine": cache.engine.value,
        "engine_version": endpoint.version,
        "resource_id": endpoint.arn,
        "host": endpoint.host,
        "port": endpoint.port,
        "reader_host": endpoint.reader_host,
        "reader_port": endpoint.reader_port,
        "tls": True,
        "tls_verify": TlsVerify.FULL,
        "ca_source": CaSource.SYSTEM,
        "cluster_mode": _clustered(cache),
        "username": _username(site, accounts),
        "password": secrets.application[0] if secrets.application else "",
        "auth": _auth(secrets),
        "credential_issued_at": issued,
        "rotate_by": issued.apply(lambda at: rotate_by(at, days)),
    }


def _secret_ref(kept: Kept) -> dict[str, pulumi.Input[str]]:
    if kept.credentials is None or kept.version is None:
        return {}
    return {
        "kind": "aws-secrets-manager",
        "id": kept.credentials.arn,
        "version": kept.version.version_id,
        "json_key": "password",
    }
