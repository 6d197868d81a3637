"""The `random` package: values from the operating system's random source."""
