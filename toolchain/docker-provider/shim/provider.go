// Package shim makes the upstream Docker provider importable.
//
// The provider sits in an internal package of its module. Go lets a package import it when its own
// import path lies below that module's path, so this module takes a path there.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream Docker provider, version being what it calls itself in logs.
func NewProvider(version string) *schema.Provider {
	return provider.New(version)()
}
