"""From an error text of a client to the problem behind it.

The same fault reads differently in each client, and the same text can come from different faults:
an explanation is a ranked list of problems of the catalogue. Texts of clients can hold a password:
node-redis, Jedis, Lettuce and Go repeat the URL, ioredis and old servers the arguments of AUTH.
Therefore nothing of a text is ever repeated, only phrases of the table below.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from .catalogue import PROBLEMS, Problem

LONGEST = 50_000
"""Characters of a text that are looked at: a log of some hundred lines, in some seconds at most."""

LONGEST_LINE = 2_000
"""Characters of a line that are looked at: some patterns take the square of its length."""

NEAREST = 3
"""Phrases that are offered for an unknown text, at most."""


class Strength(IntEnum):
    """How much a phrase says. A stronger one in the same text makes weaker ones worthless."""

    EXACT = 0
    """It names the fault."""
    LIKELY = 1
    """It names what went wrong, and several faults do that."""
    VAGUE = 2
    """It says that something went wrong; the cause stands elsewhere, if at all."""


@dataclass(frozen=True)
class Sign:
    """A phrase by which a fault is known."""

    phrase: str
    """For people: what it reads like. Not a part of anybody's text."""
    problems: tuple[str, ...]
    """Ids of the catalogue, the likeliest first."""
    pattern: re.Pattern[str]
    strength: Strength


@dataclass(frozen=True)
class Candidate:
    """A problem that can be behind a text."""

    problem: Problem
    phrase: str
    """The phrase that it was known by."""
    line: int
    """The line of the text in which it stands, from 1."""
    advice: str = ""
    """How it is cured in this client; empty if that is not known, or the fix says it."""


@dataclass(frozen=True)
class Explanation:
    """What a text says. Holds nothing of the text itself."""

    client: str
    """The client that wrote it, or empty."""
    candidates: tuple[Candidate, ...]
    """The likeliest first; empty for an unknown text."""
    credential: bool
    """Whether the text seems to hold a password or a URL with one."""
    nearest: tuple[str, ...] = ()
    """For an unknown text: the phrases that are most like it."""


def _sign(strength: Strength, phrase: str, pattern: str, *problems: str) -> Sign:
    return Sign(phrase, problems, re.compile(pattern, re.IGNORECASE), strength)


def _exact(phrase: str, pattern: str, *problems: str) -> Sign:
    return _sign(Strength.EXACT, phrase, pattern, *problems)


def _likely(phrase: str, pattern: str, *problems: str) -> Sign:
    return _sign(Strength.LIKELY, phrase, pattern, *problems)


def _vague(phrase: str, pattern: str, *problems: str) -> Sign:
    return _sign(Strength.VAGUE, phrase, pattern, *problems)


