"""One of a cache's two access keys made anew, by Azure's own management SDK.

Azure answers with the keys. They are not looked at, kept or told: whoever needs the new one reads
it from Azure afterwards. The SDK is imported here only, when a key is made anew.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .settings import Key

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError

MOST_SECONDS = 900.0
"""How long a key may take until nobody waits for it any more."""
POLL_SECONDS = 5.0
"""Between two questions whether the key is made, where Azure asks for no other time."""
READ_SECONDS = 60.0
"""How long one answer may take."""

MANAGED_ACTION = "Microsoft.Cache/redisEnterprise/databases/regenerateKey/action"
CLASSIC_ACTION = "Microsoft.Cache/redis/regenerateKey/action"
"""What Azure's RBAC calls it."""

_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/\s]+)"
    r"/providers/Microsoft\.Cache/"
    r"(redisEnterprise/(?P<cluster>[^/\s]+)/databases/(?P<database>[^/\s]+)|redis/(?P<classic>[^/\s]+))",
    re.IGNORECASE,
)
# Ends of the host names of classic caches outside the public cloud, and the SDK's name of the
# cloud. Azure Managed Redis has the public cloud only.
_CLOUDS = {
    ".redis.cache.chinacloudapi.cn": "AZURE_CHINA_CLOUD",
    ".redis.cache.usgovcloudapi.net": "AZURE_US_GOVERNMENT",
}
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 400, 401, 403, 404, 409
_TOO_MANY, _BROKEN = 429, 500
_LONGEST = 300

_LOG_IN = (
    "Log in with `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET; the "
    "ARM_* variables of Pulumi's provider do not count here."
)
_AGAIN = "Run the same command again: the key is not in use, and may be made anew twice."


class RegenerationError(Exception):
    """The key was not made anew, or nobody knows: why, and what to do, in one message."""


@dataclass(frozen=True)
class Place:
    """Where a cache is in Azure."""

    subscription: str
    group: str
    name: str
    """Of the cluster, or of the classic cache."""
    database: str
    """Of Azure Managed Redis; empty for a classic cache."""

    @property
    def action(self) -> str:
        """What Azure's RBAC calls the making of a key."""
        return MANAGED_ACTION if self.database else CLASSIC_ACTION


@dataclass(frozen=True)
class Access:
    """How Azure's management service is reached."""

    credential: "TokenCredential"
    endpoint: str
    """URL of the service."""
    scopes: tuple[str, ...]
    """What a token is asked for."""


def place(resource_id: str) -> Place:
    """Where the cache with this resource id is. Raises RegenerationError for another kind of id."""
    match = _ID.fullmatch(resource_id)
    if not match:
        raise RegenerationError(
            "the stack tells no resource id of a cache on Azure. Bring it up to date: make up"
        )
    names = match.groupdict(default="")
    name = names["cluster"] or names["classic"]
    return Place(names["subscription"], names["group"], name, names["database"])


def access(host: str) -> Access:
    """The login that Azure's SDK finds on this machine, for the cloud that `host` is in.

    Raises RegenerationError when the SDK is not installed or its settings name no cloud. Nothing is
    asked yet.
    """
    with _installed():
        from azure.core.settings import settings  # noqa: PLC0415
        from azure.identity import AzureAuthorityHosts, DefaultAzureCredential  # noqa: PLC0415
        from azure.mgmt.core.tools import get_arm_endpoints  # noqa: PLC0415
    named = next((cloud for end, cloud in _CLOUDS.items() if host.lower().endswith(end)), None)
    try:
        cloud = settings.azure_cloud(named)
    except ValueError:
        raise RegenerationError("AZURE_SDK_CLOUD_CONF names none of Azure's clouds") from None
    authority = {
        "AZURE_CHINA_CLOUD": {"authority": AzureAuthorityHosts.AZURE_CHINA},
        "AZURE_US_GOVERNMENT": {"authority": AzureAuthorityHosts.AZURE_GOVERNMENT},
    }.get(cloud.name, {})
    endpoints = get_arm_endpoints(cloud)
    return Access(
        DefaultAzureCredential(**authority),
        endpoints["resource_manager"],
        tuple(endpoints["credential_scopes"]),
    )


def regenerate(cache: Place, key: Key, way: Access) -> None:
    """Makes an access key anew, and waits until it is: seconds, or a few minutes.

    Who is logged in with the old one may be cut off. Raises RegenerationError.
    """
    with _installed(), _told(cache, way.endpoint):
        # One message tells what went wrong; the SDK's own log lines would come on top of it.
        logging.getLogger("azure").setLevel(logging.CRITICAL)
        options: dict[str, Any] = {
            "base_url": way.endpoint,
            "credential_scopes": list(way.scopes),
            "read_timeout": READ_SECONDS,
        }
        if cache.database:
            _managed(cache, key, way.credential, options)
        else:
            _classic(cache, key, way.credential, options)


