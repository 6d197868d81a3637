"""The `tls` package: keys, certificate requests and X.509 certificates."""
