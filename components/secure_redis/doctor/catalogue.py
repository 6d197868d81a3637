"""Every problem that the doctor can find: how bad it is, where it comes from, and what cures it.

A problem is said in the same words by the doctor, by `secure-redis explain` and in the docs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .report import Status

WARNING, FAILED = Status.WARNING, Status.FAILED


@dataclass(frozen=True)
class Problem:
    """One problem."""

    id: str
    check: str
    """The check that finds it."""
    status: Status
    """warning or failed."""
    title: str
    """What is wrong, a few words."""
    cause: str
    """Where it usually comes from."""
    fix: str
    """What to change."""
    fatal: bool = False
    """Whether nothing behind it can, or may, be looked at: no connection, or one to which a
    password must not be sent."""


_TABLE = (
    Problem(
        "url-unreadable",
        "D01",
        FAILED,
        "the URL cannot be read",
        "A password with characters such as / # ? @ or : stands in the URL as it is.",
        "Take the URL that `make url` prints, or percent-encode user and password, once.",
        fatal=True,
    ),
    Problem(
        "url-scheme",
        "D01",
        FAILED,
        "the URL begins with neither redis:// nor rediss://",
        (
            "A host and a port alone, a web address, or a variable with other contents stands in "
            "its place."
        ),
        "Begin it with rediss:// (two s), or redis:// for a server without TLS.",
        fatal=True,
    ),
    Problem(
        "url-not-encoded",
        "D01",
        WARNING,
        "user or password stand in the URL as they are",
        (
            "They were put into the URL without encoding. Python, Go and Node.js read an @ there, "
            "Java does not."
        ),
        "Take the URL that `make url` prints, or percent-encode user and password, once.",
    ),
    Problem(
        "setting-unreadable",
        "D01",
        FAILED,
        "a variable cannot be read",
        (
            "A URL where a host's name belongs, or a word where a number does. For a service that "
            "is named redis, Kubernetes sets REDIS_PORT=tcp://... by itself."
        ),
        (
            "Correct the variable; in Kubernetes, enableServiceLinks: false, or another name for "
            "the service."
        ),
        fatal=True,
    ),
    Problem(
        "url-encoded-twice",
        "D01",
        FAILED,
        "the password in the URL is encoded twice",
        "Something percent-encoded a URL that was percent-encoded already.",
        "Encode user and password once.",
    ),
    Problem(
        "url-without-tls",
        "D01",
        FAILED,
        "TLS is asked for, and the URL is redis://",
        (
            "Clients go by the scheme of the URL; REDIS_SSL=true beside a redis:// URL is not "
            "looked at."
        ),
        "Write rediss:// (two s) in the URL.",
        fatal=True,
    ),
    Problem(
        "settings-disagree",
        "D01",
        FAILED,
        "the URL and the single variables differ",
        "One of them was changed and the other one forgotten.",
        "Generate all of them together: `make env`.",
        fatal=True,
    ),
    Problem(
        "verification-off",
        "D01",
        FAILED,
        "verification of the certificate is turned off",
        "A setting such as ssl_cert_reqs=none was used to get rid of an error.",
        "Remove it, and give clients the CA that signed the certificate.",
    ),
    Problem(
        "names-not-compared",
        "D01",
        WARNING,
        "the host's name is not compared with the certificate",
        (
            "A setting such as ssl_check_hostname=false was used to get rid of an error. It is "
            "right for services alone whose certificates name no host."
        ),
        "Connect by a name in the certificate, or set REDIS_TLS_SERVER_NAME, and remove it.",
    ),
    Problem(
        "celery-query-missing",
        "D01",
        FAILED,
        "a URL of Celery's lacks ssl_cert_reqs",
        "Celery's result backend refuses a bare rediss:// URL.",
        "Take the URLs of `secure-redis env --dialect celery`.",
    ),
    Problem(
        "url-query",
        "D01",
        WARNING,
        "the URL has a query",
        (
            "TLS options were put into the URL for one client; go-redis and redis-py refuse keys "
            "they do not know."
        ),
        "Keep the URL bare and give options where the client takes them.",
    ),
    Problem(
        "password-placeholder",
        "D01",
        FAILED,
        "the password is a placeholder",
        "The value of an example was never replaced.",
        "Set a generated password.",
        fatal=True,
    ),
    Problem(
        "password-weak",
        "D01",
        WARNING,
        "the password is short",
        (
            "Somebody chose it, or a generator was told too small a length. Redis checks passwords"
            " fast: it withstands guessing only by length."
        ),
        "Use 32 characters or more, generated.",
    ),
    Problem(
        "user-missing",
        "D01",
        WARNING,
        "the URL names no user",
        (
            "The form rediss://:password@host is left to the client: Jedis and some releases of "
            "redis-cli fail on it."
        ),
        "Write the user: rediss://default:...@host.",
    ),
    Problem(
        "database-not-portable",
        "D01",
        WARNING,
        "another database than 0",
        "Databases were used to keep applications apart.",
        "Use 0 and key prefixes: cluster mode and Azure Managed Redis have no other.",
    ),
    Problem(
        "ca-file-missing",
        "D02",
        FAILED,
        "the CA file is not there",
        "The path is that of another machine, or the file is not mounted into the container.",
        "Mount it at that path, or pass REDIS_CA_PEM_B64.",
        fatal=True,
    ),
    Problem(
        "ca-file-unreadable",
        "D02",
        FAILED,
        "the CA file cannot be read",
        "It belongs to root with mode 0600, and the application runs as another user.",
        "A CA is public: chmod 0644, and its directory 0755.",
        fatal=True,
    ),
    Problem(
        "ca-file-invalid",
        "D02",
        FAILED,
        "the CA file holds no certificate",
        "It is DER, a private key, an HTML error page, or base64 that was not decoded.",
        "Write the CA as PEM: `make ca`.",
        fatal=True,
    ),
    Problem(
        "ca-expired",
        "D02",
        FAILED,
        "a CA certificate has expired",
        "The CA was replaced and clients still have the old file.",
        "Get the current CA: `make ca`, and give it to clients.",
        fatal=True,
    ),
    Problem(
        "client-pair-missing",
        "D02",
        FAILED,
        "the client's certificate or key is not there, or not readable",
        "Only one of both was given, the path is wrong, or it belongs to another user.",
        "Give both files to the user that the application runs as.",
        fatal=True,
    ),
    Problem(
        "client-pair-mismatch",
        "D02",
        FAILED,
        "the client's key does not belong to its certificate",
        "One of both was renewed and the other one kept.",
        "Write both anew: `make env`.",
        fatal=True,
    ),
    Problem(
        "client-certificate-expired",
        "D02",
        FAILED,
        "the client's certificate has expired",
        "Nobody renewed it.",
        "Renew it, and write it anew: `make env`.",
        fatal=True,
    ),
    Problem(
        "key-readable-by-others",
        "D02",
        FAILED,
        "others on this machine can read the private key",
        "A chmod of all *.pem files, or a umask of 022 when it was written.",
        "chmod 600 on the key; if others could have read it, replace it.",
    ),
    Problem(
        "name-unknown",
        "D03",
        FAILED,
        "the name does not resolve",
        (
            "A wrong host, a private zone that is not linked to this network, a Compose service's "
            "name used outside of its network, or a part of an unencoded password taken for the "
            "host."
        ),
        "Look the host up where the application runs; link the private zone to its network.",
        fatal=True,
    ),
    Problem(
        "name-slow",
        "D03",
        FAILED,
        "the resolver does not answer in time",
        "The machine's DNS server cannot be reached.",
        "Repair name resolution on this machine.",
        fatal=True,
    ),
    Problem(
        "address-public",
        "D03",
        WARNING,
        "the name has a public address",
        "Public access is on, or a private zone is not linked and the public record is found.",
        "Turn public access off and use the private endpoint from inside the network.",
    ),
    Problem(
        "port-refused",
        "D04",
        FAILED,
        "the connection is refused",
        (
            "Nothing listens there: the server is down, listens on another address, or the port is"
            " another one (6379 AWS, 10000 Azure Managed Redis, 6380 Azure Cache for Redis, 6378 "
            "Google Cloud with TLS)."
        ),
        "Compare host and port with the connection's; see whether the server runs.",
        fatal=True,
    ),
    Problem(
        "port-silent",
        "D04",
        FAILED,
        "the connection is not answered",
        (
            "Packets are dropped: security group, firewall, missing peering or route, or another "
            "network."
        ),
        "Run it from the network of the application, and let that network in.",
        fatal=True,
    ),
    Problem(
        "host-unreachable",
        "D04",
        FAILED,
        "there is no way to the address",
        "No route: another network, a missing peering, or IPv6 without a way out.",
        "Run it from the network of the application, or repair the route.",
        fatal=True,
    ),
    Problem(
        "address-unreachable",
        "D04",
        WARNING,
        "one of the host's addresses does not answer",
        "The server listens on IPv4 or IPv6 only and the name has both.",
        "Let the server listen on both, or remove the record: clients try it first and wait.",
    ),
    Problem(
        "connection-dropped",
        "D04",
        FAILED,
        "the connection was closed or reset",
        (
            "At the start: a client without TLS on a TLS port, a server at its limit of clients or"
            " in protected mode, or one that wants a client certificate. Later: an idle timeout of"
            " something between, a restart, or a failover."
        ),
        (
            "At the start, write rediss:// and look into the server's log. Later, let the client "
            "check idle connections, and reconnect."
        ),
    ),
    Problem(
        "tls-not-spoken",
        "D05",
        FAILED,
        "the port does not speak TLS",
        "A plain port was given with rediss://, or TLS was never turned on.",
        "Turn TLS on at the server (tls-port), or use its TLS port.",
        fatal=True,
    ),
    Problem(
        "tls-hang",
        "D05",
        FAILED,
        "the port does not answer a ClientHello",
        (
            "A plain Redis waits for the end of a command; or something between accepts "
            "connections for a server that does not run."
        ),
        "Turn TLS on at the server, or use its TLS port; look at proxies and load balancers.",
        fatal=True,
    ),
    Problem(
        "tls-closed",
        "D05",
        FAILED,
        "the connection is closed during the handshake",
        (
            "A proxy without a server behind it, a server at its limit of clients (Redis closes "
            "before the handshake), or one that has no certificate loaded."
        ),
        "Look into the server's log; compare connected clients with maxclients.",
        fatal=True,
    ),
    Problem(
        "tls-refused",
        "D05",
        FAILED,
        "the server refuses the handshake",
        "Client and server have no TLS version or cipher in common.",
        "Let the server accept TLS 1.2 and 1.3 with ECDHE and AES-GCM.",
        fatal=True,
    ),
    Problem(
        "tls-off",
        "D05",
        FAILED,
        "the connection has no TLS",
        "The URL is redis://: data and password go over the network as they are.",
        "Turn TLS on at the server and write rediss:// in the URL.",
    ),
    Problem(
        "tls-off-declared",
        "D05",
        WARNING,
        "the connection has no TLS, as the stack declares",
        "The security mode of the cache is none or password.",
        "For anything but local work: `mode: tls`.",
    ),
    Problem(
        "tls-not-used",
        "D05",
        FAILED,
        "the port speaks TLS and the URL is redis://",
        (
            "The s of rediss:// was left out, or the plain URL of before was kept when TLS was "
            "turned on."
        ),
        "Write rediss:// (two s) in the URL.",
        fatal=True,
    ),
    Problem(
        "ca-unknown",
        "D06",
        FAILED,
        "the chain does not end at a trusted CA",
        (
            "The client was not given the CA, or it was given another one: an old one, or that of "
            "another service."
        ),
        "Give clients the CA of this cache: `make ca`.",
        fatal=True,
    ),
    Problem(
        "self-signed",
        "D06",
        FAILED,
        "the server's certificate is self-signed",
        "Made by one openssl command, and clients cannot tell it from anybody else's.",
        "Sign it by a CA that clients know, or give them this very certificate as CA.",
        fatal=True,
    ),
    Problem(
        "chain-incomplete",
        "D06",
        FAILED,
        "the server does not send the intermediate certificates",
        "tls-cert-file has the server's own certificate alone.",
        "Put the intermediates behind it in the same file.",
        fatal=True,
    ),
    Problem(
        "chain-invalid",
        "D06",
        FAILED,
        "the chain is not valid",
        (
            "A CA certificate that may not sign, a signature that is wrong, or a constraint that "
            "is not met."
        ),
        "Issue the certificates anew.",
        fatal=True,
    ),
    Problem(
        "chain-not-strict",
        "D06",
        WARNING,
        "Python from 3.13 on refuses the chain",
        (
            "The certificates lack what RFC 5280 asks for, such as key identifiers; older Pythons,"
            " Go, Java and Node do not insist on it."
        ),
        (
            "Issue them anew with subject and authority key identifiers and, for CAs, a key usage "
            "and critical basic constraints."
        ),
    ),
    Problem(
        "name-mismatch",
        "D07",
        FAILED,
        "the certificate is for other names",
        (
            "The application goes by an alias, an address or a tunnel, or the certificate was made"
            " for another host."
        ),
        (
            "Connect by a name in the certificate, set REDIS_TLS_SERVER_NAME, or issue one with "
            "this name. Turning the comparison off is no cure."
        ),
        fatal=True,
    ),
    Problem(
        "name-missing",
        "D07",
        FAILED,
        "the certificate has no names",
        "It was made without the SAN extension.",
        "Issue it anew with subjectAltName.",
        fatal=True,
    ),
    Problem(
        "name-common-name-only",
        "D07",
        FAILED,
        "the name stands in the common name only",
        "It was made without the SAN extension; Go, Java, browsers and others ignore common names.",
        "Issue it anew with subjectAltName.",
        fatal=True,
    ),
    Problem(
        "name-address-only",
        "D07",
        FAILED,
        "the certificate names addresses only",
        "Google Cloud issues such ones; so does a script that puts the address in.",
        "Connect by the address, or declare `tls_verify: ca` where the service has no names.",
        fatal=True,
    ),
    Problem(
        "certificate-expired",
        "D08",
        FAILED,
        "a certificate has expired",
        "Nobody renewed it, or the renewed one was not loaded by the server.",
        "Renew it and let the server load it (CONFIG SET tls-cert-file ... tls-key-file ...).",
        fatal=True,
    ),
    Problem(
        "certificate-not-yet-valid",
        "D08",
        FAILED,
        "a certificate is not valid yet",
        "A clock is wrong, on this machine or where it was issued.",
        "Set the clock, or issue it anew.",
        fatal=True,
    ),
    Problem(
        "certificate-ends-within-days",
        "D08",
        FAILED,
        "a certificate ends within a week",
        "Renewal did not happen.",
        "Renew it now.",
    ),
    Problem(
        "certificate-ends-soon",
        "D08",
        WARNING,
        "a certificate ends within 30 days",
        "Renewal is due.",
        "Renew it.",
    ),
    Problem(
        "key-weak",
        "D08",
        FAILED,
        "a key is too small",
        (
            "RSA with less than 2048 bits, or an elliptic curve with less than 256; today's "
            "systems refuse it."
        ),
        "Issue it anew with RSA 2048 or P-256 at least.",
        fatal=True,
    ),
    Problem(
        "signature-weak",
        "D08",
        FAILED,
        "a certificate is signed with SHA-1 or MD5",
        "An old CA, or old defaults of a script; today's systems refuse it.",
        "Issue it anew with SHA-256.",
        fatal=True,
    ),
    Problem(
        "purpose-wrong",
        "D08",
        FAILED,
        "the certificate is not for servers",
        "The extended key usage lacks serverAuth, as with a client's certificate.",
        "Issue it anew for serverAuth.",
        fatal=True,
    ),
    Problem(
        "tls-old-only",
        "D09",
        FAILED,
        "the server speaks nothing newer than TLS 1.1",
        "tls-protocols was set to old versions, or the server is very old.",
        'Accept TLS 1.2 and 1.3 only: tls-protocols "TLSv1.2 TLSv1.3".',
        fatal=True,
    ),
    Problem(
        "tls-old-accepted",
        "D09",
        FAILED,
        "the server accepts TLS 1.0 or 1.1",
        "Defaults of an older server, or a minimum version that was lowered.",
        "Accept TLS 1.2 and 1.3 only.",
    ),
    Problem(
        "tls-below-declared",
        "D09",
        FAILED,
        "the server accepts an older TLS than the connection declares",
        "The minimum of the server and that of the connection were set apart from each other.",
        "Raise the server's minimum.",
    ),
    Problem(
        "cipher-weak",
        "D09",
        FAILED,
        "the server accepts weak ciphers",
        "Nobody set tls-ciphers, and the library's list has suites without forward secrecy.",
        "Set tls-ciphers to ECDHE with AES-GCM or ChaCha20-Poly1305.",
    ),
    Problem(
        "cipher-legacy",
        "D09",
        WARNING,
        "the server accepts CBC ciphers",
        "Nobody set tls-ciphers.",
        "Set tls-ciphers to ECDHE with AES-GCM or ChaCha20-Poly1305.",
    ),
    Problem(
        "cipher-not-approved",
        "D09",
        FAILED,
        "the server accepts ciphers that NIST does not approve",
        "ChaCha20-Poly1305 is among them, and the profile asked for is fips.",
        "Set `tlsProfile: fips`, or name AES-GCM suites only.",
    ),
    Problem(
        "client-certificate-required",
        "D10",
        FAILED,
        "the server asks for a client certificate",
        (
            "The default of Redis is tls-auth-clients yes, or the cache is in mode mtls and the "
            "application has no pair."
        ),
        "Give the application its pair, or set tls-auth-clients no.",
        fatal=True,
    ),
    Problem(
        "client-certificate-refused",
        "D10",
        FAILED,
        "the server refuses the client certificate",
        "It was issued by another CA than the server's, or has expired.",
        "Write it anew: `make env`.",
        fatal=True,
    ),
    Problem(
        "client-certificate-not-asked",
        "D10",
        FAILED,
        "clients get in without a certificate",
        "The connection declares mutual TLS, and the server has tls-auth-clients no or optional.",
        "Set tls-auth-clients yes.",
    ),
    Problem(
        "no-password",
        "D11",
        FAILED,
        "the server answers without a login",
        (
            "No password is set, the default user is nopass, or on ElastiCache the first token was"
            " set by ROTATE, which still lets in clients without one."
        ),
        "Turn the default user off or give it a password; on ElastiCache, SET the token.",
    ),
    Problem(
        "no-password-declared",
        "D11",
        WARNING,
        "the server answers without a login, as the stack declares",
        "The security mode of the cache is none.",
        "For anything but local work: `mode: tls`.",
    ),
    Problem(
        "protected-mode",
        "D11",
        FAILED,
        "the server answers its own machine only",
        "It has no password, and its protected mode refuses everybody else (-DENIED).",
        "Set a password and a user for the application; do not turn protected-mode off instead.",
        fatal=True,
    ),
    Problem(
        "not-redis",
        "D11",
        FAILED,
        "what answers is no Redis",
        (
            "Host or port are those of another service, such as a web server or a proxy; or a "
            "client without TLS reads the answer of a TLS port."
        ),
        "Compare host, port and scheme with the connection's.",
        fatal=True,
    ),
    Problem(
        "any-password",
        "D12",
        FAILED,
        "a wrong password is accepted",
        "The user is nopass: passwords are for decoration.",
        "Give the user a password: ACL SETUSER name resetpass >....",
    ),
    Problem(
        "wrong-password",
        "D13",
        FAILED,
        "the server refuses the user or the password",
        (
            "It was rotated, belongs to another cache, was encoded twice, or the user is another "
            "one or turned off."
        ),
        "Get the connection anew: `make env`.",
        fatal=True,
    ),
    Problem(
        "login-without-users",
        "D13",
        FAILED,
        "the server knows no users",
        "A Redis before 6: AUTH takes a password alone.",
        "Upgrade to a supported version.",
        fatal=True,
    ),
    Problem(
        "password-missing",
        "D13",
        FAILED,
        "the server wants a login and none was given",
        "The application has no password: the variable is empty or was not passed on.",
        "Give it the URL with user and password.",
        fatal=True,
    ),
    Problem(
        "token-missing",
        "D13",
        WARNING,
        "no token to log in with",
        (
            "Clients of this cache log in with a short-lived token of the cloud, which the doctor "
            "was not given."
        ),
        "Pass one in REDIS_PASSWORD to have the rest looked at.",
        fatal=True,
    ),
    Problem(
        "no-answer",
        "D13",
        FAILED,
        "the server takes connections and does not talk",
        (
            "It hangs (swapping, a stopped process, a slow command), or a proxy has no server "
            "behind it."
        ),
        "Look at the server's load and log, and at what is between.",
        fatal=True,
    ),
    Problem(
        "another-user",
        "D13",
        FAILED,
        "the server takes us for somebody else",
        "A proxy logs in for its clients, or the default user accepts anything.",
        "Look at the server's users: ACL LIST.",
    ),
    Problem(
        "login-too-slow",
        "D13",
        FAILED,
        "the login takes too long",
        "Every answer takes seconds: an overloaded server, or a network that loses packets.",
        "Look at the server's CPU and at the way to it; run it nearer to the server.",
        fatal=True,
    ),
    Problem(
        "plaintext-on-tls-port",
        "D14",
        FAILED,
        "the port answers in the clear too",
        "TLS is offered and not required (on ElastiCache: transit encryption mode preferred).",
        "Require TLS.",
    ),
    Problem(
        "plaintext-port-open",
        "D15",
        FAILED,
        "another port of the host answers in the clear",
        "The plain port was left open when TLS was turned on.",
        "port 0 in redis.conf; on Azure, disable the non-TLS port.",
    ),
    Problem(
        "cluster-not-declared",
        "D17",
        FAILED,
        "the server is a cluster and the connection says it is none",
        "REDIS_CLUSTER is false or missing: ordinary clients fail with MOVED or CROSSSLOT.",
        "Use a cluster client and declare cluster mode.",
    ),
    Problem(
        "cluster-declared",
        "D17",
        FAILED,
        "the connection says cluster and the server is none",
        "Cluster clients fail with ERR This instance has cluster support disabled.",
        "Use an ordinary client and declare no cluster mode.",
    ),
    Problem(
        "cluster-down",
        "D17",
        FAILED,
        "the cluster is not in order",
        "Slots without a node, or nodes that cannot reach each other.",
        "redis-cli --cluster check, and mend it; in a cloud, ask its support.",
    ),
    Problem(
        "node-unreachable",
        "D17",
        FAILED,
        "a node of the cluster, or the master that Sentinel names, cannot be used",
        (
            "It announces an address that is not reachable from here, or that its certificate does"
            " not name."
        ),
        (
            "Announce names that clients can reach and that stand in the certificates: cluster-"
            "announce-hostname, sentinel announce-hostnames."
        ),
    ),
    Problem(
        "master-unknown",
        "D17",
        FAILED,
        "Sentinel knows no master",
        "It watches none, or none under this name, or too few Sentinels agree.",
        "SENTINEL MASTERS; add the master or correct the name.",
    ),
    Problem(
        "sentinel-not-declared",
        "D17",
        FAILED,
        "the server is a Sentinel and the connection says it is none",
        "Host and port are Sentinel's: ordinary clients fail with ERR unknown command 'SET'.",
        "Give the client the Sentinels and the master's name, or the address of the master.",
    ),
    Problem(
        "sentinel-declared",
        "D17",
        FAILED,
        "the connection says Sentinel and the server is none",
        "Host and port are those of the master or of a replica: clients get no answer to SENTINEL.",
        "Give the client host and port of the Sentinels (26379 is usual).",
    ),
    Problem(
        "sentinel-not-permitted",
        "D17",
        FAILED,
        "the user may not ask the Sentinel for the master",
        "A Sentinel has users of its own, and SENTINEL is among the administrators' commands.",
        (
            "ACL SETUSER name +sentinel|get-master-addr-by-name +sentinel|master "
            "+sentinel|sentinels +sentinel|replicas, at each Sentinel."
        ),
    ),
    Problem(
        "engine-old",
        "D18",
        FAILED,
        "the engine is too old",
        "A version before 6.2 gets no fixes and lacks users, TLS or both.",
        "Upgrade.",
    ),
    Problem(
        "engine-unsupported",
        "D18",
        WARNING,
        "the engine gets no fixes",
        "It is a development build or a release candidate: fixes are made for releases only.",
        "Run a release of a line that is maintained.",
    ),
    Problem(
        "server-loading",
        "D18",
        FAILED,
        "the server is loading its data",
        "It was restarted; until its data are read it answers nothing else.",
        "Wait; INFO persistence says how long.",
        fatal=True,
    ),
    Problem(
        "server-busy",
        "D18",
        FAILED,
        "the server is busy with a script",
        (
            "A script or function has run longer than busy-reply-threshold; until it ends, nobody "
            "is answered."
        ),
        "SCRIPT KILL or FUNCTION KILL, by an operator; make the script do less at a time.",
        fatal=True,
    ),
    Problem(
        "read-only",
        "D16",
        FAILED,
        "the endpoint is a replica",
        (
            "The application was given the reader's endpoint, or a failover happened and its DNS "
            "answer is old."
        ),
        "Use the primary endpoint.",
    ),
    Problem(
        "out-of-memory",
        "D16",
        FAILED,
        "the server has no memory for writes",
        "maxmemory is reached and the eviction policy is noeviction.",
        "More memory, less data, or for a cache another eviction policy.",
    ),
    Problem(
        "writes-stopped",
        "D16",
        FAILED,
        "the server refuses writes because it cannot save",
        "The last snapshot failed (MISCONF): a full or read-only disk, no memory to fork.",
        "Look into the server's log and repair what it cannot write to.",
    ),
    Problem(
        "too-few-replicas",
        "D16",
        FAILED,
        "the server refuses writes because replicas are missing",
        "min-replicas-to-write is not met (NOREPLICAS).",
        "Bring the replicas back.",
    ),
    Problem(
        "write-not-permitted",
        "D16",
        FAILED,
        "the user may not write",
        "Its ACL rules lack the commands or the key pattern.",
        "Widen its rules, or give --key-prefix the prefix that it may use.",
    ),
    Problem(
        "not-permitted",
        "D16",
        FAILED,
        "the user may not run the command, or not on that key",
        (
            "Its ACL rules lack the command, or the pattern of the key; -@dangerous denies KEYS, "
            "SORT and INFO too."
        ),
        "Add what the application needs, and no more: ACL SETUSER name +command ~pattern.",
    ),
    Problem(
        "replica-without-master",
        "D16",
        FAILED,
        "the replica has lost its master",
        (
            "The master is down or not reachable for it, and replica-serve-stale-data is no "
            "(MASTERDOWN)."
        ),
        "Use the primary endpoint; repair the link between both.",
    ),
    Problem(
        "write-failed",
        "D16",
        FAILED,
        "a plain write does not work",
        "What is between knows only some commands, or the server hangs.",
        "Try SET by redis-cli from the same machine; look at what is between.",
    ),
    Problem(
        "read-back-differs",
        "D16",
        FAILED,
        "what was written is not what was read",
        "A proxy splits reads from writes, or the endpoint is no Redis.",
        "Look at what is between.",
    ),
    Problem(
        "clients-exhausted",
        "D19",
        FAILED,
        "the server takes no more clients",
        "maxclients is reached: connections that nobody closes, or pools that are too large.",
        "Use one pool a process and close it; raise maxclients.",
        fatal=True,
    ),
    Problem(
        "clients-many",
        "D19",
        WARNING,
        "connections are near the limit",
        "Pools that are too large, or connections that nobody closes.",
        "Use one pool a process; raise maxclients.",
    ),
    Problem(
        "connections-rejected",
        "D19",
        WARNING,
        "connections have been rejected",
        "maxclients was reached since the server started.",
        "Use one pool a process; raise maxclients.",
    ),
    Problem(
        "pool-exhausted",
        "D19",
        WARNING,
        "the client's own pool has no free connection",
        (
            "More work at once than connections, connections that are not given back, or slow "
            "commands that hold them."
        ),
        "Give each connection back; then a larger pool, as far as maxclients allows.",
    ),
    Problem(
        "memory-nearly-full",
        "D19",
        WARNING,
        "memory is nearly full",
        "Data grew to more than 90 % of maxmemory.",
        "More memory, or expiry of keys.",
    ),
    Problem(
        "memory-unlimited",
        "D19",
        WARNING,
        "memory has no limit",
        "maxmemory is 0: the system ends the server when memory runs out.",
        "Set maxmemory.",
    ),
    Problem(
        "eviction-loses-data",
        "D19",
        FAILED,
        "the eviction policy loses entries",
        "A queue or a session store drops entries when memory is full, without a word.",
        "maxmemory-policy noeviction for queues; volatile-lru or noeviction for sessions.",
    ),
    Problem(
        "snapshot-failing",
        "D20",
        FAILED,
        "the last snapshot failed",
        "A full or read-only disk, or no memory to fork.",
        "Look into the server's log and repair what it cannot write to.",
    ),
    Problem(
        "append-failing",
        "D20",
        FAILED,
        "writing the append-only file fails",
        "A full or read-only disk.",
        "Repair what it cannot write to.",
    ),
    Problem(
        "persistence-off",
        "D20",
        FAILED,
        "nothing is persisted, and the stack declares that it is",
        "The setting was changed at the server.",
        "`make up` sets it again.",
    ),
    Problem(
        "backup-missing",
        "D20",
        FAILED,
        "the stack keeps no backups of data that need them",
        (
            "Persistence is none, or the days that backups are kept are 0, for sessions or a queue"
            " in production."
        ),
        "Set `persistence`, and `aws: {snapshotRetentionDays}` or `gcp: {backupRetentionDays}`.",
    ),
    Problem(
        "logins-refused",
        "D22",
        WARNING,
        "logins have been refused since the last run",
        "A client still has an old password after a rotation; or somebody tries.",
        "Find the client: ACL LOG names address and user.",
    ),
    Problem(
        "commands-refused",
        "D22",
        WARNING,
        "commands have been refused since the last run",
        "An application needs rights that its user lacks; or somebody tries.",
        "ACL LOG names client and command.",
    ),
    Problem(
        "answer-missing",
        "D23",
        FAILED,
        "no answer came in the time that the client allows",
        (
            "The server is busy with a slow command or swaps, the network loses packets, the "
            "client itself is overloaded, or what listens there is no Redis."
        ),
        (
            "SLOWLOG GET and INFO commandstats at the server; then a longer timeout, where it is "
            "right."
        ),
    ),
    Problem(
        "dangerous-rights",
        "D21",
        FAILED,
        "the user may run dangerous commands",
        (
            "It was given +@all: a leaked password can empty the database or change the server's "
            "settings."
        ),
        "ACL SETUSER name +@all -@admin -@dangerous +info.",
    ),
    Problem(
        "default-user-in-use",
        "D21",
        WARNING,
        "the application is the default user, with all rights",
        "Only a password was set (requirepass), no user of its own.",
        "Make a user for the application and turn `default` off, where the service has users.",
    ),
    Problem(
        "credential-differs",
        "D24",
        FAILED,
        "the application has another password than the stack",
        (
            "A rotation stopped half way: the application still has the former password, and loses"
            " its way in with the next step."
        ),
        "Give the application the current connection: `make env`.",
    ),
    Problem(
        "ca-differs",
        "D24",
        FAILED,
        "the application has another CA than the stack",
        "The CA was replaced, and the application still has the former file.",
        "Give it the current one: `make ca`.",
    ),
    Problem(
        "rotation-due",
        "D24",
        WARNING,
        "the password is older than it may be",
        "Nobody rotated it.",
        "Raise `rotation.generation` and run `make up`.",
    ),
    Problem(
        "setting-insecure",
        "D25",
        FAILED,
        "a setting of the cloud is not as it must be",
        "It was changed in the stack or by hand.",
        "Set it as the finding says, and run `make up`.",
    ),
    Problem(
        "env-file-readable-by-others",
        "D26",
        FAILED,
        "others on this machine can read a file with the password",
        "It was written with the usual umask.",
        "chmod 600; if others could have read it, rotate the password.",
    ),
    Problem(
        "env-file-in-git",
        "D26",
        FAILED,
        "Git does not ignore a file with the password",
        "It is committed, or will be with the next `git add .`.",
        "Add it to .gitignore; if it was committed, rotate the password.",
    ),
    Problem(
        "port-on-all-addresses",
        "D26",
        WARNING,
        "the local port listens on more than loopback",
        "It is published on 0.0.0.0, which Docker opens past the machine's firewall.",
        "Publish it on 127.0.0.1.",
    ),
)

PROBLEMS: Mapping[str, Problem] = MappingProxyType({problem.id: problem for problem in _TABLE})
"""All problems by id."""
