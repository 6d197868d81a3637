"""What Google does for every service, and networks, projects and policies: what is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from cloud.gcp import model
from cloud.gcp.cloud import PROJECT_ID, REGION, GcpCloud
from cloud.gcp.driver import TOKENS, Driver, RefusedError
from cloud.gcp.google import POLICY, SERVICES, Google, Route, Service
from cloud.gcp.services.compute import ADDRESS, NETWORK
from cloud.gcp.services.service_networking import STILL_USED, allocate, connection_of, release
from cloud.standin.errors import ProviderError
from cloud.standin.provider import Urn
from cloud.standin.resource import IDENTIFIER

PSA = "servicenetworking.googleapis.com"
COMPUTE = "compute.googleapis.com/compute/v1"
POLICIES = f"networkconnectivity.googleapis.com/v1/projects/{PROJECT_ID}"


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    return Driver(tmp_path)


def network(driver: Driver, name: str = "net", **inputs: Any) -> str:
    return driver.put("Network", name, autoCreateSubnetworks=False, **inputs).identifier


def subnetwork(driver: Driver, of: str, name: str = "sub", **inputs: Any) -> str:
    whole = {"ipCidrRange": "10.1.0.0/24", "region": REGION, **inputs}
    return driver.put("Subnetwork", name, network=of, **whole).identifier


def reserved(driver: Driver, of: str, name: str = "range", **inputs: Any) -> str:
    whole = {"purpose": "VPC_PEERING", "addressType": "INTERNAL", "prefixLength": 24, **inputs}
    return driver.put("GlobalAddress", name, network=of, **whole).outputs["name"]


def connected(driver: Driver, of: str, *ranges: str, name: str = "psa", **inputs: Any) -> None:
    driver.put("Connection", name, network=of, service=PSA,
               reservedPeeringRanges=list(ranges), **inputs)  # fmt: skip


def adopted(driver: Driver, kind: str, identifier: str) -> dict[str, Any]:
    """What an import by an id finds."""
    return driver.stand_in.read(Urn(TOKENS[kind], "adopted"), identifier, {}, {})[0]


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def answered(service: Service, route: Route) -> set[str]:
    """The names of the parameters with which Google's own document has this request."""
    document = model.document(service.api)
    found: set[str] = set()
    waiting = [document]
    while waiting:
        one = waiting.pop()
        waiting += one.get("resources", {}).values()
        for method in one.get("methods", {}).values():
            paths = {method["path"], method.get("flatPath", method["path"])}
            wanted = shape(f"{service.version.removeprefix('compute/v1')}/{route.template}")
            wanted = wanted.lstrip("/")
            # Some documents name a path's first part by a parameter, too.
            bare = re.sub(r"/projects/", "/{}/", wanted)
            if method["httpMethod"] == route.method and {shape(p) for p in paths} & {wanted, bare}:
                reference = method.get("request", {}).get("$ref", "")
                assert route.body in {"", reference}, (route.template, reference)
                found |= {*method.get("parameters", {}), "known"}
    return found


@pytest.mark.parametrize("host", [one for one in SERVICES if "proto" not in SERVICES[one].api])
def test_every_request_that_is_answered_is_one_of_googles(host: str) -> None:
    service = SERVICES[host]
    for route in service.routes:
        known = answered(service, route)
        if route.template.endswith(":generateServiceIdentity"):
            continue  # Its document is another version's.
        assert known, f"{route.method} {route.template}"
        assert set(route.query) <= known, f"{route.method} {route.template}: {route.query}"


def test_a_request_that_nobody_answers_is_refused(driver: Driver) -> None:
    for url in ("nothing.googleapis.com/v1/x", f"{COMPUTE}/projects/p/global/images",
                "redis.googleapis.com/v9/projects/p"):  # fmt: skip
        with pytest.raises(RefusedError, match="Error 404, NOT_FOUND"):
            driver.ask("GET", url)