# The order is the rank among phrases of the same strength: what is more special stands first.
SIGNS: tuple[Sign, ...] = (
    # --- the URL, and what stands in its query
    _exact("Port could not be cast to integer value",
           r"port could not be cast to integer",
           "url-unreadable"),
    _exact("invalid port after host", r'invalid port ".*?" after host', "url-unreadable"),
    _exact("invalid URL path",
           r"redis: invalid URL path",
           "url-unreadable", "database-not-portable"),
    _exact("Cannot open Redis connection due invalid URI",
           r'due invalid URI "(?![a-z+]*rediss?:)',
           "url-scheme"),
    _exact("Cannot open Redis connection due invalid URI",
           r"due invalid URI",
           "url-unreadable", "user-missing"),
    _exact("For input string",
           r'NumberFormatException: For input string: "[^"\n]*@|Database is int between 0 and'
           r"|invalid literal for int\(\) with base 10: '[^'\n]*@",
           "url-unreadable"),
    _exact("a part of a password in the place of the host",
           r"Failed to resolve '[^'\n]*:|Could not connect to Redis at [^\s:]*[/@]",
           "url-unreadable", "name-unknown"),
    _exact("a percent sign that encodes nothing",
           r"invalid URL escape|Malformed escape pair|URI malformed"
           r"|Illegal character in URI encoding",
           "url-unreadable"),
    _exact("Invalid URL, Invalid pathname",
           r"TypeError: Invalid URL|ERR_INVALID_URL|Invalid pathname|invalid userinfo",
           "url-unreadable"),
    _exact("the URL must begin with redis:// or rediss://",
           r"must specify one of the following schemes|invalid URL scheme|Invalid URI scheme"
           r"|is not a valid Redis protocol|\bScheme \S+ not supported|connect ENOENT"
           r"|No such transport|No module named '(localhost|https?)'",
           "url-scheme", "url-unreadable"),
    _exact("must have parameter ssl_cert_reqs",
           r"must have parameter ssl_cert_reqs",
           "celery-query-missing"),
    _exact("unexpected keyword argument, unexpected option",
           r"Connection\.\w+\(\) got an unexpected keyword argument|redis: unexpected option"
           r"|Invalid SSL Certificate Requirements Flag",
           "url-query"),
    _exact("tls socket option is mismatched with the URL",
           r"tls socket option is set to|specified URL scheme is redis://",
           "url-without-tls"),

    # --- files
    _exact("no such file: a key",
           r"(no such file or directory|does not exist|NoSuchFileException)[^\n]*\.key\b"
           r"|\.key['\x22]?:? ?\(?(no such file|does not exist)",
           "client-pair-missing"),
    _exact("permission denied: a key",
           r"permission denied[^\n]*\.key\b|\.key['\x22]?:? ?\(?permission denied",
           "client-pair-missing"),
    _exact("permission denied",
           r"EACCES|\[Errno 13\] Permission denied"
           r"|Error 13 (connecting|while)[^\n]*Permission denied|open \S+: permission denied"
           r"|\(Permission denied\)|AccessDeniedException",
           "ca-file-unreadable", "client-pair-missing"),
    _exact("no such file or directory",
           r"ENOENT: no such file|\[Errno 2\] No such file"
           r"|Error 2 (connecting|while)[^\n]*No such file|open \S+: no such file"
           r"|\(No such file or directory\)|NoSuchFileException"
           r"|Certificate collection file \S+ does not exist|Could not find a part of the path"
           r"|FileNotFoundException|BIO_new_file:(system lib|no such file)",
           "ca-file-missing", "client-pair-missing"),
    _exact("no certificate in the file",
           r"NO_CERTIFICATE_OR_CRL_FOUND|no certificate or crl found|No certificate data found"
           r"|found no certificates in input stream|does not contain valid certificates"
           r"|PEM routines[^\n]*no start line|\[SSL\] PEM lib|failed to find any PEM data",
           "ca-file-invalid", "client-pair-missing"),
    _exact("Invalid CA Certificate File/Directory",
           r"Invalid CA Certificate File/Directory",
           "ca-file-missing", "ca-file-unreadable", "ca-file-invalid"),
    _exact("the key does not match the certificate",
           r"KEY_VALUES_MISMATCH|key values mismatch|private key does not match public key"
           r"|alert: decrypt_error|alert decrypt error|tls: error decrypting message",
           "client-pair-mismatch"),
    _exact("Invalid private key",
           r"Invalid private key|Invalid client certificate",
           "client-pair-mismatch", "client-pair-missing"),

    # --- alerts of the server about the client's certificate
    _exact("alert: certificate required",
           r"certificate[ _]required\b",
           "client-certificate-required"),
    _exact("alert: the client's certificate has expired",
           r"alert certificate expired|alert: certificate_expired"
           r"|remote error: tls: expired certificate",
           "client-certificate-expired"),
    _exact("alert: unknown CA, from the server",
           r"alert unknown ca\b|alert: unknown_ca|remote error: tls: unknown certificate authority"
           r"|alert bad certificate|alert: bad_certificate|remote error: tls: bad certificate"
           r"|alert certificate unknown|alert: certificate_unknown|alert: unsupported_certificate",
           "client-certificate-refused"),

    # --- the server's certificate: dates, strength, purpose
    _exact("certificate has expired",
           r"certificate has expired(?! or)|CERT_HAS_EXPIRED|CertificateExpiredException"
           r"|current time \S+ is after|\bNotTimeValid\b",
           "certificate-expired", "ca-expired"),
    _exact("certificate is not yet valid",
           r"certificate is not yet valid|CERT_NOT_YET_VALID|CertificateNotYetValidException"
           r"|current time \S+ is before",
           "certificate-not-yet-valid"),
    _exact("certificate key too weak",
           r"certificate key too weak|EE key too small|CERT_WEAK_KEY|uses key size|keysize \d+bit"
           r"|Key length.*too short|tls: server sent certificate containing RSA key larger",
           "key-weak"),
    _exact("signature algorithm too weak",
           r"digest algorithm too weak|insecure algorithm (MD5|SHA1)"
           r"|Algorithm constraints check failed[^\n]*(SHA1|MD5)",
           "signature-weak"),
    _exact("unsuitable certificate purpose",
           r"unsuitable certificate purpose|INVALID_PURPOSE|incompatible key usage"
           r"|does not permit use for TLS server|\bNotValidForUsage\b",
           "purpose-wrong", "chain-invalid"),
    _exact("the issuer may not sign",
           r"invalid CA certificate|this is not a CA certificate|parent certificate cannot sign"
           r"|path length constraint|certificate signature failure|\bInvalidBasicConstraints\b"
           r"|\bNotSignatureValid\b",
           "chain-invalid"),
    _exact("PKIX validity check failed",
           r"CertPathValidatorException: validity check failed",
           "certificate-expired", "certificate-not-yet-valid"),

    # --- its names
    _exact("certificate relies on legacy Common Name field",
           r"legacy Common Name",
           "name-common-name-only"),
    _exact("the certificate has no DNS names",
           r"not valid for any names|is not cert's CN|CertificateException: No name matching"
           r"|: No name matching",
           "name-missing", "name-address-only", "name-mismatch"),
    _exact("hostname mismatch",
           r"Hostname mismatch|IP address mismatch|ERR_TLS_CERT_ALTNAME_INVALID"
           r"|certificate is valid for [^\n]*, not |doesn't contain any IP SANs"
           r"|No subject alternative (DNS )?names? matching|RemoteCertificateNameMismatch"
           r"|does not match certificate's altnames|doesn't match '",
           "name-mismatch", "name-missing", "name-address-only"),

    # --- its chain
    _exact("self-signed certificate in certificate chain",
           r"self[- ]signed certificate in certificate chain|SELF_SIGNED_CERT_IN_CHAIN"
           r"|\bUntrustedRoot\b",
           "ca-unknown", "ca-file-invalid"),
    _exact("self-signed certificate",
           r"self[- ]signed certificate(?! in)|DEPTH_ZERO_SELF_SIGNED_CERT",
           "self-signed", "ca-unknown"),
    _exact("unable to verify the first certificate",
           r"unable to verify the first certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE"
           r"|\bPartialChain\b",
           "chain-incomplete", "ca-unknown"),
    _exact("unable to get local issuer certificate",
           r"unable to get local issuer certificate|UNABLE_TO_GET_ISSUER_CERT",
           "ca-unknown", "chain-incomplete"),
    _exact("certificate signed by unknown authority",
           r"signed by unknown authority|unable to find valid certification path"
           r"|PKIX path building failed|trustAnchors parameter must be non-empty",
           "ca-unknown", "self-signed", "chain-incomplete"),
    _likely("certificate verify failed",
            r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|RemoteCertificateChainErrors"
            r"|remote certificate (is invalid|was rejected)|PKIX path validation failed"
            r"|failed to verify certificate",
            "ca-unknown", "self-signed", "chain-incomplete", "name-mismatch",
            "certificate-expired", "certificate-not-yet-valid", "purpose-wrong", "key-weak",
            "signature-weak", "chain-invalid"),

    # --- what servers answer
    _exact("DENIED Redis is running in protected mode",
           r"running in protected mode",
           "protected-mode"),
    _exact("max number of clients reached", r"max number of clients", "clients-exhausted"),
    _exact("WRONGPASS invalid username-password pair",
           r"\bWRONGPASS\b|invalid username-password pair|ERR invalid password|: invalid password",
           "wrong-password", "url-encoded-twice", "credential-differs"),
    _exact("AUTH called without any password configured",
           r"called without any password configured|sent AUTH, but no password is set",
           "no-password"),
    _exact("wrong number of arguments for 'auth'",
           r"wrong number of arguments for 'auth'",
           "login-without-users"),
    _exact("unknown command 'HELLO'",
           r"unknown command ['`\x22]?HELLO|does not support HELLO|\bNOPROTO\b",
           "engine-old", "login-without-users"),
    _exact("NOAUTH Authentication required",
           r"\bNOAUTH\b|Authentication required\."
           r"|HELLO must be called with the client already authenticated",
           "password-missing"),
    _exact("NOPERM this user has no permissions",
           r"\bNOPERM\b|has no permissions to|NoPermissionError",
           "not-permitted", "write-not-permitted"),
    _exact("LOADING Redis is loading the dataset",
           r"\bLOADING Redis|loading the dataset in memory|BusyLoadingError",
           "server-loading"),
    _exact("BUSY Redis is busy running a script",
           r"\bBUSY Redis is busy|busy running a script",
           "server-busy"),
    _exact("READONLY You can't write against a read only replica",
           r"\bREADONLY You|write against a read[- ]only|ReadOnlyError"
           r"|cannot be issued to a replica|UNBLOCKED force unblock",
           "read-only"),
    _exact("OOM command not allowed",
           r"\bOOM command|command not allowed when used memory|OutOfMemoryError: command",
           "out-of-memory"),
    _exact("MISCONF unable to persist to disk",
           r"\bMISCONF\b|unable to persist (on|to) disk|stop-writes-on-bgsave-error",
           "writes-stopped", "snapshot-failing"),
    _exact("NOREPLICAS Not enough good replicas",
           r"\bNOREPLICAS\b|Not enough good replicas",
           "too-few-replicas"),
    _exact("MASTERDOWN Link with MASTER is down",
           r"\bMASTERDOWN\b|Link with MASTER is down",
           "replica-without-master"),
    _exact("This instance has cluster support disabled",
           r"cluster support disabled|Cluster mode is not enabled",
           "cluster-declared"),
    _exact("CLUSTERDOWN",
           r"\bCLUSTERDOWN\b|ClusterDownError|Hash slot not served",
           "cluster-down"),
    _exact("CROSSSLOT Keys in request don't hash to the same slot",
           r"\bCROSSSLOT\b|don't hash to the same slot",
           "cluster-not-declared"),
    _exact("MOVED to another node",
           r"\bMOVED \d+ \S+:\d+|MovedError|MovedDataException|Key has MOVED|\bASK \d+ \S+:\d+",
           "cluster-not-declared", "node-unreachable"),
    _exact("DB index is out of range, SELECT is not allowed",
           r"DB index is out of range|SELECT is not allowed|invalid DB index",
           "database-not-portable"),
    _exact("No such master with that name",
           r"No such master with that name|No master found for|to be not monitored"
           r"|using sentinel for masterId"
           r"|sentinels specified in configuration are unreachable: redis: nil",
           "master-unknown"),
    _exact("unknown command, by a Sentinel",
           r"unknown command ['`\x22]?(get|set|select|mset|setex|incr|eval|evalsha|hset|lpush"
           r"|exec|multi)\b",
           "sentinel-not-declared", "not-permitted"),
    _exact("Endpoint serving hashslot is not reachable",
           r"serving hashslot \d+ is not reachable",
           "node-unreachable"),
    _likely("no node of the cluster can be asked",
            r"slots cache|retrieve cluster partitions|connection to Redis Cluster"
            r"|startup nodes is available|root nodes are unavailable"
            r"|Redis Cluster cannot be connected",
            "node-unreachable", "cluster-declared", "cluster-down"),
    _likely("no Sentinel can be asked",
            r"sentinels? (are|is) (un)?(available|reachable)|None of the sentinels|All sentinels",
            "master-unknown", "port-refused"),

    # --- the pool of the client
    _exact("the client's pool has no free connection",
           r"redis: connection pool timeout|Too many connections|MaxConnectionsError"
           r"|No connection available\.|get a resource from the pool"
           r"|Timeout waiting for idle object|Pool exhausted",
           "pool-exhausted", "clients-exhausted"),

    # --- the handshake
    _exact("alert: protocol version",
           r"alert protocol version|alert: protocol_version|protocol version not supported"
           r"|unsupported protocol\b|UNSUPPORTED_PROTOCOL"
           r"|server selected unsupported protocol version|legacy sigalg disallowed",
           "tls-old-only", "tls-refused"),
    _exact("alert: handshake failure",
           r"alert handshake failure|alert: handshake_failure|remote error: tls: handshake failure"
           r"|NO_CIPHERS_AVAILABLE|no cipher suites? in common|NO_SHARED_CIPHER"
           r"|insufficient[ _]security",
           "tls-refused", "client-certificate-required"),
    _exact("what answered is not TLS",
           r"wrong version number|WRONG_VERSION_NUMBER|does not look like a TLS handshake"
           r"|unrecognized SSL message|not an SSL/TLS record|packet length too long"
           r"|frame size or a corrupted frame|unexpected packet format|record layer failure",
           "tls-not-spoken", "not-redis"),
    _exact("the handshake timed out",
           r"handshake operation timed out|TLS handshake timeout|handshake timed out"
           r"|net/http: TLS handshake",
           "tls-hang"),
    _likely("the connection was closed during the handshake",
            r"EOF occurred in violation of protocol|UNEXPECTED_EOF_WHILE_READING"
            r"|SSL_connect failed: (unexpected eof|Connection reset)"
            r"|before secure TLS connection was established|terminated the handshake"
            r"|closed while SSL/TLS handshake|SSL peer shut down|closed the transport stream"
            r"|SSLHandshakeException: Connection reset|during handshake|SSL: [^\n]*shutdown",
            "tls-closed", "client-certificate-required", "clients-exhausted",
            "client-certificate-refused", "client-certificate-expired"),
    _likely("Error connecting to, without a reason",
            r"Error connecting to \S+:\d+\.(\s|$)",
            "tls-closed", "clients-exhausted", "connection-dropped"),
    _exact("what answered is no Redis",
           r'Protocol error, got "|Unknown reply: |Unknown RESP type|Invalid first byte'
           r"|can\'t parse \w+ reply|InvalidResponse|ProtocolFailure|RedisProtocolException",
           "not-redis", "url-without-tls"),

    # --- names and addresses
    _exact("the name does not resolve",
           r"\bENOTFOUND|Name or service not known|nodename nor servname|no such host"
           r"|No such host is known|UnknownHostException|Failed to resolve|NXDOMAIN"
           r"|No address associated|Error -[25] connecting",
           "name-unknown", "url-unreadable", "url-scheme"),
    _exact("the resolver does not answer",
           r"EAI_AGAIN|Temporary failure in name resolution|server misbehaving",
           "name-slow", "name-unknown"),
    _exact("connection refused",
           r"ECONNREFUSED|Connection refused|actively refused|Error (111|61|10061) connecting",
           "port-refused"),
    _exact("no route to host, network unreachable",
           r"EHOSTUNREACH|ENETUNREACH|No route to host|Network is unreachable"
           r"|Host is (down|unreachable)|Error (113|101|65|51) connecting",
           "host-unreachable", "port-silent"),
    _exact("connect timed out",
           r"dial tcp \S+: i/o timeout|ETIMEDOUT|Connect timed out|ConnectTimeoutException"
           r"|connection timed out after|Error (110|60) connecting|Errno 110",
           "port-silent", "tls-hang", "host-unreachable"),
    _likely("timeout while connecting",
            r"Timeout connecting to server|ConnectionTimeoutError|\bConnectTimeout\b"
            r"|Connection timeout",
            "port-silent", "tls-hang", "host-unreachable", "name-slow"),
    _likely("timeout while the connection is set up",
            r"Connection initialization timed out|context deadline exceeded",
            "tls-hang", "port-silent", "answer-missing"),
    _likely("no answer in time",
            r"Timeout reading from|Read timed out|Command timed out|SocketTimeoutError"
            r"|(^|: )i/o timeout|RedisTimeoutException|Timeout (performing|awaiting)"
            r"|RedisCommandTimeoutException|Timeout writing to|SocketTimeoutException"
            r"|operation timed out",
            "answer-missing", "tls-hang", "port-silent", "host-unreachable", "server-loading"),

    # --- closed
    _likely("the connection was closed or reset",
            r"Connection closed by server|Server closed the connection|Connection reset|ECONNRESET"
            r"|EPIPE|Broken pipe|SocketClosedUnexpectedly|Unexpected end of stream"
            r"|Connection closed prematurely|(^|: )EOF\b|while reading from socket"
            r"|while reading from \S+ : \(104|Error 104|SocketClosed|SocketFailure"
            r"|StacklessClosedChannelException|ConnectionError: Connection lost"
            r"|Error while writing to socket|connection was closed|forcibly closed"
            r"|use of closed network connection|Error (32|54) while",
            "connection-dropped", "url-without-tls", "tls-closed", "clients-exhausted",
            "client-certificate-required", "client-certificate-refused",
            "client-certificate-expired", "protected-mode", "not-redis"),

    # --- wrappers, which hide the cause
    _vague("an authentication failure, of which kind is not said",
           r"There was an authentication failure|\bAuthenticationFailure\b",
           "wrong-password", "password-missing", "ca-unknown", "name-mismatch"),
    _vague("not connected; the cause was logged before",
           r"Connection is closed\.|max retries per request|MaxRetriesPerRequestError"
           r"|Retry limit exceeded|No connection is (active|available)|No connection \(requires"
           r"|possible to connect to the redis server|\bUnableToConnect\b|Unable to connect to"
           r"|Failed to connect to|The client is closed|ClientClosedError"
           r"|kombu\.exceptions\.OperationalError|Cannot connect to redis",
           "port-refused", "port-silent", "name-unknown", "ca-unknown", "wrong-password"),
)  # fmt: skip
"""Every phrase, and what it tells."""


