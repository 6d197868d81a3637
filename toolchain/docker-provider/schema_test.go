package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

const schemaFile = "schema.json"

var update = flag.Bool("update", false, "rewrite "+schemaFile+" from the provider")

// TestStoredSchemaIsCurrent regenerates the schema and compares it with the stored one.
func TestStoredSchemaIsCurrent(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(packageSchema, want) {
		t.Errorf("%s differs from what the provider declares: run `go test -run %s -update`",
			schemaFile, t.Name())
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	generated, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo:    providerInfo(),
		DiagnosticsSink: diag.DefaultSink(io.Discard, os.Stderr, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs:   true, // the upstream descriptions, without a look for its documentation files
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(generated.PackageSpec, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// sdkProperties is what the official Python SDK declares: testdata/sdk_properties.py made the file.
type sdkProperties struct {
	Version         string
	Provider        []string
	Inputs, Outputs map[string][]string
	Types           map[string][]string
}

// TestPropertyNamesAreTheSDKs compares every property name with the official Python SDK's.
func TestPropertyNamesAreTheSDKs(t *testing.T) {
	text, err := os.ReadFile("testdata/pulumi_docker-" + version + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var sdk sdkProperties
	if err := json.Unmarshal(text, &sdk); err != nil {
		t.Fatal(err)
	}
	if sdk.Version != version {
		t.Errorf("the names are those of SDK %s, the provider reports %s", sdk.Version, version)
	}
	var own pschema.PackageSpec
	if err := json.Unmarshal(packageSchema, &own); err != nil {
		t.Fatal(err)
	}

	same := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, the SDK has %v", what, got, want)
		}
	}
	same("provider", sortedKeys(own.Provider.InputProperties), sdk.Provider)
	same("configuration", sortedKeys(own.Config.Variables), sdk.Provider)

	var names []string
	for token, resource := range own.Resources {
		name := lastPart(token)
		names = append(names, name)
		same(name+" inputs", sortedKeys(resource.InputProperties), sdk.Inputs[name])
		same(name+" outputs", sortedKeys(resource.Properties), sdk.Outputs[name])
	}
	slices.Sort(names)
	same("resources", names, sortedKeys(sdk.Inputs))

	compared := 0
	for token, declared := range own.Types {
		name := lastPart(token)
		if want, ok := sdk.Types[name]; ok {
			compared++
			same(name, sortedKeys(declared.Properties), want)
		}
	}
	if compared != len(sdk.Types) {
		t.Errorf("compared %d nested types, the SDK has %d", compared, len(sdk.Types))
	}
}

// TestRegistryPasswordIsSecret checks the one credential of the provider's configuration.
func TestRegistryPasswordIsSecret(t *testing.T) {
	var own pschema.PackageSpec
	if err := json.Unmarshal(packageSchema, &own); err != nil {
		t.Fatal(err)
	}
	password := own.Types["docker:index/ProviderRegistryAuth:ProviderRegistryAuth"].Properties["password"]
	if !password.Secret {
		t.Error("the registry password is not declared secret")
	}
}

// lastPart is the bare name in a token: "Container" in "docker:index/container:Container".
func lastPart(token string) string {
	return token[strings.LastIndex(token, ":")+1:]
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
