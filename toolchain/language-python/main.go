// Command pulumi-language-python is the Python language host of the Pulumi engine: it runs Python
// programs, component plugins and policy packs for it.
//
// The engine starts it with its own address as the last argument and reads the port of the gRPC
// service from the first line of stdout; later lines are output of the Python program. The hard
// parts (pip, uv, poetry, virtual environments, streams) come from the published Pulumi SDK.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const (
	// version is the SDK release that this host is built on and answers to the engine with.
	version = "3.250.0"

	// engineCheckInterval is how often the host looks whether the engine still lives.
	engineCheckInterval = 10 * time.Second
)

func main() {
	opts, err := parseArguments(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil && opts.showVersion {
		fmt.Println(version)
		return
	}
	if err == nil {
		err = serve(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-python:", err)
		os.Exit(1)
	}
}

// arguments is what the engine passes on the command line.
type arguments struct {
	engineAddress string
	tracing       string
	showVersion   bool
}

// parseArguments reads the command line. Flags of older and newer engines that concern only the
// host's own logs, or that a program's own options repeat, are accepted and ignored.
func parseArguments(args []string) (arguments, error) {
	var opts arguments
	flags := flag.NewFlagSet("pulumi-language-python", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: pulumi-language-python [flags] ENGINE-ADDRESS")
		fmt.Fprintln(flags.Output(), "Started by the Pulumi engine, not by hand.")
	}
	flags.StringVar(&opts.tracing, "tracing", "", "endpoint for traces, passed on to the program")
	flags.BoolVar(&opts.showVersion, "version", false, "print the version and stop")
	for _, name := range []string{"root", "virtualenv", "toolchain", "typechecker", "v"} {
		flags.String(name, "", "ignored")
	}
	for _, name := range []string{"logtostderr", "logflow"} {
		flags.Bool(name, false, "ignored")
	}
	if err := flags.Parse(args); err != nil {
		return arguments{}, err
	}
	opts.engineAddress = flags.Arg(0)
	if opts.engineAddress == "" && !opts.showVersion {
		return arguments{}, errors.New("missing the engine's address (this program is started by the Pulumi engine)")
	}
	return opts, nil
}

// serve answers the engine until it goes away or a signal arrives, then stops what still runs.
func serve(opts arguments) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rpcutil.Healthcheck(ctx, opts.engineAddress, engineCheckInterval, stop); err != nil {
		return fmt.Errorf("watching the engine at %s: %w", opts.engineAddress, err)
	}

	host := &languageHost{lifetime: ctx, engineAddress: opts.engineAddress, tracing: opts.tracing}
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
	printPort(os.Stdout, handle.Port)
	return <-handle.Done
}

// printPort tells the engine where the service listens.
func printPort(out io.Writer, port int) {
	fmt.Fprintf(out, "%d\n", port)
}
