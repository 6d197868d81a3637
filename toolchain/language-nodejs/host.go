package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/nodejs/npm"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// stopGrace is how long a Node process has between the request to stop and the kill.
const stopGrace = 5 * time.Second

// languageHost answers the engine's calls. What it does not override (plugins and policy packs in
// TypeScript, program conversion, packing) answers "unimplemented", which the engine handles.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	lifetime      context.Context // ends when the engine is gone or the host is told to stop
	engineAddress string
	tracing       string
}

// during ends the returned context with the call or with the host, whichever is first.
func (host *languageHost) during(call context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(call)
	unlink := context.AfterFunc(host.lifetime, cancel)
	return ctx, func() { unlink(); cancel() }
}

// Handshake is called when the engine attaches to a host that somebody else started.
func (host *languageHost) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	host.engineAddress = req.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo names the version of this host.
func (host *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

// GetRequiredPackages answers "none": each resource carries its plugin's version from the SDK that
// declares it, so the plugins of packages which are installed but not used are not asked for.
func (host *languageHost) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// RuntimeOptionsPrompts answers that no further runtime option need be asked for.
func (host *languageHost) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// InstallDependencies installs a program's packages with the package manager of its lock file.
func (host *languageHost) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	ctx, cancel := host.during(server.Context())
	defer cancel()
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.GetIsTerminal())
	if err != nil {
		return err
	}
	defer closer.Close()
	directory := req.GetInfo().GetProgramDirectory()
	if _, err := npm.Install(ctx, npm.AutoPackageManager, directory, false /*production*/, stdout, stderr); err != nil {
		return fmt.Errorf("installing the packages of %s: %w", directory, err)
	}
	return closer.Close()
}

// GeneratePackage writes the TypeScript SDK of a package.
func (host *languageHost) GeneratePackage(
	_ context.Context, req *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return generatePackage(req)
}

// Link adds generated SDKs to a program's package.json.
func (host *languageHost) Link(
	call context.Context, req *pulumirpc.LinkRequest,
) (*pulumirpc.LinkResponse, error) {
	ctx, cancel := host.during(call)
	defer cancel()
	return linkPackages(ctx, req)
}

// Run executes a compiled program for a preview or an update.
func (host *languageHost) Run(call context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	ctx, cancel := host.during(call)
	defer cancel()
	runner, err := findRunner(req.GetInfo().GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	settings, err := configEnvironment(req.GetConfig(), req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", programArguments(runner, host.engineAddress, host.tracing, req)...)
	cmd.Dir = req.GetPwd()
	cmd.Env = append(cmd.Environ(), settings...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The end of the context is a request to stop; the kill follows after a grace time.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	return runResponse(cmd.Run())
}

// runResponse tells the engine how a program ended.
func runResponse(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("running node: %w", err)
	case !exit.Exited():
		return &pulumirpc.RunResponse{Error: "Program was ended by " + exit.String()}, nil
	case exit.ExitCode() == exitReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{
			Error: fmt.Sprintf("Program exited with non-zero exit code: %d", exit.ExitCode()),
		}, nil
	}
}
