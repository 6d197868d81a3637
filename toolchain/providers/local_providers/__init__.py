"""Local implementations of the Pulumi `random` and `tls` providers.

They serve machines where the official plugins cannot be downloaded. Tokens, inputs, outputs,
defaults, replacement rules, ids and the schema version in the state follow the sources of the
official plugins and of the Terraform providers inside them, so that either can go on with a state
that the other made. What is not implemented is refused with an error that names the official
plugin.

One difference is deliberate: `maxPathLength` 0 becomes a path length of 0 in the certificate, where
terraform-provider-tls 4.2.1, whose sources were read, leaves the limit out.
"""

VERSIONS = {"random": "4.21.4", "tls": "5.6.2"}
"""The version of the official plugin that each local one answers for."""
