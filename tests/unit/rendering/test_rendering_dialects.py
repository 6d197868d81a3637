"""Which variables there are, what they say, and which of them are secret."""

import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import celery
import pytest
import redis
from redis.connection import SSLConnection, parse_url
from secure_redis.connection import CA_PATH, Auth, Connection, TlsVerify
from secure_redis.rendering import env
from secure_redis.rendering.env import (
    CORE,
    DIALECTS,
    MASK,
    Variable,
    masked,
    prefix_of,
    public,
    render,
    rendered,
)
from secure_redis.rendering.errors import RenderingError

from tests.unit.rendering import samples

ALL_KINDS = pytest.mark.parametrize("kind", samples.ALL.values(), ids=samples.ALL)
NOT_DOTNET = [name for name in DIALECTS if name != "dotnet"]


def test_a_local_cache_has_exactly_these_variables() -> None:
    pem = samples.local().ca_pem
    assert render(samples.local()) == {
        "REDIS_URL": f"rediss://app:{samples.PASSWORD}@localhost:6380/0",
        "REDIS_HOST": "localhost",
        "REDIS_PORT": "6380",
        "REDIS_DB": "0",
        "REDIS_USERNAME": "app",
        "REDIS_PASSWORD": samples.PASSWORD,
        "REDIS_SSL": "true",
        "REDIS_TLS_ENABLED": "true",
        "REDIS_CLUSTER": "false",
        "REDIS_SSL_CERT_REQS": "required",
        "REDIS_SSL_CHECK_HOSTNAME": "true",
        "REDIS_SSL_CA_CERTS": "/etc/redis-tls/ca.pem",
        "REDIS_TLS_VERIFY": "true",
        "REDIS_TLS_MIN_VERSION": "1.2",
        "REDIS_TLS_CA_PATH": "/etc/redis-tls/ca.pem",
        "REDIS_TLS_CA_CERT": "/etc/redis-tls/ca.pem",
        "REDIS_CA_PEM_B64": base64.b64encode(pem.encode()).decode(),
    }


def test_a_public_ca_has_no_ca_variable_at_all() -> None:
    names = render(samples.public_ca(), DIALECTS, cache="cache").keys()
    assert not [name for name in names if re.search(r"CA_|CERT_PATH|BUNDLE|CERTIFICATE", name)]


def test_without_tls_nothing_speaks_of_certificates() -> None:
    found = render(samples.plain(), DIALECTS, cache="cache")
    assert found["REDIS_URL"] == "redis://127.0.0.1:6379/0"
    assert found["REDIS_SSL"] == found["REDIS_TLS_ENABLED"] == "false"
    assert found["REDIS_USERNAME"] == found["REDIS_PASSWORD"] == ""
    assert not [name for name in found if re.search(r"CERT|_CA_|VERIFY|_KEY|REDISCLI", name)]


def test_an_identity_leaves_no_login_that_a_client_would_send() -> None:
    found = render(samples.identity(), DIALECTS, cache="cache")
    assert found["REDIS_AUTH_MODE"] == "identity"
    assert found["REDIS_IDENTITY_USER"] == "shop-prod-cache-app"
    login = re.compile(r"USERNAME$|_USER$|PASSWORD$|^REDISCLI_AUTH$|^REDIS_AUTH$")
    assert [name for name in found if login.search(name)] == ["REDIS_IDENTITY_USER"]
    for name, value in found.items():
        assert "@" not in value, f"{name} has a user part"
        assert not re.search(r"(user|password)=", value), name
    assert found["REDIS_URL"] == "rediss://master.cache.example.org:6379/0"
    parsed = parse_url(found["REDIS_URL"])
    assert not {"username", "password"} & parsed.keys()


def test_what_a_client_would_send_for_a_user_without_a_password() -> None:
    """Why the user's name stands in a variable of its own."""
    empty = redis.UsernamePasswordCredentialProvider("shop-prod-cache-app", None)
    assert empty.get_credentials() == ("shop-prod-cache-app", "")


def test_only_an_identity_speaks_of_itself() -> None:
    for name, kind in samples.ALL.items():
        spoken = {"REDIS_AUTH_MODE", "REDIS_IDENTITY_USER"} & render(kind()).keys()
        assert bool(spoken) == name.startswith("identity")


