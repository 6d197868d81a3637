"""What the server reads: redis.conf, the ACL file, the health check and the reload script, as text.

Every line of redis.conf is known to Redis 7.0 and later and to Valkey 7.2 and later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from secure_redis import acl
from secure_redis.settings import CacheSettings, Engine, Mode, Persistence, TlsProfile

from .sizes import maxmemory_mb

CONFIG_DIR = "/etc/redis"
DATA_DIR = "/data"
TLS_PORT = 6380
PLAIN_PORT = 6379

READONLY_USER = "readonly"
HEALTH_USER = "health"
OPERATOR_USER = "operator"

CIPHERS = {
    TlsProfile.MODERN: (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
    TlsProfile.FIPS: (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
}
"""TLS 1.2 suites, best first (NIST SP 800-52r2 §3.3.1 for `fips`)."""

CIPHERSUITES = {
    TlsProfile.MODERN: (
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
    ),
    TlsProfile.FIPS: ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
}
"""TLS 1.3 suites, best first."""


@dataclass(frozen=True)
class User:
    """A user of the server. Its passwords are secret; the ACL file holds only their hashes."""

    name: str
    rules: str
    """What it may do, in the words of ACL SETUSER."""
    passwords: Sequence[str] = field(default=(), repr=False)
    """All passwords that let it in. Secret."""


READONLY_RULES = "~* resetchannels -@all +@read +@connection -@dangerous"
HEALTH_RULES = "resetkeys resetchannels -@all +ping"
OPERATOR_RULES = "resetkeys resetchannels -@all +ping +acl|setuser +config|set"
"""Enough to bring new users and certificates to a running server; for the reload container only."""

DEFAULT_USER_OFF = "user default off resetpass resetkeys resetchannels -@all"
DEFAULT_USER_OPEN = "user default on nopass ~* &* +@all"


def app_user(mode: Mode) -> str:
    """The user name of the application.

    Without TLS it is `default`, so that clients which know only a password get in; with TLS the
    `default` user is off.
    """
    return acl.APPLICATION_USER if mode.tls else acl.DEFAULT_USER


def users(
    mode: Mode, *, app: Sequence[str], readonly: Sequence[str], health: str, operator: str
) -> list[User]:
    """The users of a cache with the given passwords (all secret); none in mode `none`."""
    if mode is Mode.NONE:
        return []
    return [
        User(app_user(mode), acl.APPLICATION, app),
        User(READONLY_USER, READONLY_RULES, readonly),
        User(HEALTH_USER, HEALTH_RULES, [health]),
        User(OPERATOR_USER, OPERATOR_RULES, [operator]),
    ]


def acl_file(accounts: Iterable[User]) -> str:
    """The ACL file. Passwords stand in it as SHA-256 hashes, so it can be read without harm.

    The `default` user is always named: an ACL file that leaves it out leaves it open to everybody.
    """
    accounts = list(accounts)
    lines = [
        f"user {user.name} on {' '.join(f'#{_hash(p)}' for p in user.passwords)} {user.rules}"
        for user in accounts
    ]
    if not accounts:
        return f"{DEFAULT_USER_OPEN}\n"
    if all(user.name != acl.DEFAULT_USER for user in accounts):
        lines.insert(0, DEFAULT_USER_OFF)
    return "\n".join([*lines, ""])


def redis_conf(cache: CacheSettings) -> str:
    """The configuration file of the server. Holds no secret."""
    sections = [
        _listening(cache),
        _persistence(cache.persistence),
        [
            f"maxmemory {maxmemory_mb(cache.memory_gb)}mb",
            f"maxmemory-policy {cache.eviction_policy.value}",
            f"maxclients {cache.docker.max_clients}",
            "timeout 0",
            "tcp-keepalive 60",
        ],
        [
            f"aclfile {CONFIG_DIR}/users.acl",
            "acllog-max-len 128",
            "enable-debug-command no",
            "enable-module-command no",
            "enable-protected-configs no",
        ],
        ["daemonize no", "supervised no", 'logfile ""', "loglevel notice"],
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _listening(cache: CacheSettings) -> list[str]:
    # Protected mode answers loopback only as long as `default` has no password: a second net
    # where there are passwords, and in the way where there are none on purpose.
    protected = "no" if cache.mode is Mode.NONE else "yes"
    lines = ["bind * -::*", f"protected-mode {protected}"]
    if not cache.mode.tls:
        return [*lines, f"port {PLAIN_PORT}"]
    return [
        *lines,
        "port 0",
        f"tls-port {TLS_PORT}",
        f"tls-cert-file {CONFIG_DIR}/tls/server.crt",
        f"tls-key-file {CONFIG_DIR}/tls/server.key",
        f"tls-ca-cert-file {CONFIG_DIR}/tls/ca.crt",
        # The server's default is yes: it would refuse clients that have no certificate.
        f"tls-auth-clients {'yes' if cache.mode is Mode.MTLS else 'no'}",
        'tls-protocols "TLSv1.2 TLSv1.3"',
        f"tls-ciphers {':'.join(CIPHERS[cache.tls_profile])}",
        f"tls-ciphersuites {':'.join(CIPHERSUITES[cache.tls_profile])}",
        "tls-prefer-server-ciphers yes",
        "tls-session-caching yes",
    ]


def _persistence(persistence: Persistence) -> list[str]:
    lines = [f"dir {DATA_DIR}"]
    if persistence is Persistence.AOF:
        return [*lines, "appendonly yes", "appendfsync everysec", 'save ""']
    if persistence is Persistence.RDB:
        return [*lines, "appendonly no", "save 3600 1 300 100 60 10000"]
    return [*lines, "appendonly no", 'save ""']


def server_program(engine: Engine) -> str:
    """The server's program in the image."""
    return f"{engine.value}-server"


