package main

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	upstream "github.com/terraform-providers/terraform-provider-docker/shim"
)

// TestHashTakesListsAndSetsAlike hashes a network attachment with its aliases as a list and as a set.
func TestHashTakesListsAndSetsAlike(t *testing.T) {
	original := upstream.NewProvider(version).ResourcesMap["docker_container"].Schema["networks_advanced"]
	element := original.Elem.(*schema.Resource)
	want := schema.HashResource(element)(map[string]any{
		"name": "n", "aliases": schema.NewSet(schema.HashString, []any{"b", "a"}),
	})

	fields := upstream.NewProvider(version).ResourcesMap["docker_container"].Schema
	acceptListsInSets(fields)
	hash := fields["networks_advanced"].Set

	if got := hash(map[string]any{"name": "n", "aliases": []any{"a", "b"}}); got != want {
		t.Errorf("list of aliases: hash %d, want the SDK's %d", got, want)
	}
	asSet := map[string]any{"name": "n", "aliases": schema.NewSet(schema.HashString, []any{"a", "b"})}
	if got := hash(asSet); got != want {
		t.Errorf("set of aliases: hash %d, want the SDK's %d", got, want)
	}
	if got := hash(map[string]any{"name": "other", "aliases": []any{"a", "b"}}); got == want {
		t.Error("two different attachments have one hash")
	}
}

// TestHashTakesListsAtEachDepth hashes a mount whose labels, a set in a list in a set, are a list.
func TestHashTakesListsAtEachDepth(t *testing.T) {
	fields := upstream.NewProvider(version).ResourcesMap["docker_container"].Schema
	acceptListsInSets(fields)
	mount := func(label string) map[string]any {
		labels := []any{map[string]any{"label": "a", "value": label}}
		return map[string]any{
			"target": "/data", "type": "volume",
			"volume_options": []any{map[string]any{"no_copy": true, "labels": labels}},
		}
	}
	hash := fields["mounts"].Set
	if hash(mount("x")) != hash(mount("x")) {
		t.Error("one mount has two hashes")
	}
	if hash(mount("x")) == hash(mount("y")) {
		t.Error("two different mounts have one hash")
	}
}
