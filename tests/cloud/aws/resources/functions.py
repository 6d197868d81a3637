"""lambda: functions and who may call them."""

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cloud.aws.api import AwsApi, doing
from cloud.aws.model import operation_model
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.resource import Resource, Values

from .common import COMMON, arns, between, known, one_of, tag_changes, tagged

GONE = "ResourceNotFoundException"

_SETTINGS = {
    "role": "Role",
    "handler": "Handler",
    "runtime": "Runtime",
    "description": "Description",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "kmsKeyArn": "KMSKeyArn",
}


def package(archive: Any) -> bytes:
    """An archive of the engine as the zip file that Lambda gets."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        _add(target, "", archive)
    return buffer.getvalue()


def _add(target: zipfile.ZipFile, name: str, thing: Any) -> None:
    if isinstance(thing.get("assets"), dict):
        for inner, one in sorted(thing["assets"].items()):
            _add(target, f"{name}/{inner}" if name else inner, one)
    elif "text" in thing:
        target.writestr(zipfile.ZipInfo(name), thing["text"])
    elif "path" in thing:
        _add_path(target, name, Path(thing["path"]))
    else:
        raise ProviderError("the archive is neither made of assets nor of a path")


def _add_path(target: zipfile.ZipFile, name: str, path: Path) -> None:
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.is_file():
                where = inner.relative_to(path).as_posix()
                target.writestr(f"{name}/{where}" if name else where, inner.read_bytes())
    elif path.is_file():
        target.writestr(name or path.name, path.read_bytes())
    else:
        raise ProviderError(f"open {path}: no such file or directory")


class Function(Resource):
    """A function from an archive."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        shape: Any = operation_model("lambda", "CreateFunction").input_shape
        yield from one_of(inputs, "runtime", *shape.members["Runtime"].enum)
        yield from between(inputs, "timeout", 1, 900)
        yield from between(inputs, "memorySize", 128, 32768)
        yield from arns(inputs, "role", "kmsKeyArn")
        if inputs.get("packageType", "Zip") == "Zip" and not inputs.get("code"):
            yield Failure("code", "one of `filename,image_uri,s3_bucket` must be specified")

    @staticmethod
    def _settings(inputs: Values) -> Values:
        request: Values = {member: inputs.get(name) for name, member in _SETTINGS.items()}
        variables = (inputs.get("environment") or {}).get("variables")
        if "environment" in inputs:
            request["Environment"] = {"Variables": variables or {}}
        config = inputs.get("vpcConfig")
        if config:
            request["VpcConfig"] = {
                "SubnetIds": config.get("subnetIds", []),
                "SecurityGroupIds": config.get("securityGroupIds", []),
            }
        if inputs.get("tracingConfig"):
            request["TracingConfig"] = {"Mode": inputs["tracingConfig"]["mode"]}
        logging = inputs.get("loggingConfig")
        if logging:
            members = {"logFormat": "LogFormat", "logGroup": "LogGroup",
                       "applicationLogLevel": "ApplicationLogLevel",
                       "systemLogLevel": "SystemLogLevel"}  # fmt: skip
            request["LoggingConfig"] = {
                member: logging[name] for name, member in members.items() if name in logging
            }
        return request

    def create(self, api: AwsApi, inputs: Values) -> str:
        name = inputs["name"]
        with doing(f"creating Lambda Function ({name})"):
            api.call(
                "lambda",
                "CreateFunction",
                FunctionName=name,
                Code={"ZipFile": package(inputs["code"])},
                PackageType=inputs.get("packageType"),
                Architectures=inputs.get("architectures"),
                Publish=inputs.get("publish"),
                Tags=inputs.get("tags") or None,
                **self._settings(inputs),
            )
            api.work.made = name
            self._reserve(api, name, inputs)
        return name

    @staticmethod
    def _reserve(api: AwsApi, name: str, inputs: Values) -> None:
        reserved = inputs.get("reservedConcurrentExecutions", -1)
        if reserved >= 0:
            api.call(
                "lambda",
                "PutFunctionConcurrency",
                FunctionName=name,
                ReservedConcurrentExecutions=reserved,
            )

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        found = api.ask("lambda", "GetFunction", GONE, FunctionName=identifier)
        if found is None:
            return None
        one = found["Configuration"]
        arn = one["FunctionArn"]
        variables = (one.get("Environment") or {}).get("Variables")
        config = one.get("VpcConfig")
        reserved = one["Reserved"]
        invoke = f"arn:aws:apigateway:{api.region}:lambda:path/2015-03-31/functions"
        logging = one["LoggingConfig"]
        return {
            "arn": arn,
            "name": identifier,
            "qualifiedArn": f"{arn}:{one['Version']}",
            "invokeArn": f"{invoke}/{arn}/invocations",
            "qualifiedInvokeArn": f"{invoke}/{arn}:{one['Version']}/invocations",
            "version": one["Version"],
            "lastModified": one["LastModified"],
            "code": state.get("code"),
            "codeSha256": one["CodeSha256"],
            "sourceCodeSize": one["CodeSize"],
            "packageType": one["PackageType"],
            "architectures": one["Architectures"],
            "environment": {"variables": variables} if variables is not None else None,
            "vpcConfig": {
                "subnetIds": config["SubnetIds"],
                "securityGroupIds": config["SecurityGroupIds"],
            }
            if config
            else None,
            "tracingConfig": {"mode": one["TracingConfig"]["Mode"]},
            "loggingConfig": {
                "logFormat": logging.get("LogFormat"),
                "logGroup": logging.get("LogGroup"),
                "applicationLogLevel": logging.get("ApplicationLogLevel"),
                "systemLogLevel": logging.get("SystemLogLevel"),
            },
            "ephemeralStorage": {"size": one["EphemeralStorage"]["Size"]},
            "reservedConcurrentExecutions": -1 if reserved is None else reserved,
            "signingJobArn": "",
            "signingProfileVersionArn": "",
            **{name: one.get(member) for name, member in _SETTINGS.items()},
            **tagged(api, one["Tags"]),
        }

    def update(
        self, api: AwsApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        with doing(f"updating Lambda Function ({identifier})"):
            settings = {*_SETTINGS, "environment", "vpcConfig", "tracingConfig", "loggingConfig"}
            if changed & settings:
                request = self._settings(new)
                if "environment" not in new:
                    request["Environment"] = {"Variables": {}}
                api.call(
                    "lambda", "UpdateFunctionConfiguration", FunctionName=identifier, **request
                )
            if changed & {"code", "sourceCodeHash"}:
                data = package(new["code"])
                api.call("lambda", "UpdateFunctionCode", FunctionName=identifier, ZipFile=data)
            if "reservedConcurrentExecutions" in changed:
                if new.get("reservedConcurrentExecutions", -1) >= 0:
                    self._reserve(api, identifier, new)
                else:
                    api.call("lambda", "DeleteFunctionConcurrency", FunctionName=identifier)
            gone, tags = tag_changes(old, new)
            if gone:
                api.call("lambda", "UntagResource", Resource=old["arn"], TagKeys=gone)
            if tags:
                api.call("lambda", "TagResource", Resource=old["arn"], Tags=tags)

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"deleting Lambda Function ({identifier})"):
            api.drop("lambda", "DeleteFunction", GONE, FunctionName=identifier)


