"""Redis on Azure: Azure Managed Redis, and the classic Azure Cache for Redis."""
