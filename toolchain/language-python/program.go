package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

const (
	// executorName is the SDK's script that connects a Python program to the engine.
	executorName = "pulumi-language-python-exec"

	// exitReported is the executor's exit code when the user has already seen what went wrong.
	exitReported = 32

	// analyzerKind is the kind of plugin that a policy pack is.
	analyzerKind = "analyzer"
)

// resolveToolchain finds how Python is run for a program: its options and the tool behind them.
func resolveToolchain(info *pulumirpc.ProgramInfo) (toolchain.PythonOptions, toolchain.Toolchain, error) {
	options, err := pythonOptions(
		info.GetRootDirectory(), info.GetProgramDirectory(), info.GetOptions().AsMap())
	if err != nil {
		return options, nil, err
	}
	chain, err := toolchain.ResolveToolchain(options)
	return options, chain, err
}

// pythonOptions reads `runtime.options` of a project file: virtualenv, toolchain and typechecker.
func pythonOptions(root, program string, given map[string]any) (toolchain.PythonOptions, error) {
	options := toolchain.PythonOptions{Root: root, ProgramDir: program}
	text := func(key string) (string, error) {
		value, present := given[key]
		if !present {
			return "", nil
		}
		s, ok := value.(string)
		if !ok {
			return "", fmt.Errorf("runtime option %s: got %v, want a string", key, value)
		}
		return s, nil
	}

	var err error
	if options.Virtualenv, err = text("virtualenv"); err != nil {
		return options, err
	}

	name, err := text("toolchain")
	if err != nil {
		return options, err
	}
	switch name {
	case "":
		options.Toolchain = toolchain.Auto
	case "pip":
		options.Toolchain = toolchain.Pip
	case "poetry":
		options.Toolchain = toolchain.Poetry
	case "uv":
		options.Toolchain = toolchain.Uv
	default:
		return options, fmt.Errorf("runtime option toolchain: got %q, want pip, poetry or uv", name)
	}

	name, err = text("typechecker")
	if err != nil {
		return options, err
	}
	switch name {
	case "":
		options.Typechecker = toolchain.TypeCheckerNone
	case "mypy":
		options.Typechecker = toolchain.TypeCheckerMypy
	case "pyright":
		options.Typechecker = toolchain.TypeCheckerPyright
	default:
		return options, fmt.Errorf("runtime option typechecker: got %q, want mypy or pyright", name)
	}
	return options, nil
}

// typecheckerModule names the Python module to check a program with, or "" for none.
func typecheckerModule(options toolchain.PythonOptions) string {
	switch options.Typechecker {
	case toolchain.TypeCheckerMypy:
		return "mypy"
	case toolchain.TypeCheckerPyright:
		return "pyright"
	default:
		return ""
	}
}

// findExecutor looks for the executor script beside this program, then on PATH.
func findExecutor() (string, error) {
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), executorName)
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return beside, nil
		}
	}
	found, err := exec.LookPath(executorName)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside this program nor on PATH: the installation is incomplete",
			executorName)
	}
	return found, nil
}

// programArguments is the Python command line that runs a program.
func programArguments(executor, engine, tracing string, req *pulumirpc.RunRequest) []string {
	args := []string{"-u", executor}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, "--"+flag, value)
		}
	}
	add("monitor", req.GetMonitorAddress())
	add("engine", engine)
	add("project", req.GetProject())
	add("stack", req.GetStack())
	add("pwd", req.GetPwd())
	add("dry_run", strconv.FormatBool(req.GetDryRun()))
	add("parallel", strconv.Itoa(int(req.GetParallel())))
	add("tracing", tracing)
	add("organization", req.GetOrganization())
	add("root_directory", req.GetInfo().GetRootDirectory())

	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "." // the directory's __main__.py
	}
	return append(append(args, entry), req.GetArgs()...)
}

// configEnvironment passes a stack's configuration to the program. It goes by the environment, as
// the executor expects: command lines are visible to other users of the machine.
func configEnvironment(config map[string]string, secretKeys []string) ([]string, error) {
	if config == nil {
		config = map[string]string{}
	}
	if secretKeys == nil {
		secretKeys = []string{}
	}
	values, err := json.Marshal(config)
	if err != nil {
		return nil, errors.New("the stack's configuration cannot be written as JSON")
	}
	keys, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, errors.New("the names of the stack's secrets cannot be written as JSON")
	}
	return []string{
		"PULUMI_CONFIG=" + string(values),
		"PULUMI_CONFIG_SECRET_KEYS=" + string(keys),
	}, nil
}

// pluginArguments is the Python command line that runs a plugin: a policy pack through the SDK's
// policy server, anything else by the __main__.py of its directory.
func pluginArguments(req *pulumirpc.RunPluginRequest) []string {
	directory := req.GetInfo().GetProgramDirectory()
	if req.GetKind() == analyzerKind {
		args := append([]string{"-u", "-m", "pulumi.policy"}, req.GetArgs()...)
		return append(args, directory)
	}
	program := filepath.Join(directory, req.GetInfo().GetEntryPoint())
	return append([]string{"-u", program}, req.GetArgs()...)
}

// runResponse tells the engine how a program ended.
func runResponse(err error) (*pulumirpc.RunResponse, error) {
	code, err := exitCode(err)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return &pulumirpc.RunResponse{Error: "Program was ended by " + ended.String()}, nil
	case err != nil:
		return nil, fmt.Errorf("running Python: %w", err)
	case code == 0:
		return &pulumirpc.RunResponse{}, nil
	case code == exitReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program exited with non-zero exit code: %d", code)}, nil
	}
}
