// Command customers is the library on the command line.
//
// cobra, because it brings shell completion and documentation of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal cancels what is under way, which then says what became of it; a second one ends the process.
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute is the command from its arguments to its exit status.
func execute(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	errs = &serial{w: errs}
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	refuseUnknown(root)
	cmd, err := root.ExecuteContextC(ctx)
	asJSON, _ := cmd.Flags().GetBool("json")
	return printError(errs, err, asJSON)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "customers",
		Short: "Customers at payment providers, through one facade",
		Long: `Customers at payment providers, through one facade that does not hide where they differ.

Credentials come from the environment (customers help environment), never from an argument; --sandbox needs none. Tables
are for people, --json is for programs. The exit status tells what went wrong: customers help exit-status.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		text := err.Error()
		if number := (*strconv.NumError)(nil); errors.As(err, &number) {
			text = strings.ReplaceAll(text, number.Error(), number.Err.Error())
		}
		return fmt.Errorf("%s; see %s --help", text, cmd.CommandPath())
	})
	root.AddCommand(
		createCommand(), getCommand(), listCommand(), updateCommand(), deleteCommand(), ensureCommand(),
		providersCommand(), checkCommand(), demoCommand(), versionCommand(), environmentCommand(), exitCommand(),
		sandboxCommand(), docsCommand(),
	)
	return root
}

// refuseUnknown has cobra's own two commands fail where they are asked for what is not there: by themselves they print
// help, and all is well. The root must know where it prints.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Example = "  customers help exit-status"
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				found, rest, err := cmd.Root().Find(args)
				if err == nil && len(rest) > 0 {
					err = fmt.Errorf("unknown command %q for %q", rest[0], found.CommandPath())
				}
				return err
			}
		case "completion":
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // with it, its Args count
			cmd.Example = "  customers completion bash"
		}
	}
}

// serial is a writer for several goroutines: a hook may be called after the command has its error.
type serial struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *serial) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
