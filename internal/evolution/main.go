// Command evolution tells what changed since a release, for those who import the module or call by its contracts: the
// exported API of every public package (golang.org/x/exp/apidiff) and each document in specs/ (oasdiff), a line per
// change with the version that it asks for. It fails when CHANGELOG.md does not have a change.
//
// From major version 1 on, a breaking change asks for a major version and any other for a minor one. In version 0 each
// moves down by one, so that a patch of 0.x never breaks a build: breaking is minor, an addition is a patch. What
// changes neither API nor contract is a patch and not listed. A change of a contract that oasdiff only warns of counts
// as breaking.
//
// A change is in CHANGELOG.md if one entry, in Unreleased or in a version that the revision compared with does not
// have, names everything that stands between backquotes in the change's line. Such lines are printed ready to be
// pasted.
//
// It is a module of its own, so that nobody who imports the library gets the requirements of oasdiff.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	base := flag.String("base", "", "revision to compare the working tree with; the last version tag, if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", *base, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "evolution:", err)
		os.Exit(1)
	}
}

var errNotInChangelog = errors.New("CHANGELOG.md does not have every change")

// change is one thing that a user can notice. Its text begins with what it is about, between backquotes.
type change struct {
	breaking bool
	text     string
}

// run compares the git checkout that dir is in with the base.
func run(ctx context.Context, dir, base string, w io.Writer) error {
	dir, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	version, err := lastVersion(ctx, dir, cmp.Or(base, "HEAD"))
	if err != nil {
		return err
	}
	if base = cmp.Or(base, version); base == "" {
		_, err := fmt.Fprintln(w, "nothing to compare with: no version tag leads here "+
			"(a shallow clone may lack it: git fetch --tags --unshallow)")
		return err
	}
	commit, err := git(ctx, dir, "rev-parse", "--verify", base+"^{commit}")
	if err != nil {
		return err
	}
	old, err := os.MkdirTemp("", "evolution-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(old)
	if err := export(ctx, dir, commit, old); err != nil {
		return err
	}

	changes, err := apiChanges(ctx, old, dir)
	if err != nil {
		return err
	}
	contracts, err := specChanges(filepath.Join(old, "specs"), filepath.Join(dir, "specs"))
	if err != nil {
		return err
	}
	changes = append(changes, contracts...)
	missing, err := notInChangelog(filepath.Join(old, "CHANGELOG.md"), filepath.Join(dir, "CHANGELOG.md"), changes)
	if err != nil {
		return err
	}
	if err := report(w, base, version, changes, missing); err != nil {
		return err
	}
	if len(missing) > 0 {
		return errNotInChangelog
	}
	return nil
}

func report(w io.Writer, base, version string, changes, missing []change) error {
	var b strings.Builder
	fmt.Fprintf(&b, "compared with %s, version %s\n", base, cmp.Or(version, "0 (nothing is released)"))
	needs := "patch"
	for _, c := range changes {
		bump := "minor"
		switch major := semver.Major(cmp.Or(version, "v0")); {
		case c.breaking && major != "v0":
			bump = "major"
		case !c.breaking && major == "v0":
			bump = "patch"
		}
		fmt.Fprintf(&b, "%s  %s\n", bump, c.text)
		needs = min(needs, bump) // the order of the alphabet is that of weight
	}
	if len(changes) == 0 {
		fmt.Fprintln(&b, "no change of the API or of a contract")
	} else {
		fmt.Fprintf(&b, "together: %s\n", needs)
	}
	if len(missing) > 0 {
		fmt.Fprintln(&b, "\nto be said in CHANGELOG.md, under Unreleased:")
		for _, c := range missing {
			fmt.Fprintln(&b, "- "+c.text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lastVersion is the nearest version tag at a revision or before it, "" if there is none.
func lastVersion(ctx context.Context, dir, revision string) (string, error) {
	tags, err := git(ctx, dir, "tag", "--merged", revision, "--list", "v*")
	if err != nil {
		return "", err
	}
	versions := slices.DeleteFunc(strings.Fields(tags), func(tag string) bool { return !semver.IsValid(tag) })
	if len(versions) == 0 {
		return "", nil
	}
	return slices.MaxFunc(versions, semver.Compare), nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("git %s: %s", strings.Join(args, " "), strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