def test_mutual_tls_names_the_clients_files() -> None:
    found = render(samples.mutual(), DIALECTS, ca_path="/run/tls/ca.pem", cache="cache")
    for name in ("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"):
        assert found.pop(name).endswith(
            "&ssl_certfile=/run/tls/client.crt&ssl_keyfile=/run/tls/client.key"
        )
    certificate = {name for name, value in found.items() if value.endswith("/run/tls/client.crt")}
    key = {name for name, value in found.items() if value.endswith("/run/tls/client.key")}
    assert certificate == {
        "REDIS_SSL_CERTFILE",
        "REDIS_TLS_CERT_PATH",
        "REDIS_TLS_CERT",
        "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_CERTIFICATE",
        "REDIS_EXPORTER_TLS_CLIENT_CERT_FILE",
    }
    assert key == {
        "REDIS_SSL_KEYFILE",
        "REDIS_TLS_KEY_PATH",
        "REDIS_TLS_KEY",
        "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_PRIVATEKEY",
        "REDIS_EXPORTER_TLS_CLIENT_KEY_FILE",
    }
    assert found["REDIS_CERT_PATH"] == "/run/tls"
    assert found["NODE_EXTRA_CA_CERTS"] == "/run/tls/ca.pem"


def test_a_certificate_without_host_name_turns_off_that_check_only() -> None:
    found = render(samples.chain_only(), ["ssl", "tls", "celery"])
    assert found["REDIS_SSL_CHECK_HOSTNAME"] == "false"
    assert found["REDIS_SSL_CERT_REQS"] == "required"
    assert found["REDIS_TLS_VERIFY"] == "true"
    assert "ssl_cert_reqs=required&ssl_check_hostname=false" in found["CELERY_BROKER_URL"]


def test_the_server_name_is_there_only_where_it_differs() -> None:
    assert "REDIS_TLS_SERVER_NAME" not in render(samples.local())
    found = render(samples.local(tls_server_name="cache.internal"))
    assert found["REDIS_TLS_SERVER_NAME"] == "cache.internal"


def test_every_dialect_adds_to_core() -> None:
    core = render(samples.local(), [CORE])
    assert len(core) == 9
    for name in DIALECTS:
        assert core.items() <= render(samples.local(), [name], cache="cache").items()


def test_the_fixed_names_of_other_programs() -> None:
    connection = samples.local()
    found = render(connection, DIALECTS, prefix="cache", cache="my-cache")
    url = connection.url
    path = "/etc/redis-tls/ca.pem"
    expected = {
        "CELERY_BROKER_URL": connection.python_url(path),
        "CELERY_RESULT_BACKEND": connection.python_url(path),
        "ConnectionStrings__CACHE_Redis": connection.stackexchange,
        "SPRING_DATA_REDIS_URL": url,
        "SPRING_DATA_REDIS_SSL_ENABLED": "true",
        "SPRING_DATA_REDIS_SSL_BUNDLE": "redis",
        "SPRING_SSL_BUNDLE_PEM_REDIS_TRUSTSTORE_CERTIFICATE": f"file:{path}",
        "CACHE_REDIS_SCHEME": "tls",
        "CACHE_REDIS_CACHE_DB": "0",
        "REDIS_ADDR": "rediss://localhost:6380",
        "REDIS_USER": "app",
        "REDIS_PASSWORD": samples.PASSWORD,
        "REDIS_EXPORTER_TLS_CA_CERT_FILE": path,
        "REDISCLI_AUTH": samples.PASSWORD,
        "MY_CACHE_HOST": "localhost",
        "MY_CACHE_PORT": "6380",
        "MY_CACHE_PASSWORD": samples.PASSWORD,
        "MY_CACHE_URI": url,
        "NODE_EXTRA_CA_CERTS": path,
    }
    assert expected.items() <= found.items()
    others = found.keys() - expected.keys()
    assert all(name.startswith("CACHE_REDIS_") for name in others), others
    assert "ConnectionStrings__Redis" in render(connection, ["dotnet"])


@pytest.mark.parametrize("password", [samples.PASSWORD, samples.AWKWARD_PASSWORD])
@ALL_KINDS
def test_whatever_holds_a_credential_is_secret(
    kind: Callable[[], Connection], password: str
) -> None:
    connection = kind()
    if connection.password:
        connection = replace(connection, password=password)
    variables = rendered(connection, DIALECTS, cache="cache")
    shown = " ".join([*public(connection, DIALECTS, cache="cache").values()])
    forms = {connection.password, quote(connection.password, safe="")} - {""}
    for variable in variables:
        holds = any(form in variable.value for form in forms)
        assert not holds or variable.secret, variable.name
        assert not [form for form in forms if form in repr(variable)]
    assert not [form for form in forms if form in shown]
    assert not [form for form in forms if form in " ".join(masked(variables).values())]
    secret = {variable.name for variable in variables if variable.secret}
    assert {"REDIS_URL", "CELERY_BROKER_URL"} <= secret
    assert ("REDIS_PASSWORD" in secret) == (connection.auth is not Auth.IDENTITY)
    assert masked(variables)["REDIS_URL"] == MASK