def _managed(
    cache: Place, key: Key, credential: "TokenCredential", options: dict[str, Any]
) -> None:
    from azure.mgmt.core.polling.arm_polling import ARMPolling  # noqa: PLC0415
    from azure.mgmt.redisenterprise import RedisEnterpriseManagementClient  # noqa: PLC0415
    from azure.mgmt.redisenterprise.models import RegenerateKeyParameters  # noqa: PLC0415

    polling = ARMPolling(POLL_SECONDS, lro_options={"final-state-via": "azure-async-operation"})
    wanted = RegenerateKeyParameters(key_type=key.value.capitalize())
    with RedisEnterpriseManagementClient(credential, cache.subscription, **options) as client:
        poller = client.databases.begin_regenerate_key(
            cache.group, cache.name, cache.database, wanted, polling=polling, retry_total=0
        )
        poller.wait(MOST_SECONDS)
        if not poller.done():
            raise RegenerationError(
                f"Azure has not finished after {MOST_SECONDS / 60:.0f} minutes. It goes on without "
                f"this command. {_AGAIN}"
            )


def _classic(
    cache: Place, key: Key, credential: "TokenCredential", options: dict[str, Any]
) -> None:
    from azure.mgmt.redis import RedisManagementClient  # noqa: PLC0415
    from azure.mgmt.redis.models import RedisRegenerateKeyParameters  # noqa: PLC0415

    wanted = RedisRegenerateKeyParameters(key_type=key.value.capitalize())
    with RedisManagementClient(credential, cache.subscription, **options) as client:
        client.redis.regenerate_key(cache.group, cache.name, wanted, retry_total=0)


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise RegenerationError(
            "the packages of Azure's management SDK are missing. Install them: "
            "pip install 'secure-redis[rotate]'"
        ) from None


@contextmanager
def _told(cache: Place, endpoint: str) -> Iterator[None]:
    """Turns every error of the SDK into one message. None of its own texts: some quote answers."""
    from azure.core import exceptions  # noqa: PLC0415

    try:
        yield
    except RegenerationError:
        raise
    except exceptions.HttpResponseError as error:
        if isinstance(error, exceptions.ClientAuthenticationError) and error.response is None:
            raise RegenerationError(_no_login(error)) from None
        raise RegenerationError(_refused(cache, error)) from None
    except exceptions.ServiceRequestError:
        raise RegenerationError(
            f"{endpoint} cannot be reached from here, and nothing was changed. Check the network "
            "and its proxy settings."
        ) from None
    except exceptions.ServiceResponseError:
        raise RegenerationError(f"the connection to Azure broke off. {_AGAIN}") from None
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - its text may quote the answer, with the keys in it
        what = type(error).__name__
        raise RegenerationError(f"Azure's answer cannot be read ({what}). {_AGAIN}") from None


def _no_login(error: Exception) -> str:
    """Why there is no token. The SDK's text is a page: a line for each way that it tried."""
    code = re.search(r"\bAADSTS\d+\b", str(error))
    if code:
        return f"Microsoft Entra ID refuses the login ({code.group()}). {_LOG_IN}"
    return f"Azure's SDK finds no login on this machine. {_LOG_IN}"


def _refused(cache: Place, error: "HttpResponseError") -> str:
    status = error.status_code or 0
    said = _words(error)
    if status < _BAD_REQUEST:
        return f"Azure began and did not succeed{said}. {_AGAIN}"
    advice = {
        _UNAUTHORIZED: f"Azure does not take this login{said}. {_LOG_IN}",
        _FORBIDDEN: f"this login may not make keys{said}. It needs the action {cache.action}, "
        "which the role Contributor has, on the cache.",
        _NOT_FOUND: f"the cache is not there{said}. Bring the stack up to date: pulumi refresh.",
        _CONFLICT: f"the cache cannot be changed now{said}. Wait until other changes have ended, "
        "take away a read-only lock, and run the same command again.",
        _TOO_MANY: f"Azure has too many requests{said}. Run the same command again later.",
    }
    if status in advice:
        return advice[status]
    if status >= _BROKEN:
        return f"Azure failed with status {status}{said}. {_AGAIN}"
    return f"Azure refuses with status {status}{said}."


def _words(error: "HttpResponseError") -> str:
    """Azure's code and message, which hold no key, as part of a sentence."""
    details = error.error
    parts = [str(part) for part in (details and details.code, details and details.message) if part]
    text = " ".join(": ".join(parts).split()).rstrip(".")
    if not text:
        return ""
    return f" ({text if len(text) <= _LONGEST else text[:_LONGEST] + '...'})"