REDIS_PY, CELERY, NODE_REDIS, IOREDIS = "redis-py", "Celery", "node-redis", "ioredis"
NODE = "Node.js"
"""One of its clients; the errors of Node itself do not say which."""
GO_REDIS, JEDIS, LETTUCE, REDIS_CLI = "go-redis", "Jedis", "Lettuce", "redis-cli"
STACKEXCHANGE = "StackExchange.Redis"

_CLIENTS: Mapping[str, Sequence[str]] = {
    # The wrapper before what it wraps: a traceback of Celery's names redis-py too.
    CELERY: (
        r"\bkombu\b",
        r"\bcelery\b",
        r"consumer: Cannot connect",
        r"rediss:// URL must have parameter",
    ),
    REDIS_PY: (
        r"\bredis\.(exceptions|asyncio|sentinel|connection)\b",
        r"Connection\.\w+\(\) got an unexpected",
        r"Redis URL must specify",
        r"\bError -?\d+ (connecting to|while (reading|writing))",
    ),
    STACKEXCHANGE: (
        r"StackExchange\.Redis",
        r"possible to connect to the redis server\(s\)",
        r"No connection is (active/)?available to service",
    ),
    LETTUCE: (r"io\.lettuce\b", r"/<unresolved>:"),
    JEDIS: (r"redis\.clients\.jedis\b",),
    IOREDIS: (
        r"\bioredis\b",
        r"\[ReplyError\]",
        r"MaxRetriesPerRequestError",
        r"ClusterAllFailedError",
        r"max retries per request",
        r"All sentinels are unreachable",
    ),
    NODE_REDIS: (
        r"@redis/client",
        r"node-redis",
        r"\bSimpleError: ",
        r"SocketClosedUnexpectedlyError",
        r"ClientClosedError",
        r"ConnectionTimeoutError",
        r"SocketTimeoutError",
        r"RootNodesUnavailableError",
        r"is not a valid Redis protocol",
    ),
    REDIS_CLI: (
        r"Could not connect to Redis at",
        r"Could not negotiate a TLS connection",
        r"\AAUTH failed: ",
        r"\bredis-cli\b",
    ),
    NODE: (
        r"\bcode: '(E[A-Z]+|[A-Z_]*CERT[A-Z_]*|ERR_\w+)'",
        r"\bgetaddrinfo E",
        r"\b(connect|read|write) E[A-Z]{4,}",
        r"Client network socket disconnected",
        r"\bERR_(TLS|SSL|OSSL|INVALID_URL)",
        r"SELF_SIGNED_CERT_IN_CHAIN",
        r"altnames",
    ),
    GO_REDIS: (
        r"\bgo-redis\b",
        r"(^|[\s:])redis: (?!nil)",
        r"\bdial tcp\b",
        r"x509: ",
        r"remote error: tls",
        r"\btls: ",
    ),
}

CLIENTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {name: re.compile("|".join(patterns)) for name, patterns in _CLIENTS.items()}
)
"""How the text of a client is known; the first that fits counts."""

_TRUST = {
    REDIS_PY: "ssl_ca_certs=<file> beside the rediss:// URL",
    CELERY: "?ssl_cert_reqs=required&ssl_ca_certs=<file> in broker and backend URL: "
    "`secure-redis env --dialect celery`",
    NODE_REDIS: "NODE_EXTRA_CA_CERTS=<file>, or socket: { tls: true, ca: <contents of the file> }",
    IOREDIS: "NODE_EXTRA_CA_CERTS=<file>, or tls: { ca: <contents of the file> }",
    NODE: "NODE_EXTRA_CA_CERTS=<file>",
    GO_REDIS: "SSL_CERT_FILE=<file with these and the system's>, or Options.TLSConfig.RootCAs",
    JEDIS: "a trust store with the CA: javax.net.ssl.trustStore, or sslSocketFactory",
    LETTUCE: "SslOptions.builder().trustManager(<file>)",
    REDIS_CLI: "--cacert <file>",
    STACKEXCHANGE: "ConfigurationOptions.TrustIssuer(<file>)",
}
_PAIR = {
    REDIS_PY: "ssl_certfile=<file>, ssl_keyfile=<file>",
    CELERY: "&ssl_certfile=<file>&ssl_keyfile=<file> in broker and backend URL",
    NODE_REDIS: "socket: { tls: true, cert: <contents>, key: <contents> }",
    IOREDIS: "tls: { cert: <contents>, key: <contents> }",
    GO_REDIS: "Options.TLSConfig.Certificates",
    JEDIS: "an SSLContext with a KeyManager, as sslSocketFactory",
    LETTUCE: "SslOptions.builder().keyManager(<certificate>, <key>, <password of the key>)",
    REDIS_CLI: "--cert <file> --key <file>",
    STACKEXCHANGE: "ConfigurationOptions.SetUserPemCertificate(<certificate>, <key>)",
}