@ALL_KINDS
def test_public_and_secret_make_up_the_whole(kind: Callable[[], Connection]) -> None:
    variables = rendered(kind(), NOT_DOTNET)
    whole = render(kind(), NOT_DOTNET)
    secret = {variable.name for variable in variables if variable.secret}
    assert public(kind(), NOT_DOTNET) == {k: v for k, v in whole.items() if k not in secret}


@ALL_KINDS
def test_what_is_public_needs_no_credential_to_be_right(kind: Callable[[], Connection]) -> None:
    """A component renders it where the password is not known."""
    without = replace(kind(), password="", readonly_password="", client_key_pem="")
    assert public(without, NOT_DOTNET) == public(kind(), NOT_DOTNET)


@ALL_KINDS
def test_no_variable_weakens_a_client(kind: Callable[[], Connection]) -> None:
    found = render(kind(), DIALECTS, cache="cache")
    assert not {"NODE_ENV", "NODE_TLS_REJECT_UNAUTHORIZED", "SSL_CERT_FILE"} & found.keys()
    for name, value in found.items():
        assert value.lower() not in {"none", "optional", "cert_none"}, name
        assert "cert_reqs=none" not in value.lower(), name
        assert "skip_verify" not in value.lower(), name
    assert "?" not in found["REDIS_URL"]


def test_tls_without_verification_is_not_rendered() -> None:
    with pytest.raises(RenderingError, match="without verification"):
        render(samples.local(tls_verify=TlsVerify.NONE))


def test_every_value_survives_as_an_environment_variable() -> None:
    for kind in samples.ALL.values():
        for name, value in render(kind(), DIALECTS, cache="cache").items():
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
            assert value.isprintable(), name


def test_a_prefix_becomes_the_beginning_of_a_name() -> None:
    assert [prefix_of(text) for text in ("", "cache", "CACHE_", "_x")] == [
        "",
        "CACHE_",
        "CACHE_",
        "_X_",
    ]
    for text in ("1x", "a-b", "a b", "a\nB=c", "é"):
        with pytest.raises(RenderingError, match="prefix"):
            prefix_of(text)


@pytest.mark.parametrize("path", ["ca.pem", "", "/", "/etc/", "/a\nb", "/a%41"])
def test_an_unusable_ca_path_is_refused(path: str) -> None:
    with pytest.raises(RenderingError, match="CA path"):
        render(samples.local(), ca_path=path)


def test_an_unknown_dialect_gets_a_suggestion() -> None:
    with pytest.raises(RenderingError, match="did you mean celery"):
        render(samples.local(), ["cellery"])
    with pytest.raises(RenderingError, match="there are core, ssl"):
        render(samples.local(), ["xyzzy"])


def test_a_credential_that_a_dialect_cannot_express_is_refused_without_showing_it() -> None:
    with pytest.raises(RenderingError, match="comma") as caught:
        render(samples.local(password="left,right"), ["dotnet"])
    assert "left" not in str(caught.value)


def test_two_meanings_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    clash = (Variable("SPRING_DATA_REDIS_URL", lambda _: "other"),)
    monkeypatch.setattr(env, "DIALECTS", {**DIALECTS, "clash": clash})
    with pytest.raises(RenderingError, match="SPRING_DATA_REDIS_URL would have two values"):
        render(samples.local(), ["spring", "clash"])


def test_redis_py_verifies_what_the_python_url_says() -> None:
    client = redis.Redis.from_url(render(samples.local(), ["celery"])["CELERY_BROKER_URL"])
    assert client.connection_pool.connection_kwargs["ssl_ca_certs"] == CA_PATH
    connection = client.connection_pool.make_connection()
    assert isinstance(connection, SSLConnection)
    assert connection.cert_reqs == ssl.CERT_REQUIRED
    assert connection.check_hostname is True


def test_celery_takes_its_url_and_refuses_the_bare_one() -> None:
    connection = samples.local()
    url = render(connection, ["celery"])["CELERY_RESULT_BACKEND"]
    parameters = celery.Celery(backend=url, broker=url).backend.connparams
    assert parameters["ssl_cert_reqs"] == ssl.CERT_REQUIRED
    assert parameters["ssl_ca_certs"] == CA_PATH
    assert parameters["password"] == samples.PASSWORD
    with pytest.raises(ValueError, match="ssl_cert_reqs"):
        _ = celery.Celery(backend=connection.url).backend.connparams
