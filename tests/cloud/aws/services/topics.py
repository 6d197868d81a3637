"""SNS: topics."""

import re

from cloud.aws.account import Account, Params, answers, refuse, tags_of

TOPIC = "sns.topic"


@answers("sns", "CreateTopic")
def create_topic(account: Account, params: Params) -> Params:
    """A topic; the one of that name, if it is there already with the same attributes."""
    name = params["Name"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}(\.fifo)?", name):
        refuse("InvalidParameter", "Invalid parameter: Topic Name")
    attributes = params.get("Attributes", {})
    if name.endswith(".fifo") != (attributes.get("FifoTopic") == "true"):
        refuse(
            "InvalidParameter",
            "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of only "
            "uppercase and lowercase ASCII letters, numbers, underscores, and hyphens",
        )
    arn = account.arn("sns", name)
    old = account.find(TOPIC, arn)
    if old and old["Attributes"] != attributes:
        refuse(
            "InvalidParameter",
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
        )
    tags = tags_of(params.get("Tags"))
    account.put(TOPIC, arn, {"TopicArn": arn, "Name": name, "Attributes": attributes, "Tags": tags})
    return {"TopicArn": arn}


def _topic(account: Account, arn: str) -> Params:
    return account.need(TOPIC, arn, "NotFound", "Topic does not exist")


@answers("sns", "GetTopicAttributes")
def get_attributes(account: Account, params: Params) -> Params:
    """Its attributes."""
    topic = _topic(account, params["TopicArn"])
    return {"Attributes": topic["Attributes"], "Tags": topic["Tags"]}


@answers("sns", "SetTopicAttributes")
def set_attributes(account: Account, params: Params) -> Params:
    """One attribute a request."""
    topic = _topic(account, params["TopicArn"])
    topic["Attributes"][params["AttributeName"]] = params.get("AttributeValue", "")
    account.put(TOPIC, params["TopicArn"], topic)
    return {}


@answers("sns", "TagResource")
def tag_topic(account: Account, params: Params) -> Params:
    """Adds tags."""
    topic = _topic(account, params["ResourceArn"])
    tags = {**topic["Tags"], **tags_of(params["Tags"])}
    account.put(TOPIC, params["ResourceArn"], {**topic, "Tags": tags})
    return {}


@answers("sns", "UntagResource")
def untag_topic(account: Account, params: Params) -> Params:
    """Takes tags away."""
    topic = _topic(account, params["ResourceArn"])
    kept = {key: value for key, value in topic["Tags"].items() if key not in params["TagKeys"]}
    account.put(TOPIC, params["ResourceArn"], {**topic, "Tags": kept})
    return {}


@answers("sns", "DeleteTopic")
def delete_topic(account: Account, params: Params) -> Params:
    """Gone, whether it was there or not."""
    account.remove(TOPIC, params["TopicArn"])
    return {}
