// Command pulumi-resource-docker is the Docker provider of Pulumi, built from published modules: the
// upstream Terraform provider behind Pulumi's Terraform bridge, as in the official plugin.
//
// It serves what a Docker stack needs (Container, RemoteImage, Network, Volume) under the tokens and
// property names of the official Python SDK, so a state written with one plugin is read by the other.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

// packageSchema is what providerInfo generates. It is stored, not generated at start, because the
// generator needs seconds and half of the binary; a test keeps it in step.
//
//go:embed schema.json
var packageSchema []byte

func main() {
	tfbridge.Main(packageName, version, providerInfo(), packageSchema)
}
