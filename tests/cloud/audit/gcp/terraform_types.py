"""Resources of Google Cloud in Terraform's notation."""

from cloud.audit.bridged import Notation

TYPES = {
    "gcp:compute/firewall:Firewall": "google_compute_firewall",
    "gcp:compute/globalAddress:GlobalAddress": "google_compute_global_address",
    "gcp:compute/network:Network": "google_compute_network",
    "gcp:compute/subnetwork:Subnetwork": "google_compute_subnetwork",
    "gcp:kms/cryptoKey:CryptoKey": "google_kms_crypto_key",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "google_kms_crypto_key_iam_member",
    "gcp:kms/keyRing:KeyRing": "google_kms_key_ring",
    "gcp:kms/keyRingIAMMember:KeyRingIAMMember": "google_kms_key_ring_iam_member",
    "gcp:memorystore/instance:Instance": "google_memorystore_instance",
    "gcp:monitoring/alertPolicy:AlertPolicy": "google_monitoring_alert_policy",
    "gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy": (
        "google_network_connectivity_service_connection_policy"
    ),
    "gcp:projects/iAMMember:IAMMember": "google_project_iam_member",
    "gcp:projects/service:Service": "google_project_service",
    "gcp:projects/serviceIdentity:ServiceIdentity": "google_project_service_identity",
    "gcp:redis/instance:Instance": "google_redis_instance",
    "gcp:secretmanager/secret:Secret": "google_secret_manager_secret",
    "gcp:secretmanager/secretIamMember:SecretIamMember": "google_secret_manager_secret_iam_member",
    "gcp:secretmanager/secretVersion:SecretVersion": "google_secret_manager_secret_version",
    "gcp:servicenetworking/connection:Connection": "google_service_networking_connection",
}
"""Terraform's resource types."""

NAMES = {
    ("gcp:compute/firewall:Firewall", "allows"): "allow",
    ("gcp:compute/firewall:Firewall", "denies"): "deny",
    ("gcp:memorystore/instance:Instance", "weeklyMaintenanceWindows"): "weekly_maintenance_window",
    ("gcp:redis/instance:Instance", "weeklyMaintenanceWindows"): "weekly_maintenance_window",
}
"""See Notation."""

NOTATION = Notation(
    TYPES,
    NAMES,
    maps=frozenset({"labels", "userLabels", "redisConfigs", "engineConfigs"}),
)
