package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// stopGrace is how long a Python process has between the request to stop and the kill.
const stopGrace = 5 * time.Second

// languageHost answers the engine's calls. What it does not override (code generation, project
// templates, packing and linking of SDKs) answers "unimplemented", which the engine handles.
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
// A missing virtual environment is made here, because this is the first call for a program.
func (host *languageHost) GetRequiredPackages(
	call context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	ctx, cancel := host.during(call)
	defer cancel()
	_, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return nil, err
	}
	err = chain.EnsureVenv(ctx, req.GetInfo().GetProgramDirectory(),
		false /*useLanguageVersionTools*/, true /*showOutput*/, os.Stdout, os.Stderr)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run executes a program for a preview or an update.
func (host *languageHost) Run(call context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if req.GetAttachDebugger() {
		return nil, errNoDebugger()
	}
	ctx, cancel := host.during(call)
	defer cancel()
	options, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return nil, err
	}
	if err := chain.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	if failure := typecheck(ctx, chain, options); failure != "" {
		return &pulumirpc.RunResponse{Error: failure}, nil
	}

	executor, err := findExecutor()
	if err != nil {
		return nil, err
	}
	cmd, err := chain.Command(ctx, programArguments(executor, host.engineAddress, host.tracing, req)...)
	if err != nil {
		return nil, err
	}
	settings, err := configEnvironment(req.GetConfig(), req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	cmd.Dir = req.GetPwd()
	cmd.Env = append(cmd.Environ(), settings...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	stopGently(cmd)
	return runResponse(cmd.Run())
}

// RunPlugin executes a component plugin or a policy pack until the engine ends the call.
func (host *languageHost) RunPlugin(
	req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	if req.GetAttachDebugger() {
		return errNoDebugger()
	}
	ctx, cancel := host.during(server.Context())
	defer cancel()
	_, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return err
	}
	if err := chain.ValidateVenv(ctx); err != nil {
		return err
	}
	cmd, err := chain.Command(ctx, pluginArguments(req)...)
	if err != nil {
		return err
	}
	environment := append(os.Environ(), req.GetEnv()...)
	if venv, err := chain.VirtualEnvPath(ctx); err != nil {
		return err
	} else if venv != "" {
		environment = toolchain.ActivateVirtualEnv(environment, venv)
	}

	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false /*isTerminal*/)
	if err != nil {
		return err
	}
	defer closer.Close()
	cmd.Dir = req.GetPwd()
	cmd.Env = environment
	cmd.Stdout, cmd.Stderr = stdout, stderr
	stopGently(cmd)
	code, err := exitCode(cmd.Run())
	if err != nil {
		return fmt.Errorf("running plugin %s: %w", req.GetInfo().GetProgramDirectory(), err)
	}
	if err := closer.Close(); err != nil {
		return err
	}
	return server.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)},
	})
}

// InstallDependencies makes the virtual environment and installs a program's or plugin's packages.
func (host *languageHost) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	ctx, cancel := host.during(server.Context())
	defer cancel()
	_, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, req.GetIsTerminal())
	if err != nil {
		return err
	}
	defer closer.Close()
	fmt.Fprint(stdout, "Installing dependencies...\n\n")
	err = chain.InstallDependencies(ctx, req.GetInfo().GetProgramDirectory(),
		req.GetUseLanguageVersionTools(), true /*showOutput*/, stdout, stderr)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, "Finished installing dependencies\n\n")
	return closer.Close()
}

// About describes the Python that a program runs with.
func (host *languageHost) About(
	call context.Context, req *pulumirpc.AboutRequest,
) (*pulumirpc.AboutResponse, error) {
	ctx, cancel := host.during(call)
	defer cancel()
	options, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return nil, err
	}
	info, err := chain.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{
		Executable: info.PythonExecutable,
		Version:    info.PythonVersion.String(),
		Metadata: map[string]string{
			"toolchain":        toolchain.Name(options.Toolchain),
			"toolchainVersion": info.ToolchainVersion.String(),
			"typechecker":      toolchain.TypeCheckerName(options.Typechecker),
		},
	}, nil
}

// GetProgramDependencies lists the Python packages that a program's environment holds.
func (host *languageHost) GetProgramDependencies(
	call context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	ctx, cancel := host.during(call)
	defer cancel()
	_, chain, err := resolveToolchain(req.GetInfo())
	if err != nil {
		return nil, err
	}
	packages, err := chain.ListPackages(ctx, req.GetTransitiveDependencies())
	if err != nil {
		return nil, err
	}
	answer := &pulumirpc.GetProgramDependenciesResponse{}
	for _, p := range packages {
		answer.Dependencies = append(answer.Dependencies,
			&pulumirpc.DependencyInfo{Name: p.Name, Version: p.Version})
	}
	return answer, nil
}

// RuntimeOptionsPrompts answers that no further runtime option need be asked for.
func (host *languageHost) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// typecheck runs the configured type checker over the program and returns what to tell the user,
// or nothing if it passed or none is configured.
func typecheck(ctx context.Context, chain toolchain.Toolchain, options toolchain.PythonOptions) string {
	module := typecheckerModule(options)
	if module == "" {
		return ""
	}
	cmd, err := chain.ModuleCommand(ctx, module, options.ProgramDir)
	if err != nil {
		return err.Error()
	}
	cmd.Dir = options.ProgramDir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	stopGently(cmd)
	if err := cmd.Run(); err != nil {
		return fmt.Sprintf("type checking with %s failed: %v", module, err)
	}
	return ""
}

// stopGently makes the end of cmd's context a request to stop; the kill follows after a grace time.
func stopGently(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return requestStop(cmd.Process) }
	cmd.WaitDelay = stopGrace
}

// exitCode returns the code of a process that ran, or the error of one that could not be run or
// was ended by a signal.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	default:
		return 0, err
	}
}

func errNoDebugger() error {
	return status.Error(codes.Unimplemented, "attaching a debugger is not supported by this language host")
}
