// Command customers is the library on the command line.
//
// cobra, because it brings shell completion and documentation of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute is the command from its arguments to its exit status.
func execute(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := &cobra.Command{
		Use:           "customers",
		Short:         "Customers at payment providers, through one facade",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	root.AddCommand(demoCommand(), checkCommand())
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(errs, "customers:", err)
	}
	return exitStatus(err)
}
