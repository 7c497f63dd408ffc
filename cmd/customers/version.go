package main

import (
	"cmp"
	"errors"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "What this program was built from",
		Example: "  customers version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return withStatus{errors.New("built without module information"), statusNegative}
			}
			built := map[string]string{
				"version": cmp.Or(info.Main.Version, "(devel)"), "go": info.GoVersion,
				"platform": runtime.GOOS + "/" + runtime.GOARCH,
			}
			for _, s := range info.Settings {
				switch s.Key {
				case "vcs.revision":
					built["revision"] = s.Value
				case "vcs.modified":
					built["modified"] = s.Value
				}
			}
			if asJSON {
				return unprinted(writeJSON(cmd.OutOrStdout(), built))
			}
			t := newTable(cmd.OutOrStdout())
			for _, name := range []string{"version", "revision", "modified", "go", "platform"} {
				if value, ok := built[name]; ok {
					t.row(name, value)
				}
			}
			return unprinted(t.flush())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, and no table")
	return cmd
}
