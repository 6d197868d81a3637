"""The providers that need no cloud, and what installs them as plugins."""
