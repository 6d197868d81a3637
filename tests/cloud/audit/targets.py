"""The clouds that are audited."""

from .aws.target import AWS
from .azure.target import AZURE

TARGETS = (AWS, AZURE)