def client_program(engine: Engine) -> str:
    """The command line client's program in the image."""
    return f"{engine.value}-cli"


def port(mode: Mode) -> int:
    """The port inside the container."""
    return TLS_PORT if mode.tls else PLAIN_PORT


def _client(cache: CacheSettings, host: str, user: str, runner: str = "") -> str:
    command = f"{client_program(cache.engine)} --no-auth-warning -h {host} -p {port(cache.mode)}"
    if cache.mode is not Mode.NONE:
        # In the environment of the client alone, not of all that the shell starts.
        command = f'REDISCLI_AUTH="$password" {runner}{command} --user {user}'
    if cache.mode.tls:
        # The server's own certificate serves as the client's where one is asked for.
        tls = f"{CONFIG_DIR}/tls"
        command += f" --tls --cacert {tls}/ca.crt --cert {tls}/server.crt --key {tls}/server.key"
    return command


def _password_from(file: str) -> str:
    return f"IFS= read -r password < {CONFIG_DIR}/{file}; "


def health_command(cache: CacheSettings) -> str:
    """The health check, for `sh -c`: the answer must be PONG, for a user that can do no more.

    The client exits 0 on NOAUTH and WRONGPASS, so its exit code says nothing. The password comes
    from a file, so that it stands in no argument and no environment that Docker shows.
    """
    auth = "" if cache.mode is Mode.NONE else _password_from("health_password")
    return f'{auth}[ "$({_client(cache, "localhost", HEALTH_USER)} ping)" = PONG ]'


RELOADED = "/tmp/reloaded"  # noqa: S108 - in a container of its own, on a tmpfs of its own


def reload_script(cache: CacheSettings, host: str) -> str:
    """The script that brings new users and certificates to a running server without a restart.

    A server that cannot be reached reads the same files at its start. One that answers and refuses
    fails the script. Commands go through standard input: hashes, too, have no place in arguments.
    When it is done it stays for a minute, so that its health is seen and it does not end in
    the moment it is removed, which can leave a daemon with a network that it takes for used.
    """
    certificates = f"""
add CONFIG SET tls-cert-file {CONFIG_DIR}/tls/server.crt tls-key-file {CONFIG_DIR}/tls/server.key \
tls-ca-cert-file {CONFIG_DIR}/tls/ca.crt"""
    return f"""set -euf
{_password_from("operator_password")}
client() {{ {_client(cache, host, OPERATOR_USER, "timeout 5 ")} "$@" 2>&1; }}
finish() {{ : > {RELOADED}; sleep 60; exit 0; }}
commands= expected=
add() {{
  commands="$commands$*
"
  expected="${{expected}}OK
"
}}
attempt=0
until answer=$(client ping); [ "$answer" = PONG ]; do
  case $answer in
    *LOADING*) break ;;
    *resol*|*"not known"*) finish ;;
    *onnect*) [ "$attempt" -lt 20 ] || finish; sleep 0.5 ;;
    "") [ "$attempt" -lt 4 ] || {{ echo "the server does not answer" >&2; exit 1; }} ;;
    *) echo "the server refuses: $answer" >&2; exit 1 ;;
  esac
  attempt=$((attempt + 1))
done
while read -r _ name rules; do add ACL SETUSER "$name" reset "$rules"; done < {CONFIG_DIR}/users.acl
{certificates if cache.mode.tls else ""}
answer=$(printf %s "$commands" | client)
[ "$answer
" = "$expected" ] || {{ echo "the server refuses: $answer" >&2; exit 1; }}
finish
"""


def _hash(password: str) -> str:
    return sha256(password.encode()).hexdigest()
