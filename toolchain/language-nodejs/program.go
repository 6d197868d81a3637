package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// exitReported is the runner's exit code when the user has already seen what went wrong.
const exitReported = 32

// runnerPath is the script of the SDK that connects a program to the engine.
var runnerPath = filepath.Join("node_modules", "@pulumi", "pulumi", "cmd", "run", "index.js")

// findRunner looks for the runner where Node would: in node_modules of the program's directory and
// of those above it.
func findRunner(program string) (string, error) {
	for directory := program; ; directory = filepath.Dir(directory) {
		candidate := filepath.Join(directory, runnerPath)
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
		if directory == filepath.Dir(directory) {
			return "", fmt.Errorf("%s has no @pulumi/pulumi installed: run `npm install` there", program)
		}
	}
}

// programArguments is the command line with which Node runs a program.
func programArguments(runner, engine, tracing string, req *pulumirpc.RunRequest) []string {
	args := []string{runner}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, "--"+flag, value)
		}
	}
	add("monitor", req.GetMonitorAddress())
	add("engine", engine)
	add("organization", req.GetOrganization())
	add("project", req.GetProject())
	add("root-directory", req.GetInfo().GetRootDirectory())
	add("stack", req.GetStack())
	add("pwd", req.GetPwd())
	add("parallel", strconv.Itoa(int(req.GetParallel())))
	add("tracing", tracing)
	if req.GetDryRun() {
		args = append(args, "--dry-run")
	}
	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "." // what package.json names as main
	}
	return append(append(args, entry), req.GetArgs()...)
}

// configEnvironment passes a stack's configuration to the program. It goes by the environment, as
// the runner expects: command lines are visible to other users of the machine.
func configEnvironment(config map[string]string, secretKeys []string) ([]string, error) {
	values, err := json.Marshal(orEmpty(config))
	if err != nil {
		return nil, errors.New("the stack's configuration cannot be written as JSON")
	}
	if secretKeys == nil {
		secretKeys = []string{}
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

func orEmpty(config map[string]string) map[string]string {
	if config == nil {
		return map[string]string{}
	}
	return config
}
