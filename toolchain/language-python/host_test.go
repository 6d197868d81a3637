package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// connect serves a host and returns it with a client of its own service.
func connect(t *testing.T) (pulumirpc.LanguageRuntimeClient, context.CancelFunc) {
	t.Helper()
	lifetime, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	quit := make(chan bool)
	context.AfterFunc(lifetime, func() { close(quit) })
	host := &languageHost{lifetime: lifetime, engineAddress: "127.0.0.1:1"}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: quit, Init: func(s *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(s, host)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strings.TrimSpace(portLine(handle.Port)))
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return pulumirpc.NewLanguageRuntimeClient(connection), end
}

func portLine(port int) string {
	var line strings.Builder
	printPort(&line, port)
	return line.String()
}

// fakeVirtualenv makes a virtual environment whose Python is the shell script given.
func fakeVirtualenv(t *testing.T, script string) (root string, options *structpb.Struct) {
	t.Helper()
	root = t.TempDir()
	bin := filepath.Join(root, "venv", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "python"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	options, err := structpb.NewStruct(map[string]any{"virtualenv": "venv"})
	if err != nil {
		t.Fatal(err)
	}
	return root, options
}

// withExecutor puts an executor script on PATH, where the host looks for it.
func withExecutor(t *testing.T) {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, executorName), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestRunPassesConfigurationAndVirtualenv(t *testing.T) {
	withExecutor(t)
	root, options := fakeVirtualenv(t, `printf '%s\n' "$PULUMI_CONFIG" "$PULUMI_CONFIG_SECRET_KEYS" "$VIRTUAL_ENV" "$PWD" > seen`)
	client, _ := connect(t)
	answer, err := client.Run(t.Context(), &pulumirpc.RunRequest{
		Pwd: root, Config: map[string]string{"a:b": "c"}, ConfigSecretKeys: []string{"a:b"},
		Info: &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root, EntryPoint: ".", Options: options},
	})
	if err != nil || answer.GetError() != "" || answer.GetBail() {
		t.Fatalf("got %v, %v", answer, err)
	}
	seen, err := os.ReadFile(filepath.Join(root, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(seen))
	want := []string{`{"a:b":"c"}`, `["a:b"]`, filepath.Join(root, "venv"), root}
	if !slices.Equal(got, want) {
		t.Errorf("the program saw %q, want %q", got, want)
	}
}

func TestRunSaysWhatIsWrongWithTheVirtualenv(t *testing.T) {
	root := t.TempDir()
	options, err := structpb.NewStruct(map[string]any{"virtualenv": "venv"})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := connect(t)
	_, err = client.Run(t.Context(), &pulumirpc.RunRequest{
		Info: &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root, Options: options},
	})
	if err == nil || !strings.Contains(err.Error(), "venv") || !strings.Contains(err.Error(), "doesn't exist") {
		t.Errorf("got %v", err)
	}
}

func TestRunPluginStreamsOutputAndExitCode(t *testing.T) {
	root, options := fakeVirtualenv(t, `echo "out $* $GIVEN"; echo err >&2; exit 7`)
	client, _ := connect(t)
	stream, err := client.RunPlugin(t.Context(), &pulumirpc.RunPluginRequest{
		Kind: "resource", Pwd: root, Args: []string{"address"}, Env: []string{"GIVEN=value", "PATH=" + os.Getenv("PATH")},
		Info: &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root, EntryPoint: ".", Options: options},
	})
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr string
	code := int32(-1)
	for {
		message, err := stream.Recv()
		if err != nil {
			break
		}
		stdout += string(message.GetStdout())
		stderr += string(message.GetStderr())
		if exit, ok := message.GetOutput().(*pulumirpc.RunPluginResponse_Exitcode); ok {
			code = exit.Exitcode
		}
	}
	if want := "out -u " + root + " address value\n"; stdout != want || stderr != "err\n" || code != 7 {
		t.Errorf("got stdout %q, stderr %q, code %d; want stdout %q", stdout, stderr, code, want)
	}
}

func TestEndOfTheHostStopsWhatRuns(t *testing.T) {
	withExecutor(t)
	root, options := fakeVirtualenv(t, "touch started; exec sleep 60")
	client, end := connect(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = client.Run(context.Background(), &pulumirpc.RunRequest{
			Pwd:  root,
			Info: &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root, Options: options},
		})
	}()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(root, "started")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program did not start")
		}
	}
	end()
	select {
	case <-done:
	case <-time.After(stopGrace + 5*time.Second):
		t.Error("the program still runs")
	}
}

func TestAnswersThatNeedNoPython(t *testing.T) {
	client, _ := connect(t)
	info, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{})
	if err != nil || info.GetVersion() != version {
		t.Errorf("plugin info: got %v, %v", info, err)
	}
	packages, err := client.GetRequiredPackages(t.Context(), &pulumirpc.GetRequiredPackagesRequest{
		Info: &pulumirpc.ProgramInfo{RootDirectory: t.TempDir(), ProgramDirectory: t.TempDir()},
	})
	if err != nil || len(packages.GetPackages()) != 0 {
		t.Errorf("required packages: got %v, %v; want none", packages, err)
	}
	if _, err := client.Run(t.Context(), &pulumirpc.RunRequest{AttachDebugger: true}); err == nil {
		t.Error("a debugger was accepted")
	}
	if _, err := client.Handshake(t.Context(), &pulumirpc.LanguageHandshakeRequest{EngineAddress: "x:1"}); err != nil {
		t.Errorf("handshake: %v", err)
	}
}

func TestAboutRealPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatal("python3 is needed to test a Python language host:", err)
	}
	client, _ := connect(t)
	root := t.TempDir()
	about, err := client.About(t.Context(), &pulumirpc.AboutRequest{
		Info: &pulumirpc.ProgramInfo{RootDirectory: root, ProgramDirectory: root},
	})
	if err != nil || !filepath.IsAbs(about.GetExecutable()) || !strings.HasPrefix(about.GetVersion(), "3.") {
		t.Errorf("got %v, %v", about, err)
	}
}