ADVICE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"ca-unknown": _TRUST, "self-signed": _TRUST, "client-certificate-required": _PAIR}
)
"""Where a client takes what it lacks, by problem and client."""


def explain(text: str) -> Explanation:
    """What an error text of a Redis client says.

    Args:
        text: one message or a part of a log, of any client; may hold secrets. What is behind the
            first 50 000 characters, or the first 2 000 of a line, is not looked at.

    Returns:
        The problems that can be behind it. Nothing in it is taken from the text.
    """
    text, numbers = _readable(text[:LONGEST])
    client = next((name for name, sign in CLIENTS.items() if sign.search(text)), "")
    candidates = tuple(_candidates(text, numbers, client))
    return Explanation(
        client=client,
        candidates=candidates,
        credential=holds_credential(text),
        nearest=() if candidates else tuple(_nearest(text)),
    )


def _readable(text: str) -> tuple[str, Sequence[int]]:
    """The text in lines that are not too long, and the number of the line each of them is from.

    A traceback in a log of JSON is one line, with its own lines' ends written as backslash and n.
    """
    lines = [
        (number, part[:LONGEST_LINE])
        for number, line in enumerate(text.split("\n"), 1)
        for part in line.split("\\n")
    ]
    return "\n".join(part for _, part in lines), [number for number, _ in lines]


