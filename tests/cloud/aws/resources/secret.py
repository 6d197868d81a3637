"""secretsmanager: secrets, versions, policies, rotation."""

import re
import uuid
from collections.abc import Iterable
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, PlanError
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import (
    COMMON,
    arns,
    between,
    conflicting,
    documents,
    known,
    listed,
    needing,
    tag_changes,
    tagged,
)

SERVICE = "secretsmanager"
GONE = "ResourceNotFoundException"
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


class Secret(Resource):
    """A secret without its value."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        name = inputs.get("name")
        if known(name) and not re.fullmatch(r"[0-9A-Za-z/_+=.@-]{1,512}", name):
            yield Failure(
                "name",
                '"name" must contain only alphanumeric characters and the characters /_+=.@- and '
                "have up to 512 of them",
            )
        days = inputs.get("recoveryWindowInDays")
        if known(days) and days != 0:
            yield from between(inputs, "recoveryWindowInDays", 7, 30)
        yield from conflicting(inputs, "name", "namePrefix")
        yield from documents(inputs, "policy")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating Secrets Manager Secret ({inputs['name']})"):
            arn = api.call(
                SERVICE,
                "CreateSecret",
                Name=inputs["name"],
                ClientRequestToken=str(uuid.uuid4()),
                Description=inputs.get("description"),
                KmsKeyId=inputs.get("kmsKeyId"),
                ForceOverwriteReplicaSecret=inputs.get("forceOverwriteReplicaSecret"),
                Tags=listed(inputs.get("tags")),
            )["ARN"]
            api.work.made = arn
            if inputs.get("policy"):
                put_policy(api, arn, inputs["policy"])
        return arn

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        one = api.ask(SERVICE, "DescribeSecret", GONE, SecretId=identifier)
        if one is None or one["Deleted"]:
            return None
        return {
            "arn": one["ARN"],
            "name": one["Name"],
            "namePrefix": "",
            "description": one["Description"] or None,
            "kmsKeyId": one["KmsKeyId"],
            "policy": one["Policy"] or "",
            "replicas": [],
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating Secrets Manager Secret ({identifier})"):
            if changed & {"description", "kmsKeyId"}:
                api.call(
                    SERVICE,
                    "UpdateSecret",
                    SecretId=identifier,
                    Description=new.get("description", ""),
                    KmsKeyId=new.get("kmsKeyId"),
                )
            if "policy" in changed and new.get("policy"):
                put_policy(api, identifier, new["policy"])
            elif "policy" in changed:
                api.call(SERVICE, "DeleteResourcePolicy", SecretId=identifier)
            gone, tags = tag_changes(old, new)
            if gone:
                api.call(SERVICE, "UntagResource", SecretId=identifier, TagKeys=gone)
            if tags:
                api.call(SERVICE, "TagResource", SecretId=identifier, Tags=listed(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        window = state.get("recoveryWindowInDays", 30)
        request: dict[str, Any] = (
            {"RecoveryWindowInDays": window} if window else {"ForceDeleteWithoutRecovery": True}
        )
        with doing(f"deleting Secrets Manager Secret ({identifier})"):
            api.drop(SERVICE, "DeleteSecret", GONE, SecretId=identifier, **request)


def put_policy(api: AwsApi, identifier: str, policy: str, *, block: bool | None = None) -> None:
    """Sets who may read a secret."""
    api.call(
        SERVICE,
        "PutResourcePolicy",
        SecretId=identifier,
        ResourcePolicy=policy,
        BlockPublicPolicy=block,
    )


class SecretVersion(Resource):
    """A value of a secret. Deleting one takes labels away; the value goes with its secret."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        values = ("secretBinary", "secretString", "secretStringWo")
        for name in values:
            yield from conflicting(inputs, name, *(one for one in values if one != name))
        yield from needing(inputs, "secretStringWo", "secretStringWoVersion")
        yield from needing(inputs, "secretStringWoVersion", "secretStringWo")

    def create(self, api: AwsApi, inputs: Values) -> str:
        secret = inputs["secretId"]
        with doing(f"putting Secrets Manager Secret ({secret}) value"):
            made = api.call(
                SERVICE,
                "PutSecretValue",
                SecretId=secret,
                ClientRequestToken=str(uuid.uuid4()),
                SecretString=inputs.get("secretString") or inputs.get("secretStringWo"),
                VersionStages=inputs.get("versionStages"),
            )
        return f"{secret}|{made['VersionId']}"

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        secret, _, version = identifier.partition("|")
        missing = (GONE, "InvalidRequestException")
        one = api.ask(SERVICE, "GetSecretValue", *missing, SecretId=secret, VersionId=version)
        if one is None:
            return None
        written = "secretStringWo" in state
        return {
            "arn": one["ARN"],
            "secretArn": one["ARN"],
            "secretId": secret,
            "secretString": None if written else one["SecretString"],
            "secretBinary": "",
            "hasSecretStringWo": written or None,
            "versionId": version,
            "versionStages": one["VersionStages"],
            "region": api.region,
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        secret, _, version = identifier.partition("|")
        before, after = set(old.get("versionStages") or []), set(new.get("versionStages") or [])
        with doing(f"updating Secrets Manager Secret Version ({identifier})"):
            for stage in sorted(after - before):
                holder = None
                if stage == CURRENT:
                    holder = (api.ask(SERVICE, "GetSecretValue", SecretId=secret) or {})[
                        "VersionId"
                    ]
                api.call(
                    SERVICE,
                    "UpdateSecretVersionStage",
                    SecretId=secret,
                    VersionStage=stage,
                    MoveToVersionId=version,
                    RemoveFromVersionId=holder,
                )
            for stage in sorted(before - after - {CURRENT}):
                if CURRENT in after - before and stage == PREVIOUS:
                    continue
                self._unlabel(api, secret, version, stage)

    @staticmethod
    def _unlabel(api: AwsApi, secret: str, version: str, stage: str) -> None:
        api.drop(
            SERVICE,
            "UpdateSecretVersionStage",
            GONE,
            "InvalidRequestException",
            SecretId=secret,
            VersionStage=stage,
            RemoveFromVersionId=version,
        )

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        secret, _, version = identifier.partition("|")
        with doing(f"deleting Secrets Manager Secret Version ({identifier})"):
            for stage in state.get("versionStages") or []:
                # AWS moves AWSCURRENT, but never takes it away.
                if stage != CURRENT:
                    self._unlabel(api, secret, version, stage)


class SecretPolicy(Resource):
    """Who may read a secret, beside those whom IAM allows."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "policy")
        yield from arns(inputs, "secretArn")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"putting Secrets Manager Secret ({inputs['secretArn']}) policy"):
            put_policy(
                api, inputs["secretArn"], inputs["policy"], block=inputs.get("blockPublicPolicy")
            )
        return inputs["secretArn"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        missing = (GONE, "InvalidRequestException")
        one = api.ask(SERVICE, "GetResourcePolicy", *missing, SecretId=identifier)
        if one is None or not one["ResourcePolicy"]:
            return None
        return {"secretArn": one["ARN"], "policy": one["ResourcePolicy"], "region": api.region}

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating Secrets Manager Secret Policy ({identifier})"):
            put_policy(api, identifier, new["policy"], block=new.get("blockPublicPolicy"))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting Secrets Manager Secret Policy ({identifier})"):
            api.drop(
                SERVICE,
                "DeleteResourcePolicy",
                GONE,
                "InvalidRequestException",
                SecretId=identifier,
            )


class SecretRotation(Resource):
    """A secret's rotation by a function."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        rules = inputs.get("rotationRules")
        if isinstance(rules, dict):
            names = [
                one for one in ("automaticallyAfterDays", "scheduleExpression") if one in rules
            ]
            if len(names) != 1:
                yield Failure(
                    "rotationRules",
                    'Invalid combination of arguments. "rotation_rules.0.automatically_after_days":'
                    " one of `rotation_rules.0.automatically_after_days,"
                    "rotation_rules.0.schedule_expression` must be specified",
                )
            yield from between(rules, "automaticallyAfterDays", 1, 1000)
        yield from arns(inputs, "rotationLambdaArn")

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        disabled, rules = new.get("rotationEnabled") is False, new.get("rotationRules")
        if disabled and rules:
            raise PlanError(
                "`rotation_rules` cannot be set when `rotation_enabled` is `false`; remove the "
                "`rotation_rules` block to disable rotation"
            )
        if not disabled and not rules:
            raise PlanError("`rotation_rules` is required unless `rotation_enabled` is `false`")
        return ()

    @staticmethod
    def _rotate(api: AwsApi, inputs: Values) -> str:
        if inputs.get("rotationEnabled") is False:
            return api.call(SERVICE, "CancelRotateSecret", SecretId=inputs["secretId"])["ARN"]
        rules = inputs["rotationRules"]
        members = {"automaticallyAfterDays": "AutomaticallyAfterDays",
                   "scheduleExpression": "ScheduleExpression", "duration": "Duration"}  # fmt: skip
        return api.call(
            SERVICE,
            "RotateSecret",
            SecretId=inputs["secretId"],
            ClientRequestToken=str(uuid.uuid4()),
            RotationLambdaARN=inputs.get("rotationLambdaArn"),
            RotationRules={
                member: rules[name] for name, member in members.items() if name in rules
            },
            RotateImmediately=inputs.get("rotateImmediately"),
        )["ARN"]

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating Secrets Manager Secret Rotation ({inputs['secretId']})"):
            return self._rotate(api, inputs)

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        one = api.ask(SERVICE, "DescribeSecret", GONE, SecretId=identifier)
        if one is None or one["Deleted"]:
            return None
        rotation = one["Rotation"] or {}
        rules = rotation.get("RotationRules", {})
        return {
            "secretId": identifier,
            "rotationEnabled": bool(rotation),
            "rotationLambdaArn": rotation.get("RotationLambdaARN"),
            "rotationRules": {
                "automaticallyAfterDays": rules.get("AutomaticallyAfterDays"),
                "scheduleExpression": rules.get("ScheduleExpression"),
                "duration": rules.get("Duration"),
            }
            if rotation
            else None,
            "region": api.region,
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        if changed - {"rotateImmediately"}:
            with doing(f"updating Secrets Manager Secret Rotation ({identifier})"):
                self._rotate(api, new)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting Secret Manager Secret Rotation ({identifier})"):
            api.call(SERVICE, "CancelRotateSecret", SecretId=state["secretId"])


RESOURCES: tuple[Resource, ...] = (
    Secret(
        sdk="pulumi_aws.secretsmanager:Secret",
        models=COMMON
        | {"name", "description", "kmsKeyId", "policy", "recoveryWindowInDays",
           "forceOverwriteReplicaSecret"},
        named=AutoName("name"),
        defaults={"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": False},
        replaces=frozenset({"name"}),
        rules=Rules(
            computed=frozenset({"namePrefix", "policy", "replicas"}),
            documents=frozenset({"policy"}),
        ),
        kept=frozenset({"recoveryWindowInDays", "forceOverwriteReplicaSecret"}),
    ),
    SecretVersion(
        sdk="pulumi_aws.secretsmanager:SecretVersion",
        models=frozenset({"region", "secretId", "secretString", "secretStringWo",
                          "secretStringWoVersion", "versionStages"}),
        replaces=frozenset({"secretId", "secretString", "secretStringWoVersion"}),
        rules=Rules(computed=frozenset({"versionStages"})),
        kept=frozenset({"secretStringWo", "secretStringWoVersion"}),
    ),
    SecretPolicy(
        sdk="pulumi_aws.secretsmanager:SecretPolicy",
        models=frozenset({"region", "secretArn", "policy", "blockPublicPolicy"}),
        replaces=frozenset({"secretArn"}),
        rules=Rules(documents=frozenset({"policy"})),
        kept=frozenset({"blockPublicPolicy"}),
    ),
    SecretRotation(
        sdk="pulumi_aws.secretsmanager:SecretRotation",
        models=frozenset({"region", "secretId", "rotationLambdaArn", "rotationRules",
                          "rotationEnabled", "rotateImmediately"}),
        defaults={"rotateImmediately": True},
        replaces=frozenset({"secretId"}),
        rules=Rules(computed=frozenset({"rotationEnabled"})),
        kept=frozenset({"rotateImmediately"}),
    ),
)  # fmt: skip