@pytest.mark.parametrize(
    ("body", "query", "reason"),
    [
        ({"nmae": "x"}, {}, "Unknown name \"nmae\" at 'network': Cannot find field. Did you mean"),
        ({"selfLink": "x"}, {}, "'network.selfLink': the field is output only"),
        ({"mtu": "many"}, {}, "Invalid value at 'network.mtu'"),
        ({"routingConfig": {"routingMode": "LOCAL"}}, {}, "'network.routingConfig.routingMode'"),
        ({"name": "net"}, {"force": "true"}, 'Unknown name "force": Cannot bind query'),
        ({"name": "Net", "autoCreateSubnetworks": False}, {}, "Must be a match of regex"),
    ],
)
def test_a_body_is_held_against_googles_document(
    driver: Driver, body: dict[str, Any], query: dict[str, str], reason: str
) -> None:
    url = f"{COMPUTE}/projects/{PROJECT_ID}/global/networks"
    with pytest.raises(RefusedError, match="Error 400, INVALID_ARGUMENT") as refused:
        driver.ask("POST", url, body, **query)
    assert reason in str(refused.value)


def test_a_mask_names_what_can_be_set(driver: Driver) -> None:
    net = network(driver)
    inner = subnetwork(driver, net)
    driver.put("ServiceConnectionPolicy", "scp", name="scp", network=net, location=REGION,
               serviceClass="gcp-memorystore", pscConfig={"subnetworks": [inner]})  # fmt: skip
    url = f"{POLICIES}/locations/{REGION}/serviceConnectionPolicies/scp"
    for mask, reason in (("nothing", "is not in"), ("infrastructure", "cannot be set"),
                         ("network", "cannot be updated")):  # fmt: skip
        with pytest.raises(RefusedError, match=reason):
            driver.ask("PATCH", url, {"description": "x"}, updateMask=mask)
    # What only the service sets is overlooked in a change.
    driver.ask(
        "PATCH", url, {"description": "x", "infrastructure": "PSC"}, updateMask="description"
    )
    assert driver.ask("GET", url)["description"] == "x"


def test_projects_are_known_by_number_too_and_others_are_not(driver: Driver) -> None:
    number = driver.cloud.google.project(PROJECT_ID)["projectNumber"]
    net = network(driver)
    found = driver.ask("GET", f"{COMPUTE}/{net.replace(PROJECT_ID, number)}")
    assert found["selfLink"].endswith(net)
    with pytest.raises(
        RefusedError, match="Error 403, PERMISSION_DENIED: Permission denied on resource"
    ):
        driver.ask("GET", f"{COMPUTE}/projects/nobody/global/networks/net")


def test_a_service_must_be_enabled_and_can_be_by_the_program(driver: Driver) -> None:
    driver.cloud.disable(PROJECT_ID, "compute.googleapis.com", "redis.googleapis.com")
    with pytest.raises(RefusedError, match="Compute Engine API has not been used in project"):
        network(driver)
    with pytest.raises(RefusedError, match="Redis API has not been used in project"):
        driver.put("ServiceIdentity", "redis", service="redis.googleapis.com")
    for name in ("compute", "redis"):
        driver.put("Service", name, service=f"{name}.googleapis.com")
    network(driver)
    identity = driver.put("ServiceIdentity", "redis", service="redis.googleapis.com").outputs
    assert identity["member"] == f"serviceAccount:{identity['email']}"
    assert identity["email"].endswith("@cloud-redis.iam.gserviceaccount.com")
    driver.change("Service", "redis", disableOnDestroy=True)
    driver.drop("Service", "redis")
    driver.drop("Service", "compute")
    enabled = driver.cloud.google.project(PROJECT_ID)["services"]
    assert "redis.googleapis.com" not in enabled
    assert "compute.googleapis.com" in enabled


def test_services_have_names_of_domains(driver: Driver) -> None:
    with pytest.raises(RefusedError, match="expected redis to be a domain like"):
        driver.put("Service", "redis", service="redis")
    with pytest.raises(RefusedError, match="Not found or permission denied for service"):
        driver.put("Service", "nothing", service="nothing.googleapis.com")


