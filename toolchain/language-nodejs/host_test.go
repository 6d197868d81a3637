package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	codegenrpc "github.com/pulumi/pulumi/sdk/v3/proto/go/codegen"
	"google.golang.org/grpc"
)

// program is a directory with a package.json and the named runner, as `npm install` leaves it.
func program(t *testing.T, runner string) string {
	t.Helper()
	directory := t.TempDir()
	write(t, filepath.Join(directory, "package.json"), `{"name": "shop"}`)
	if runner != "" {
		write(t, filepath.Join(directory, runnerPath), runner)
	}
	return directory
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, runner string) (*pulumirpc.RunResponse, error) {
	t.Helper()
	directory := program(t, runner)
	host := &languageHost{lifetime: context.Background(), engineAddress: "127.0.0.1:1"}
	return host.Run(context.Background(), &pulumirpc.RunRequest{
		Info:             &pulumirpc.ProgramInfo{ProgramDirectory: directory, RootDirectory: directory},
		Pwd:              directory,
		Project:          "shop",
		Stack:            "dev",
		MonitorAddress:   "127.0.0.1:2",
		DryRun:           true,
		Config:           map[string]string{"shop:password": "secret"},
		ConfigSecretKeys: []string{"shop:password"},
	})
}

func TestAProgramGetsItsConfigurationByTheEnvironmentOnly(t *testing.T) {
	answer, err := run(t, `
		const config = JSON.parse(process.env.PULUMI_CONFIG);
		const keys = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS);
		const ok = config["shop:password"] === "secret" && keys[0] === "shop:password"
			&& !process.argv.join(" ").includes("secret")
			&& process.argv.includes("--dry-run") && process.argv.at(-1) === ".";
		process.exit(ok ? 0 : 1);`)
	if err != nil || answer.GetError() != "" || answer.GetBail() {
		t.Fatalf("got %v, %v", answer, err)
	}
}

func TestAProgramsEndIsTold(t *testing.T) {
	for script, want := range map[string]*pulumirpc.RunResponse{
		"process.exit(32)": {Bail: true},
		"process.exit(3)":  {Error: "Program exited with non-zero exit code: 3"},
		"process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 9e3)": {Error: "Program was ended by signal: killed"},
	} {
		answer, err := run(t, script)
		if err != nil || answer.GetError() != want.GetError() || answer.GetBail() != want.GetBail() {
			t.Errorf("%s: got %v, %v", script, answer, err)
		}
	}
}

func TestAProgramWithoutItsPackagesIsToldToInstallThem(t *testing.T) {
	if _, err := run(t, ""); err == nil || !strings.Contains(err.Error(), "npm install") {
		t.Fatalf("got %v", err)
	}
}

func TestTheRunnerOfADirectoryAboveServesToo(t *testing.T) {
	above := program(t, "// nothing")
	below := filepath.Join(above, "services", "shop")
	found, err := findRunner(below)
	if err != nil || found != filepath.Join(above, runnerPath) {
		t.Fatalf("got %s, %v", found, err)
	}
}

// noPackages is the engine's service of schemas, for a schema that refers to no other.
type noPackages struct {
	codegenrpc.UnimplementedLoaderServer
}

func loader(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	codegenrpc.RegisterLoaderServer(server, noPackages{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func generate(t *testing.T, spec schema.PackageSpec) (string, *pulumirpc.GeneratePackageResponse, error) {
	t.Helper()
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "sdk")
	host := &languageHost{lifetime: context.Background()}
	answer, err := host.GeneratePackage(context.Background(), &pulumirpc.GeneratePackageRequest{
		Directory: directory, Schema: string(text), LoaderTarget: loader(t), Local: true,
	})
	return directory, answer, err
}

func resource(property schema.PropertySpec) schema.PackageSpec {
	return schema.PackageSpec{
		Name: "my-redis", Version: "1.2.3",
		Resources: map[string]schema.ResourceSpec{
			"my-redis:index:Cache": {IsComponent: true, ObjectTypeSpec: schema.ObjectTypeSpec{
				Type: "object", Properties: map[string]schema.PropertySpec{"url": property},
			}},
		},
	}
}

func TestAnSDKIsGeneratedAndLinked(t *testing.T) {
	text := schema.PropertySpec{TypeSpec: schema.TypeSpec{Type: "string"}, Secret: true}
	sdk, answer, err := generate(t, resource(text))
	if err != nil || len(answer.GetDiagnostics()) != 0 {
		t.Fatalf("got %v, %v", answer, err)
	}
	source, err := os.ReadFile(filepath.Join(sdk, "cache.ts"))
	if err != nil || !strings.Contains(string(source), `additionalSecretOutputs: ["url"]`) {
		t.Fatalf("got %s, %v", source, err)
	}

	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal(err)
	}
	shop := program(t, "")
	host := &languageHost{lifetime: context.Background()}
	linked, err := host.Link(context.Background(), &pulumirpc.LinkRequest{
		Info:     &pulumirpc.ProgramInfo{ProgramDirectory: shop, RootDirectory: shop},
		Packages: []*pulumirpc.LinkRequest_LinkDependency{{Path: sdk}},
	})
	if err != nil || linked.GetImportInstructions() != "import * as myRedis from \"@pulumi/my-redis\";\n" {
		t.Fatalf("got %v, %v", linked, err)
	}
	manifest, err := os.ReadFile(filepath.Join(shop, "package.json"))
	if err != nil || !strings.Contains(string(manifest), `"@pulumi/my-redis"`) {
		t.Fatalf("got %s, %v", manifest, err)
	}
}

func TestAWrongSchemaIsToldAndNothingIsWritten(t *testing.T) {
	unknown := schema.PropertySpec{TypeSpec: schema.TypeSpec{Type: "text"}}
	sdk, answer, err := generate(t, resource(unknown))
	if err != nil || len(answer.GetDiagnostics()) == 0 {
		t.Fatalf("got %v, %v", answer, err)
	}
	if _, err := os.Stat(sdk); !os.IsNotExist(err) {
		t.Fatalf("%s was written", sdk)
	}
}

func TestArguments(t *testing.T) {
	address, tracing, err := parseArguments([]string{"-typescript=false", "-packagemanager=npm", "-root=/x", "-tracing", "t", "127.0.0.1:5"})
	if err != nil || address != "127.0.0.1:5" || tracing != "t" {
		t.Fatalf("got %s, %s, %v", address, tracing, err)
	}
	if _, _, err := parseArguments(nil); err == nil {
		t.Fatal("started without an engine")
	}
	args := programArguments("run.js", "e", "", &pulumirpc.RunRequest{
		MonitorAddress: "m", Parallel: 4, Args: []string{"x"},
		Info: &pulumirpc.ProgramInfo{EntryPoint: "bin/index.js"},
	})
	want := []string{"run.js", "--monitor", "m", "--engine", "e", "--parallel", "4", "bin/index.js", "x"}
	if !slices.Equal(args, want) {
		t.Fatalf("got %v", args)
	}
}
