package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

func TestPythonOptions(t *testing.T) {
	cases := []struct {
		name  string
		given map[string]any
		want  toolchain.PythonOptions
	}{
		{"nothing set", nil, toolchain.PythonOptions{Toolchain: toolchain.Auto}},
		{"virtualenv", map[string]any{"virtualenv": ".venv"}, toolchain.PythonOptions{Virtualenv: ".venv"}},
		{"pip", map[string]any{"toolchain": "pip"}, toolchain.PythonOptions{Toolchain: toolchain.Pip}},
		{"poetry", map[string]any{"toolchain": "poetry"}, toolchain.PythonOptions{Toolchain: toolchain.Poetry}},
		{"uv", map[string]any{"toolchain": "uv"}, toolchain.PythonOptions{Toolchain: toolchain.Uv}},
		{"mypy", map[string]any{"typechecker": "mypy"}, toolchain.PythonOptions{Typechecker: toolchain.TypeCheckerMypy}},
		{"pyright", map[string]any{"typechecker": "pyright"}, toolchain.PythonOptions{Typechecker: toolchain.TypeCheckerPyright}},
		{"unknown keys are another host's", map[string]any{"nodeargs": 1.0}, toolchain.PythonOptions{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.want.Root, c.want.ProgramDir = "/root", "/root/program"
			got, err := pythonOptions("/root", "/root/program", c.given)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestPythonOptionsRefused(t *testing.T) {
	cases := []struct {
		given map[string]any
		want  string
	}{
		{map[string]any{"virtualenv": 3.0}, "runtime option virtualenv: got 3, want a string"},
		{map[string]any{"toolchain": "conda"}, `runtime option toolchain: got "conda", want pip, poetry or uv`},
		{map[string]any{"toolchain": true}, "runtime option toolchain: got true, want a string"},
		{map[string]any{"typechecker": "pytype"}, `runtime option typechecker: got "pytype", want mypy or pyright`},
		{map[string]any{"typechecker": []any{}}, "runtime option typechecker: got [], want a string"},
	}
	for _, c := range cases {
		if _, err := pythonOptions("/root", "/root", c.given); err == nil || err.Error() != c.want {
			t.Errorf("%v: got %v, want %q", c.given, err, c.want)
		}
	}
}

func TestTypecheckerModule(t *testing.T) {
	for given, want := range map[string]string{"": "", "mypy": "mypy", "pyright": "pyright"} {
		options, err := pythonOptions("/", "/", map[string]any{"typechecker": given})
		if err != nil || typecheckerModule(options) != want {
			t.Errorf("%q: got %q, %v; want %q", given, typecheckerModule(options), err, want)
		}
	}
}

func TestProgramArguments(t *testing.T) {
	req := &pulumirpc.RunRequest{
		MonitorAddress: "127.0.0.1:1", Project: "project", Stack: "dev", Pwd: "/program", DryRun: true,
		Parallel: 16, Organization: "organization", Args: []string{"one", "--two"},
		Info: &pulumirpc.ProgramInfo{RootDirectory: "/root", EntryPoint: "main.py"},
	}
	got := programArguments("/bin/exec", "127.0.0.1:2", "file:/trace", req)
	want := []string{
		"-u", "/bin/exec", "--monitor", "127.0.0.1:1", "--engine", "127.0.0.1:2", "--project", "project",
		"--stack", "dev", "--pwd", "/program", "--dry_run", "true", "--parallel", "16",
		"--tracing", "file:/trace", "--organization", "organization", "--root_directory", "/root",
		"main.py", "one", "--two",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestProgramArgumentsLeaveOutWhatIsEmpty(t *testing.T) {
	got := programArguments("/bin/exec", "", "", &pulumirpc.RunRequest{})
	want := []string{"-u", "/bin/exec", "--dry_run", "false", "--parallel", "0", "."}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestConfigurationGoesByTheEnvironment(t *testing.T) {
	config := map[string]string{"app:password": `p"w`, "app:size": "3"}
	got, err := configEnvironment(config, []string{"app:password"})
	want := []string{
		`PULUMI_CONFIG={"app:password":"p\"w","app:size":"3"}`,
		`PULUMI_CONFIG_SECRET_KEYS=["app:password"]`,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}

	req := &pulumirpc.RunRequest{Config: config, ConfigSecretKeys: []string{"app:password"}}
	if line := strings.Join(programArguments("exec", "engine", "", req), " "); strings.Contains(line, "p\"w") {
		t.Errorf("the command line holds a secret: %s", line)
	}
}

func TestNoConfigurationIsEmptyJSON(t *testing.T) {
	got, err := configEnvironment(nil, nil)
	want := []string{"PULUMI_CONFIG={}", "PULUMI_CONFIG_SECRET_KEYS=[]"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestPluginArguments(t *testing.T) {
	info := &pulumirpc.ProgramInfo{ProgramDirectory: "/plugin", EntryPoint: "."}
	cases := []struct {
		name string
		req  *pulumirpc.RunPluginRequest
		want []string
	}{
		{
			"component", &pulumirpc.RunPluginRequest{Kind: "resource", Info: info, Args: []string{"127.0.0.1:1"}},
			[]string{"-u", "/plugin", "127.0.0.1:1"},
		},
		{
			"policy pack", &pulumirpc.RunPluginRequest{Kind: "analyzer", Info: info, Args: []string{"127.0.0.1:1"}},
			[]string{"-u", "-m", "pulumi.policy", "127.0.0.1:1", "/plugin"},
		},
		{
			"named program", &pulumirpc.RunPluginRequest{
				Kind: "resource", Info: &pulumirpc.ProgramInfo{ProgramDirectory: "/plugin", EntryPoint: "serve.py"},
			},
			[]string{"-u", "/plugin/serve.py"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := pluginArguments(c.req); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRunResponse(t *testing.T) {
	cases := []struct {
		name, script string
		want         string
		bail         bool
	}{
		{"success", "exit 0", "", false},
		{"failure", "exit 5", "Program exited with non-zero exit code: 5", false},
		{"failure already shown", "exit 32", "", true},
		{"killed", "kill -9 $$", "Program was ended by signal: killed", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := runResponse(exec.Command("sh", "-c", c.script).Run())
			if err != nil || got.GetError() != c.want || got.GetBail() != c.bail {
				t.Errorf("got %v, %v; want error %q, bail %v", got, err, c.want, c.bail)
			}
		})
	}
}

func TestRunResponseOfPythonThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "python")
	got, err := runResponse(exec.Command(missing).Run())
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v; want an error that says the file does not exist", got, err)
	}
}

func TestFindExecutorOnPath(t *testing.T) {
	directory := t.TempDir()
	t.Setenv("PATH", directory)
	if found, err := findExecutor(); err == nil {
		t.Fatalf("found %s, though there is none", found)
	}
	script := filepath.Join(directory, executorName)
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if found, err := findExecutor(); err != nil || found != script {
		t.Errorf("got %s, %v; want %s", found, err, script)
	}
}

func TestParseArguments(t *testing.T) {
	cases := []struct {
		given []string
		want  arguments
	}{
		{[]string{"127.0.0.1:1"}, arguments{engineAddress: "127.0.0.1:1"}},
		{
			[]string{"--logtostderr", "-v=9", "--tracing", "file:/t", "-root=/r", "-virtualenv=.venv", "127.0.0.1:1"},
			arguments{engineAddress: "127.0.0.1:1", tracing: "file:/t"},
		},
		{[]string{"-version"}, arguments{showVersion: true}},
	}
	for _, c := range cases {
		if got, err := parseArguments(c.given); err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v; want %+v", c.given, got, err, c.want)
		}
	}
	if _, err := parseArguments(nil); err == nil || !strings.Contains(err.Error(), "engine's address") {
		t.Errorf("no engine address: got %v", err)
	}
}

func TestFirstLineIsThePort(t *testing.T) {
	var out strings.Builder
	printPort(&out, 4711)
	if out.String() != fmt.Sprintln(4711) {
		t.Errorf("got %q", out.String())
	}
}