def test_subnetworks_and_ranges_do_not_overlap(driver: Driver) -> None:
    net = network(driver)
    subnetwork(driver, net, ipCidrRange="10.1.0.0/24")
    for text, reason in (
        ("10.1.0.128/25", "conflicts with existing subnetwork"),
        ("10.1.0.0/30", "The prefix must not be longer than 29"),
        ("10.1.0.1/24", "Must be a CIDR address range"),
    ):
        with pytest.raises(RefusedError, match=reason):
            subnetwork(driver, net, "other", ipCidrRange=text)
    with pytest.raises(RefusedError, match=r"invalid CIDR address: 10\.1\.0\.0"):
        subnetwork(driver, net, "other", ipCidrRange="10.1.0.0")
    with pytest.raises(RefusedError, match="overlaps with existing subnetwork IP range"):
        reserved(driver, net, address="10.1.0.0")
    reserved(driver, net, address="10.2.0.0")
    with pytest.raises(RefusedError, match="conflicts with the allocated range"):
        subnetwork(driver, net, "other", ipCidrRange="10.2.0.0/25")
    # Another network has addresses of its own.
    subnetwork(driver, network(driver, "apart"), "apart", ipCidrRange="10.1.0.0/24")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"prefixLength": 7}, "Prefix length must be between 8 and 29"),
        ({"prefixLength": 30}, "Prefix length must be between 8 and 29"),
        ({"purpose": "PRIVATE_SERVICE_CONNECT"}, "Only addresses for peering"),
        ({"addressType": "EXTERNAL"}, "can only be specified for internal addresses"),
        ({"addressType": None}, "can only be specified for internal addresses"),
        ({"addressType": "OUTER"}, 'address_type to be one of ["EXTERNAL" "INTERNAL" ""]'),
        ({"address": "8.8.8.0"}, "Requested range is not private"),
        ({"address": "10.0.0.1"}, "Must be a CIDR address range"),
        ({"name": "Range"}, "Must be a match of regex"),
        ({"network": "nowhere"}, "The referenced network resource cannot be found"),
    ],
)
def test_a_wrong_range_is_refused(driver: Driver, inputs: dict[str, Any], reason: str) -> None:
    net = network(driver)
    with pytest.raises(RefusedError) as refused:
        reserved(driver, inputs.pop("network", net), **inputs)
    assert reason in str(refused.value)
    reserved(driver, net)


RULE: dict[str, Any] = {
    "direction": "EGRESS",
    "allows": [{"protocol": "tcp", "ports": ["6378"]}],
    "destinationRanges": ["10.0.0.0/8"],
    "targetTags": ["app"],
}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"allows": None}, '"allow": one of `allow,deny` must be specified'),
        ({"denies": [{"protocol": "all"}]}, '"allow": only one of `allow,deny` can be specified'),
        ({"priority": 65536}, "expected priority to be in the range (0 - 65535), got 65536"),
        ({"direction": "OUT"}, 'expected direction to be one of ["INGRESS" "EGRESS" ""], got OUT'),
        ({"direction": "INGRESS"}, "one of source_tags, source_ranges, or source_service_accounts"),
        ({"sourceRanges": ["10.0.0.0/8"]}, "Source fields cannot be set for EGRESS rules"),
        ({"targetServiceAccounts": ["a@b.c"]}, '"target_service_accounts": conflicts with'),
        ({"allows": [{"protocol": "rdp"}]}, "Unknown protocol"),
        ({"allows": [{"protocol": "tcp", "ports": ["70000"]}]}, "Must be a port number"),
        ({"allows": [{"protocol": "tcp", "ports": ["9-1"]}]}, "Must be a port number"),
        ({"allows": [{"protocol": "icmp", "ports": ["1"]}]}, "Ports may only be specified"),
        ({"destinationRanges": ["10.0.0.0/99"]}, "Must be a valid CIDR range"),
        ({"targetTags": ["App"]}, "Must be a match of regex"),
        ({"logConfig": {"metadata": "ALL"}}, "expected log_config.0.metadata to be one of"),
        ({"name": "Rule"}, "doesn't match regexp"),
        ({"network": "nowhere"}, "The referenced network resource cannot be found"),
    ],
)
def test_a_wrong_firewall_rule_is_refused(
    driver: Driver, inputs: dict[str, Any], reason: str
) -> None:
    net = network(driver)
    with pytest.raises(RefusedError) as refused:
        driver.put("Firewall", "rule", **{"network": net, **RULE, **inputs})
    assert reason in str(refused.value)
    driver.put("Firewall", "good", network=net, **RULE)


