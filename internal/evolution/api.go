package main

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

// apiChanges compares the public packages of the modules in two folders.
func apiChanges(ctx context.Context, oldDir, newDir string) ([]change, error) {
	before, err := publicPackages(ctx, oldDir)
	if err != nil {
		return nil, fmt.Errorf("packages as they were: %w", err)
	}
	after, err := publicPackages(ctx, newDir)
	if err != nil {
		return nil, fmt.Errorf("packages: %w", err)
	}
	var changes []change
	for _, name := range both(before, after) {
		o, n := before[name], after[name]
		switch {
		case o == nil:
			changes = append(changes, change{false, fmt.Sprintf("`%s`: package added", name)})
		case n == nil:
			changes = append(changes, change{true, fmt.Sprintf("`%s`: package removed", name)})
		default:
			for _, c := range apidiff.Changes(o, n).Changes {
				// "(*Client).Close: removed", "Client, method set of *Client: …"
				what, how, _ := strings.Cut(c.Message, ": ")
				what, rest, _ := strings.Cut(what, ",")
				what = strings.NewReplacer("(", "", "*", "", ")", "").Replace(what)
				changes = append(changes, change{!c.Compatible, fmt.Sprintf("`%s.%s`:%s %s", name, what, rest, how)})
			}
		}
	}
	return changes, nil
}

// publicPackages are the packages of the module in a folder that others can import, by their path in it; the one at the
// top goes by its name.
func publicPackages(ctx context.Context, dir string) (map[string]*types.Package, error) {
	loaded, err := packages.Load(&packages.Config{
		Context:    ctx,
		Dir:        dir,
		Mode:       packages.NeedName | packages.NeedTypes | packages.NeedModule,
		BuildFlags: []string{"-trimpath"}, // what is built in another folder is the same, and cached
	}, "./...")
	if err != nil {
		return nil, err
	}
	public := map[string]*types.Package{}
	for _, p := range loaded {
		for _, broken := range p.Errors {
			err = errors.Join(err, broken)
		}
		if p.Module == nil || p.Name == "main" || slices.Contains(strings.Split(p.PkgPath, "/"), "internal") {
			continue
		}
		name, below := strings.CutPrefix(p.PkgPath, p.Module.Path+"/")
		if !below {
			name = p.Name
		}
		public[name] = p.Types
	}
	return public, err
}

// both are the names in either map, sorted.
func both[V any](a, b map[string]V) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}
