"""kms: keys and aliases."""

from collections.abc import Iterable

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, between, documents, known, needing, tag_changes, tagged


def _tags(tags: Values | None) -> list[Values] | None:
    found = sorted((tags or {}).items())
    return [{"TagKey": key, "TagValue": value} for key, value in found] or None


class Key(Resource):
    """A key."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from between(inputs, "deletionWindowInDays", 7, 30)
        yield from between(inputs, "rotationPeriodInDays", 90, 2560)
        yield from needing(inputs, "rotationPeriodInDays", "enableKeyRotation")
        yield from documents(inputs, "policy")

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing("creating KMS Key"):
            made = api.call(
                "kms",
                "CreateKey",
                Description=inputs.get("description"),
                KeyUsage=inputs.get("keyUsage"),
                KeySpec=inputs.get("customerMasterKeySpec"),
                Policy=inputs.get("policy"),
                MultiRegion=inputs.get("multiRegion"),
                BypassPolicyLockoutSafetyCheck=inputs.get("bypassPolicyLockoutSafetyCheck"),
                Tags=_tags(inputs.get("tags")),
            )["KeyMetadata"]
            api.work.made = made["KeyId"]
            if inputs.get("enableKeyRotation"):
                self._rotate(api, made["KeyId"], inputs)
            if inputs.get("isEnabled") is False:
                api.call("kms", "DisableKey", KeyId=made["KeyId"])
        return made["KeyId"]

    @staticmethod
    def _rotate(api: AwsApi, identifier: str, inputs: Values) -> None:
        if not inputs.get("enableKeyRotation"):
            api.call("kms", "DisableKeyRotation", KeyId=identifier)
            return
        api.call(
            "kms",
            "EnableKeyRotation",
            KeyId=identifier,
            RotationPeriodInDays=inputs.get("rotationPeriodInDays"),
        )

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("kms", "DescribeKey", "NotFoundException", KeyId=identifier)
        if found is None or found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        one = found["KeyMetadata"]
        return {
            "arn": one["Arn"],
            "keyId": one["KeyId"],
            "description": one["Description"],
            "keyUsage": one["KeyUsage"],
            "customerMasterKeySpec": one["KeySpec"],
            "isEnabled": one["KeyState"] == "Enabled",
            "multiRegion": one["MultiRegion"],
            "policy": one["Policy"],
            "enableKeyRotation": one["Rotation"],
            "rotationPeriodInDays": one["RotationPeriodInDays"],
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating KMS Key ({identifier})"):
            if "isEnabled" in changed and new["isEnabled"]:
                api.call("kms", "EnableKey", KeyId=identifier)
            if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
                self._rotate(api, identifier, new)
            if "description" in changed:
                text = new.get("description", "")
                api.call("kms", "UpdateKeyDescription", KeyId=identifier, Description=text)
            if "policy" in changed:
                api.call("kms", "PutKeyPolicy", KeyId=identifier, Policy=new["policy"])
            if "isEnabled" in changed and not new["isEnabled"]:
                api.call("kms", "DisableKey", KeyId=identifier)
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("kms", "UntagResource", KeyId=identifier, TagKeys=gone)
            if tags:
                api.call("kms", "TagResource", KeyId=identifier, Tags=_tags(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting KMS Key ({identifier})"):
            api.drop(
                "kms",
                "ScheduleKeyDeletion",
                "NotFoundException",
                "KMSInvalidStateException",
                KeyId=identifier,
                PendingWindowInDays=state.get("deletionWindowInDays"),
            )


class Alias(Resource):
    """A name of a key."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        name = inputs.get("name")
        if known(name) and (not name.startswith("alias/") or len(name) < 7):
            yield Failure("name", '"name" must begin with \'alias/\' and be comprised of only '
                          "[0-9A-Za-z_/-]")  # fmt: skip

    def create(self, api: AwsApi, inputs: Values) -> str:
        with doing(f"creating KMS Alias ({inputs['name']})"):
            api.call(
                "kms", "CreateAlias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"]
            )
        return inputs["name"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        aliases = (api.ask("kms", "ListAliases") or {})["Aliases"]
        one = next((row for row in aliases if row["AliasName"] == identifier), None)
        if one is None:
            return None
        # The alias may be given the key's id or its ARN, and gives back what it was given.
        target = state.get("targetKeyId", "")
        key_id = one["TargetKeyId"]
        return {
            "arn": api.account.arn("kms", identifier),
            "name": identifier,
            "namePrefix": "",
            "targetKeyArn": api.account.arn("kms", f"key/{key_id}"),
            "targetKeyId": target if target.rpartition("/")[2] == key_id else key_id,
            "region": api.region,
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating KMS Alias ({identifier})"):
            api.call("kms", "UpdateAlias", AliasName=identifier, TargetKeyId=new["targetKeyId"])

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting KMS Alias ({identifier})"):
            api.drop("kms", "DeleteAlias", "NotFoundException", AliasName=identifier)


RESOURCES: tuple[Resource, ...] = (
    Key(
        sdk="pulumi_aws.kms:Key",
        models=COMMON
        | {"description", "keyUsage", "customerMasterKeySpec", "policy", "multiRegion",
           "enableKeyRotation", "rotationPeriodInDays", "isEnabled", "deletionWindowInDays",
           "bypassPolicyLockoutSafetyCheck"},
        defaults={
            "keyUsage": "ENCRYPT_DECRYPT",
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "isEnabled": True,
            "enableKeyRotation": False,
            "bypassPolicyLockoutSafetyCheck": False,
        },
        replaces=frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"}),
        rules=Rules(
            computed=frozenset({"description", "policy", "multiRegion", "rotationPeriodInDays"}),
            documents=frozenset({"policy"}),
        ),
        kept=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
    ),
    Alias(
        sdk="pulumi_aws.kms:Alias",
        models=frozenset({"region", "name", "targetKeyId"}),
        named=AutoName("name"),
        replaces=frozenset({"name"}),
        rules=Rules(computed=frozenset({"namePrefix"})),
    ),
)  # fmt: skip