def test_a_firewall_rule_stays_in_its_network(driver: Driver) -> None:
    net, other = network(driver), network(driver, "other")
    driver.put("Firewall", "rule", network=net, **RULE)
    assert driver.changes("Firewall", "rule") == set()
    assert driver.replaces("Firewall", "rule", network=other) == set()
    with pytest.raises(RefusedError, match="The network of a rule cannot be changed"):
        driver.change("Firewall", "rule", network=other)
    upper = [{"protocol": "TCP", "ports": ["6378"]}]
    assert driver.replaces("Firewall", "rule", allows=upper) == set()
    driver.change("Firewall", "rule", priority=900, targetTags=None, description="x")
    assert driver.changes("Firewall", "rule") == set()


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("Network", {"description": "x"}),
        ("Subnetwork", {"ipCidrRange": "10.1.0.0/25"}),
        ("Subnetwork", {"region": "europe-west4"}),
        ("Subnetwork", {"description": "x"}),
        ("GlobalAddress", {"prefixLength": 23}),
        ("GlobalAddress", {"address": "10.9.0.0"}),
        ("GlobalAddress", {"purpose": None}),
        ("Firewall", {"direction": "INGRESS", "sourceTags": ["a"], "destinationRanges": None}),
        ("ServiceConnectionPolicy", {"serviceClass": "gcp-memorystore-redis"}),
        ("Connection", {"service": "other.googleapis.com"}),
        ("Service", {"service": "dns.googleapis.com"}),
        ("ServiceIdentity", {"service": "memorystore.googleapis.com"}),
    ],
)
def test_what_replaces(driver: Driver, kind: str, inputs: dict[str, Any]) -> None:
    whole(driver)
    assert driver.replaces(kind, "it", **inputs) & inputs.keys()


@pytest.mark.parametrize(
    ("kind", "inputs", "after"),
    [
        ("Network", {"routingMode": "GLOBAL"}, {"routingMode": "GLOBAL"}),
        ("Network", {"mtu": 1500}, {"mtu": 1500}),
        ("Subnetwork", {"ipCidrRange": "10.1.0.0/23"}, {"ipCidrRange": "10.1.0.0/23"}),
        ("Subnetwork", {"privateIpGoogleAccess": False}, {"privateIpGoogleAccess": False}),
        ("Subnetwork", {"logConfig": {"flowSampling": 0.5}}, {"logConfig": {"flowSampling": 0.5}}),
        ("GlobalAddress", {"labels": {"a": "b"}}, {"labels": {"a": "b"}}),
        ("Firewall", {"disabled": True}, {"disabled": True}),
        ("ServiceConnectionPolicy", {"description": "x"}, {"description": "x"}),
        ("ServiceConnectionPolicy", {"labels": {"a": "b"}}, {"labels": {"a": "b"}}),
        ("Connection", {"deletionPolicy": "ABANDON"}, {"deletionPolicy": "ABANDON"}),
        ("Service", {"disableOnDestroy": True}, {"disableOnDestroy": True}),
    ],
)
def test_what_changes_in_place(
    driver: Driver, kind: str, inputs: dict[str, Any], after: dict[str, Any]
) -> None:
    whole(driver)
    assert driver.replaces(kind, "it", **inputs) == set()
    found = driver.change(kind, "it", **inputs).outputs
    assert {name: found[name] for name in after} == after
    assert driver.changes(kind, "it") == set()


