"""The shortest hand-written program with the same resources: no checks, no choices, no contract."""

import hashlib

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls

name = "cache-aa"
identity = random.RandomId("owner", byte_length=8)
network = docker.Network("network", driver="bridge")
words = {
    user: random.RandomPassword(user, length=48, special=False)
    for user in ("app", "readonly", "health", "operator")
}
issued = random.RandomUuid7("issued")
ca_key = tls.PrivateKey("ca-key", algorithm="ECDSA", ecdsa_curve="P256")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    is_ca_certificate=True,
    validity_period_hours=87600,
    allowed_uses=["cert_signing"],
    subject={"common_name": "CA"},
)
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
request = tls.CertRequest(
    "request",
    private_key_pem=key.private_key_pem,
    dns_names=["localhost"],
    ip_addresses=["127.0.0.1"],
    subject={"common_name": name},
)
certificate = tls.LocallySignedCert(
    "certificate",
    cert_request_pem=request.cert_request_pem,
    ca_cert_pem=ca.cert_pem,
    ca_private_key_pem=ca_key.private_key_pem,
    validity_period_hours=8760,
    allowed_uses=["server_auth", "client_auth"],
)
image = docker.RemoteImage("image", name="redis:7.2", keep_locally=True)
config, data = docker.Volume("config"), docker.Volume("data")
acl = pulumi.Output.all(**{user: word.result for user, word in words.items()}).apply(
    lambda known: "\n".join(
        f"user {user} on #{hashlib.sha256(word.encode()).hexdigest()} ~* +@all -@dangerous"
        for user, word in known.items()
    )
)
contents = {
    "redis.conf": "port 0\ntls-port 6380\ntls-auth-clients no\naclfile /etc/redis/users.acl\n",
    "users.acl": acl,
    "health_password": words["health"].result,
    "operator_password": words["operator"].result,
    "reload.sh": "exit 0\n",
    "tls/ca.crt": ca.cert_pem,
    "tls/server.crt": certificate.cert_pem,
    "tls/server.key": key.private_key_pem,
}
files = docker.Container(
    "files",
    image=image.image_id,
    start=False,
    must_run=False,
    mounts=[{"type": "volume", "source": config.name, "target": "/etc/redis"}],
    uploads=[
        {"file": f"/etc/redis/{file}", "content": content, "owner": "999", "group": "999"}
        for file, content in contents.items()
    ],
)
server = docker.Container(
    "server",
    image=image.image_id,
    entrypoints=["redis-server"],
    command=["/etc/redis/redis.conf"],
    user="999:999",
    read_only=True,
    memory=256,
    memory_swap=256,
    wait=True,
    mounts=[
        {"type": "volume", "source": config.name, "target": "/etc/redis", "read_only": True},
        {"type": "volume", "source": data.name, "target": "/data"},
    ],
    ports=[{"internal": 6380, "external": 6380, "ip": "127.0.0.1"}],
    networks_advanced=[{"name": network.name, "aliases": [name]}],
    healthcheck={"tests": ["CMD-SHELL", "redis-cli ping"]},
    opts=pulumi.ResourceOptions(depends_on=[files]),
)
docker.Container(
    "reload",
    image=image.image_id,
    entrypoints=["sh", "/etc/redis/reload.sh"],
    must_run=False,
    labels=[{"label": "files", "value": files.id}],
)
pulumi.export("id", identity.hex)
pulumi.export("issued", issued.result)
pulumi.export(
    "url",
    pulumi.Output.secret(
        pulumi.Output.format("rediss://app:{0}@127.0.0.1:6380/0", words["app"].result)
    ),
)
