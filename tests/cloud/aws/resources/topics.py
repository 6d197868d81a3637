"""sns: topics."""

from collections.abc import Iterable

from cloud.aws.api import AwsApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, documents, listed, tag_changes, tagged

_ATTRIBUTES = {"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName", "policy": "Policy"}


class Topic(Resource):
    """A topic."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        yield from documents(inputs, "policy")

    def create(self, api: AwsApi, inputs: Values) -> str:
        attributes = {
            member: inputs[name] for name, member in _ATTRIBUTES.items() if name in inputs
        }
        if inputs.get("fifoTopic"):
            attributes["FifoTopic"] = "true"
        with doing(f"creating SNS Topic ({inputs['name']})"):
            return api.call(
                "sns",
                "CreateTopic",
                Name=inputs["name"],
                Attributes=attributes or None,
                Tags=listed(inputs.get("tags")),
            )["TopicArn"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("sns", "GetTopicAttributes", "NotFound", TopicArn=identifier)
        if found is None:
            return None
        attributes = found["Attributes"]
        return {
            "arn": identifier,
            "name": identifier.rpartition(":")[2],
            "namePrefix": "",
            "fifoTopic": attributes.get("FifoTopic") == "true",
            "contentBasedDeduplication": False,
            "owner": "123456789012",
            **{name: attributes.get(member) for name, member in _ATTRIBUTES.items()},
            **tagged(api, found["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating SNS Topic ({identifier})"):
            for name in sorted(changed & _ATTRIBUTES.keys()):
                api.call(
                    "sns",
                    "SetTopicAttributes",
                    TopicArn=identifier,
                    AttributeName=_ATTRIBUTES[name],
                    AttributeValue=new.get(name, ""),
                )
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("sns", "UntagResource", ResourceArn=identifier, TagKeys=gone)
            if tags:
                api.call("sns", "TagResource", ResourceArn=identifier, Tags=listed(tags))

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting SNS Topic ({identifier})"):
            api.drop("sns", "DeleteTopic", "NotFound", TopicArn=identifier)


RESOURCES: tuple[Resource, ...] = (
    Topic(
        sdk="pulumi_aws.sns:Topic",
        models=COMMON | {"name", "fifoTopic", *_ATTRIBUTES},
        named=AutoName("name"),
        defaults={"fifoTopic": False, "contentBasedDeduplication": False},
        replaces=frozenset({"name", "fifoTopic"}),
        rules=Rules(
            computed=frozenset({"namePrefix", "policy", "signatureVersion", "tracingConfig"}),
            documents=frozenset({"policy"}),
        ),
    ),
)