def whole(driver: Driver) -> None:
    """One resource of every type, called `it`."""
    net = network(driver, "it")
    inner = subnetwork(driver, net, "it", privateIpGoogleAccess=True)
    connected(driver, net, reserved(driver, net, "it"), name="it")
    driver.put("Firewall", "it", network=net, **RULE)
    driver.put("ServiceConnectionPolicy", "it", network=net, location=REGION,
               serviceClass="gcp-memorystore", pscConfig={"subnetworks": [inner]})  # fmt: skip
    driver.put("Service", "it", service="redis.googleapis.com")
    driver.put("ServiceIdentity", "it", service="redis.googleapis.com")


def test_names_links_and_ids_of_a_network_are_the_same(driver: Driver) -> None:
    net = driver.put("Network", "net", name="main", autoCreateSubnetworks=False).identifier
    inner = subnetwork(driver, net)
    reserved(driver, net)
    link = f"https://www.googleapis.com/compute/v1/{net}"
    for same in (link, "main", net):
        assert driver.replaces("Subnetwork", "sub", network=same) == set()
        assert driver.replaces("GlobalAddress", "range", network=same) == set()
    number = driver.cloud.google.project(PROJECT_ID)["projectNumber"]
    other = net.replace(PROJECT_ID, number)
    assert driver.replaces("GlobalAddress", "range", network=other) == {"network"}
    assert adopted(driver, "Subnetwork", inner)["network"] == link
    short = "/".join(inner.split("/")[one] for one in (1, 3, 5))
    found = adopted(driver, "Subnetwork", short)
    assert (found["ipCidrRange"], found[IDENTIFIER]) == ("10.1.0.0/24", inner)
    assert adopted(driver, "Network", "main")[IDENTIFIER] == net
    with pytest.raises(ProviderError, match="doesn't match any of the accepted formats"):
        adopted(driver, "Subnetwork", "a/b/c/d")


def test_what_is_used_stays(driver: Driver) -> None:
    net = network(driver)
    subnetwork(driver, net)
    name = reserved(driver, net)
    for kind, one in (("Subnetwork", "sub"), ("GlobalAddress", "range")):
        with pytest.raises(RefusedError, match="is already being used by"):
            driver.drop("Network", "net")
        driver.drop(kind, one)
    assert name
    driver.drop("Network", "net")
    assert driver.cloud.left == {}


def test_a_network_has_one_connection_and_its_ranges_are_there(driver: Driver) -> None:
    net = network(driver)
    with pytest.raises(RefusedError, match="Allocated IP range 'nowhere' not found in network"):
        connected(driver, net, "nowhere")
    other = reserved(driver, network(driver, "other"), "elsewhere")
    with pytest.raises(RefusedError, match="not found in network"):
        connected(driver, net, other)
    first, second = (reserved(driver, net, name) for name in ("first", "second"))
    connected(driver, net, first)
    with pytest.raises(RefusedError, match="Cannot modify allocated ranges in CreateConnection"):
        connected(driver, net, second, name="another")
    connected(driver, net, second, name="another", updateOnCreationFail=True)
    found = connection_of(driver.cloud.google, net)
    assert found is not None
    assert found["reservedPeeringRanges"] == [second]
    driver.change("Connection", "another", reservedPeeringRanges=[second, first])
    assert driver.replaces("Connection", "another", reservedPeeringRanges=[first, second]) == set()
    assert driver.changes("Connection", "another") == set()


def test_a_connection_that_is_used_stays_or_only_its_peering_goes(driver: Driver) -> None:
    net = network(driver)
    name = reserved(driver, net, prefixLength=28)
    google = driver.cloud.google
    with pytest.raises(Exception, match="Google private service access is not enabled"):
        allocate(google, net, name, 29, "someone")
    connected(driver, net, name)
    blocks = {allocate(google, net, name, 29, f"cache-{number}") for number in range(2)}
    assert len(blocks) == 2
    with pytest.raises(Exception, match="do not have enough available IPs"):
        allocate(google, net, None, 29, "one-too-many")
    with pytest.raises(Exception, match="Allocated IP range 'other' not found in network"):
        allocate(google, net, "other", 29, "one-too-many")
    with pytest.raises(RefusedError) as refused:
        driver.drop("Connection", "psa")
    assert "Unable to remove Service Networking Connection, err: Error waiting for Delete" in str(
        refused.value
    )
    assert STILL_USED in str(refused.value)
    driver.change("Connection", "psa", deletionPolicy="PREVENT")
    with pytest.raises(RefusedError, match='without setting deletion_policy="DELETE"'):
        driver.drop("Connection", "psa")
    driver.change("Connection", "psa", deletionPolicy="REMOVE_PEERING")
    driver.drop("Connection", "psa")
    assert driver.cloud.one(NETWORK)["peerings"] == []
    for number in range(2):
        release(google, f"cache-{number}")


