"""The `secure-redis` command."""