class Permission(Resource):
    """Who may call a function."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        for name, pattern in (
            ("statementId", r"[0-9A-Za-z_-]{1,100}"),
            ("action", r"lambda:[*]|lambda:[A-Za-z]+|[*]"),
            ("sourceAccount", r"\d{12}"),
        ):
            value = inputs.get(name)
            if known(value) and not re.fullmatch(pattern, value):
                yield Failure(name, f'invalid value for {name} (must match "{pattern}"): {value}')
        yield from arns(inputs, "sourceArn")

    def create(self, api: AwsApi, inputs: Values) -> str:
        function = inputs["function"]
        with doing(f"adding Lambda Permission ({function}/{inputs['statementId']})"):
            api.call(
                "lambda",
                "AddPermission",
                FunctionName=function,
                StatementId=inputs["statementId"],
                Action=inputs["action"],
                Principal=inputs["principal"],
                SourceAccount=inputs.get("sourceAccount"),
                SourceArn=inputs.get("sourceArn"),
            )
        return inputs["statementId"]

    def read(self, api: AwsApi, identifier: str, state: Values) -> Values | None:
        function = state.get("function")
        if not function:
            # An import by the statement's id alone: nobody knows of which function.
            return None
        found = api.ask("lambda", "GetPolicy", GONE, FunctionName=function) or {}
        one = found.get("Statements", {}).get(identifier)
        if one is None:
            return None
        return {
            "function": function,
            "statementId": identifier,
            "statementIdPrefix": "",
            "action": one["Action"],
            "principal": one["Principal"],
            "sourceAccount": one.get("SourceAccount"),
            "sourceArn": one.get("SourceArn"),
            "region": api.region,
        }

    def delete(self, api: AwsApi, identifier: str, state: Values) -> None:
        with doing(f"removing Lambda Permission ({state['function']}/{identifier})"):
            api.drop(
                "lambda",
                "RemovePermission",
                GONE,
                FunctionName=state["function"],
                StatementId=identifier,
            )


_CALLERS = frozenset(
    {"function", "action", "principal", "sourceAccount", "sourceArn", "statementId"}
)

RESOURCES: tuple[Resource, ...] = (
    Function(
        sdk="pulumi_aws.lambda_:Function",
        models=COMMON
        | {"name", "code", "packageType", "architectures", "environment", "vpcConfig",
           "tracingConfig", "loggingConfig", "reservedConcurrentExecutions", "publish",
           "sourceCodeHash", "skipDestroy", *_SETTINGS},
        named=AutoName("name", 64),
        defaults={"memorySize": 128, "timeout": 3, "packageType": "Zip", "publish": False,
                  "reservedConcurrentExecutions": -1, "skipDestroy": False},
        replaces=frozenset({"name", "packageType"}),
        rules=Rules(
            computed=frozenset(
                {"architectures", "tracingConfig", "loggingConfig", "ephemeralStorage",
                 "sourceCodeHash", "codeSha256", "loggingConfig.logGroup",
                 "loggingConfig.systemLogLevel", "loggingConfig.applicationLogLevel"}
            )
        ),
        kept=frozenset({"publish", "sourceCodeHash", "skipDestroy"}),
    ),
    Permission(
        sdk="pulumi_aws.lambda_:Permission",
        models=_CALLERS | {"region"},
        named=AutoName("statementId", 100),
        replaces=_CALLERS,
        rules=Rules(computed=frozenset({"statementIdPrefix"})),
    ),
)  # fmt: skip