def test_a_connection_that_is_abandoned_holds_its_network(driver: Driver) -> None:
    net = network(driver)
    connected(driver, net, reserved(driver, net), deletionPolicy="ABANDON")
    driver.drop("Connection", "psa")
    driver.drop("GlobalAddress", "range")
    with pytest.raises(RefusedError, match="-tp/global/networks/servicenetworking'"):
        driver.drop("Network", "net")


POLICY_OF: dict[str, Any] = {"location": REGION, "serviceClass": "gcp-memorystore"}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"serviceClass": "nothing"}, "Service class 'nothing' was not found"),
        ({"location": "europe"}, "Location europe is not found"),
        ({"network": "net"}, "it must have the form projects/{project}/global/networks/{network}"),
        ({"pscConfig": {"subnetworks": []}}, "psc_config.subnetworks must not be empty"),
        ({"pscConfig": {"subnetworks": ["nowhere"]}}, "Subnetwork 'nowhere' was not found"),
        ({"location": "europe-west4"}, "must be in the region of the policy"),
        ({"name": "Policy"}, "Invalid service connection policy id 'Policy'"),
    ],
)
def test_a_wrong_policy_is_refused(driver: Driver, inputs: dict[str, Any], reason: str) -> None:
    net = network(driver)
    given = {"network": net, "pscConfig": {"subnetworks": [subnetwork(driver, net)]}, **POLICY_OF}
    with pytest.raises(RefusedError) as refused:
        driver.put("ServiceConnectionPolicy", "scp", **{**given, **inputs})
    assert reason in str(refused.value)
    driver.put("ServiceConnectionPolicy", "good", **given)


def test_a_network_has_one_policy_for_a_region_and_class(driver: Driver) -> None:
    net = network(driver)
    given = {"network": net, "pscConfig": {"subnetworks": [subnetwork(driver, net)]}, **POLICY_OF}
    driver.put("ServiceConnectionPolicy", "one", **given)
    with pytest.raises(RefusedError, match="already exists for network"):
        driver.put("ServiceConnectionPolicy", "two", **given)
    driver.put("ServiceConnectionPolicy", "two", **{**given, "serviceClass": "google-cloud-sql"})


