"""The Google Cloud target: Memorystore for Redis, and Memorystore for Valkey."""