def _candidates(text: str, numbers: Sequence[int], client: str) -> Iterator[Candidate]:
    found = [(sign, match) for sign in SIGNS if (match := sign.pattern.search(text))]
    if not found:
        return
    strongest = min(sign.strength for sign, _ in found)
    told: set[str] = set()
    for sign, match in found:
        if sign.strength is not strongest:
            continue
        for problem in sign.problems:
            if problem not in told:
                told.add(problem)
                yield Candidate(
                    problem=PROBLEMS[problem],
                    phrase=sign.phrase,
                    line=numbers[text.count("\n", 0, match.start())],
                    advice=ADVICE.get(problem, {}).get(client, ""),
                )


_CREDENTIALS: Sequence[re.Pattern[str]] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # user:password@ of a URL. Lettuce masks it with asterisks by itself.
        r"\w://[^\s:@/]{0,200}:(?!\*+@)\S{1,500}@",
        # What is left of such a URL when a client has taken it apart.
        r"[^\s'\"*]@[\w.-]{1,200}:\d{2,5}\b",
        r"cast to integer value as '(?!None)",
        r"invalid port \":",
        r"Failed to resolve '[^':\n]{1,200}:",
        r"\bAUTH['\",\s]{1,20}(?!failed\b|called\b|<)[^\s'\",<]{1,200}['\",\s]{1,20}[^\s'\"<]{4}",
        r"\b(password|passwd|pwd|requirepass|\w{1,50}_(password|auth))['\"]?\s?[=:]\s?['\"]?[^\s,'\"*\[<]{4}",
    )
)


def holds_credential(text: str) -> bool:
    """Whether a text seems to hold a password: in a URL, behind AUTH, or in a setting."""
    return any(pattern.search(text) for pattern in _CREDENTIALS)


def _nearest(text: str) -> list[str]:
    """The phrases that share most of their words with the text; half of them at least."""
    words = _words(text)
    shares: dict[str, float] = {}
    for sign in SIGNS:
        own = _words(sign.phrase)
        common = len(own & words) / len(own)
        if common >= 0.5:  # noqa: PLR2004
            shares.setdefault(sign.phrase, common)
    return sorted(shares, key=lambda phrase: -shares[phrase])[:NEAREST]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in _EVERYWHERE}


_EVERYWHERE = frozenset(
    {"the", "and", "for", "was", "not", "has", "its", "with", "that", "what", "redis"}
)
"""Words that say nothing."""