def test_a_shared_network_takes_a_policy_only_through_the_agent(driver: Driver) -> None:
    cloud = driver.cloud
    cloud.add_project("network-host")
    cloud.share("network-host", PROJECT_ID)
    shared = cloud.add_network("network-host")
    given = {"network": shared["network"], "pscConfig": {"subnetworks": [shared["subnetwork"]]}}
    with pytest.raises(
        RefusedError, match=r"lacks the role roles/networkconnectivity\.serviceAgen"
    ):
        driver.put("ServiceConnectionPolicy", "scp", **given, **POLICY_OF)
    member = driver.put(
        "ServiceIdentity", "agent", service="networkconnectivity.googleapis.com"
    ).outputs["member"]
    driver.put("IAMMember", "agent", project="network-host",
               role="roles/networkconnectivity.serviceAgent", member=member)  # fmt: skip
    driver.put("ServiceConnectionPolicy", "scp", **given, **POLICY_OF)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("app@example.com", "IAM members must have one of the values"),
        ("deleted:user:a@b.c?uid=1", "does not support IAM members for deleted principals"),
        ("robot:app@example.com", "is of an unknown type"),
        ("serviceAccount:app@example.com", "Service account app@example.com does not exist."),
        (
            "serviceAccount:service-1@cloud-redis.iam.gserviceaccount.com",
            "Service account service-1@cloud-redis.iam.gserviceaccount.com does not exist.",
        ),
    ],
)
def test_a_wrong_member_is_refused(driver: Driver, member: str, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        driver.put("IAMMember", "it", project=PROJECT_ID, role="roles/viewer", member=member)
    assert reason in str(refused.value)
    driver.put("IAMMember", "it", project=PROJECT_ID, role="roles/viewer", member="user:a@b.c")


def test_a_directory_may_be_complete(driver: Driver) -> None:
    email = f"app@{PROJECT_ID}.iam.gserviceaccount.com"
    given = {"project": PROJECT_ID, "role": "roles/viewer", "member": f"serviceAccount:{email}"}
    driver.cloud.settings(directoryIsComplete=True)
    with pytest.raises(RefusedError, match=f"Service account {email} does not exist"):
        driver.put("IAMMember", "it", **given)
    driver.cloud.settings(serviceAccounts=[email])
    driver.put("IAMMember", "it", **given)


def test_members_of_a_role_come_and_go_one_by_one(driver: Driver) -> None:
    resource = f"projects/{PROJECT_ID}"
    for name in ("a", "b"):
        driver.put("IAMMember", name, project=PROJECT_ID, role="roles/viewer",
                   member=f"user:{name}@example.com")  # fmt: skip
    assert driver.replaces("IAMMember", "a", member="user:A@example.com") == set()
    assert driver.replaces("IAMMember", "a", role="roles/editor") == {"role"}
    driver.drop("IAMMember", "a")
    assert driver.refresh("IAMMember", "b") is not None
    (binding,) = driver.cloud.all(POLICY)[resource]["bindings"]
    assert binding["members"] == ["user:b@example.com"]
    identifier = f"{resource} roles/viewer user:b@example.com"
    assert adopted(driver, "IAMMember", identifier)["member"] == "user:b@example.com"
    driver.drop("IAMMember", "b")
    assert adopted(driver, "IAMMember", identifier) == {}
    policy = {"bindings": [], "etag": "old"}
    url = f"cloudresourcemanager.googleapis.com/v1/{resource}:setIamPolicy"
    with pytest.raises(RefusedError, match="409, ABORTED: There were concurrent policy changes"):
        driver.ask("POST", url, {"policy": policy})


def test_an_operation_takes_its_time_and_then_tells_how_it_went(tmp_path: Path) -> None:
    cloud = GcpCloud(tmp_path)
    cloud.prepare({"gcp:project": PROJECT_ID})
    cloud.settings(slow=3600)
    google = Google(cloud)
    url = f"https://{COMPUTE}/projects/{PROJECT_ID}/global/networks"
    status, begun = google.request("POST", url, {"name": "net", "autoCreateSubnetworks": False})
    assert (status, begun["status"]) == (200, "RUNNING")
    asked = f"https://{COMPUTE}/projects/{PROJECT_ID}/global/operations/{begun['name']}"
    assert google.ask("GET", asked)["status"] == "RUNNING"
    rule = {"name": "rule", "network": f"projects/{PROJECT_ID}/global/networks/net",
            "allowed": [{"IPProtocol": "all"}]}  # fmt: skip
    status, body = google.request("POST", url.replace("networks", "firewalls"), rule)
    assert (status, body["error"]["errors"][0]["reason"]) == (400, "resourceNotReady")
    operation = cloud.all("operations")[begun["name"]]
    cloud.put("operations", begun["name"], {**operation, "until": 0})
    assert google.ask("GET", asked)["status"] == "DONE"
    assert google.request("POST", url.replace("networks", "firewalls"), rule)[0] == 200


def test_what_was_there_before_is_not_left_over(tmp_path: Path) -> None:
    cloud = GcpCloud(tmp_path)
    cloud.prepare({"gcp:project": PROJECT_ID})
    cloud.add_private_access(cloud.add_network()["network"])
    cloud.add_grant(f"projects/{PROJECT_ID}", "roles/viewer", "user:a@b.c")
    cloud.add_agent(PROJECT_ID, "redis.googleapis.com")
    assert cloud.left == {}
    assert len(cloud.all(ADDRESS)) == 1
