// Command pulumi-language-nodejs is the Node language host of the Pulumi engine for the tests: it
// generates TypeScript SDKs from package schemas and runs compiled programs that use them.
//
// The engine starts it with its own address as the last argument and reads the port of the gRPC
// service from the first line of stdout; later lines are output of the program. Code generation
// and the package managers come from the published Pulumi modules.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const (
	// name is what the engine looks for on PATH.
	name = "pulumi-language-nodejs"

	// version is the SDK release that this host is built on and answers to the engine with.
	version = "3.250.0"

	// engineCheckInterval is how often the host looks whether the engine still lives.
	engineCheckInterval = 10 * time.Second
)

func main() {
	engineAddress, tracing, err := parseArguments(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = serve(engineAddress, tracing)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// parseArguments reads the command line. Flags that concern only the host's own logs, or that a
// program's own options repeat, are accepted and ignored.
func parseArguments(args []string) (engineAddress, tracing string, err error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&tracing, "tracing", "", "endpoint for traces, passed on to the program")
	for _, ignored := range []string{"root", "tsconfig", "packagemanager", "nodeargs", "runtime", "v"} {
		flags.String(ignored, "", "ignored")
	}
	for _, ignored := range []string{"typescript", "logtostderr", "logflow"} {
		flags.Bool(ignored, false, "ignored")
	}
	if err := flags.Parse(args); err != nil {
		return "", "", err
	}
	if flags.Arg(0) == "" {
		return "", "", errors.New("missing the engine's address (this program is started by the Pulumi engine)")
	}
	return flags.Arg(0), tracing, nil
}

// serve answers the engine until it goes away or a signal arrives, then stops what still runs.
func serve(engineAddress, tracing string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rpcutil.Healthcheck(ctx, engineAddress, engineCheckInterval, stop); err != nil {
		return fmt.Errorf("watching the engine at %s: %w", engineAddress, err)
	}
	host := &languageHost{lifetime: ctx, engineAddress: engineAddress, tracing: tracing}
	quit := make(chan bool)
	context.AfterFunc(ctx, func() { close(quit) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: quit,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}
