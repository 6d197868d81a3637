"""The clouds that are audited."""

from .aws.target import AWS
from .azure.target import AZURE
from .gcp.target import GCP

TARGETS = (AWS, AZURE, GCP)
