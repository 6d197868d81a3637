package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	upstream "github.com/terraform-providers/terraform-provider-docker/shim"
)

const (
	packageName = "docker"

	// version is the release of the Python SDK (pulumi_docker) that this provider answers to.
	version = "5.2.0"

	// maxNameLength bounds generated names to what a file system takes: a volume is a directory.
	maxNameLength = 255
)

// resources lists what is served, by the upstream type name. The bridge turns list properties into
// plurals; the names kept singular here are those that the official SDK keeps singular.
func resources() map[string]*tfbridge.ResourceInfo {
	return map[string]*tfbridge.ResourceInfo{
		"docker_container": {
			Tok: "docker:index/container:Container",
			// Name and published ports are exclusive on a host: old first, then new.
			DeleteBeforeReplace: true,
			Fields: map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			},
		},
		"docker_image":   {Tok: "docker:index/remoteImage:RemoteImage", Fields: fixedName()},
		"docker_network": {Tok: "docker:index/network:Network"},
		"docker_volume":  {Tok: "docker:index/volume:Volume"},
	}
}

// fixedName keeps `name` as the user wrote it: an image name is a reference, never generated.
func fixedName() map[string]*tfbridge.SchemaInfo {
	return map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}
}

// providerInfo maps the upstream provider to the Pulumi package.
func providerInfo() tfbridge.ProviderInfo {
	tf := upstream.NewProvider(version)
	served := resources()
	for name, resource := range tf.ResourcesMap {
		if _, ok := served[name]; !ok {
			delete(tf.ResourcesMap, name)
			continue
		}
		acceptListsInSets(resource.Schema)
	}
	clear(tf.DataSourcesMap)

	info := tfbridge.ProviderInfo{
		P:              shimv2.NewProvider(tf),
		Name:           packageName,
		DisplayName:    "Docker",
		Description:    "Containers, images, networks and volumes of a Docker engine.",
		License:        "Apache-2.0",
		GitHubOrg:      "kreuzwerker",
		Version:        version,
		ResourcePrefix: "docker",
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {
				// Required upstream, where it has a default: DOCKER_HOST, else the local socket.
				MarkAsOptional: tfbridge.True(),
				Default:        &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}},
			},
			"registry_auth": {Name: "registryAuth"},
		},
		Resources: served,
		// Differences and replacements as the upstream plan has them; without it a container whose
		// creation failed half-way is replaced before the old one, which holds its name, is gone.
		EnableAccurateBridgePreview: true,
	}
	info.SetAutonaming(maxNameLength, "-")
	return info
}
