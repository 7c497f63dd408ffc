// Command evidence prints how sure each contract in specs/ is of its parts. It fails if a part has no x-evidence in
// force, or if an answer must have a property that is only inferred: the contract would call answers wrong for a guess.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

func main() {
	if err := run(os.Stdout, specs.FS); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes a table for each contract in a folder, and fails with everything that must not be.
func run(w io.Writer, folder fs.FS) error {
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("no contract found")
	}
	var faults []error
	for _, file := range files {
		yaml, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		provider := strings.TrimSuffix(file, ".yaml")
		spec, err := contract.Parse(provider, yaml)
		if err != nil {
			return err
		}
		parts := spec.Evidence()
		if err := table(w, provider, parts); err != nil {
			return err
		}
		for _, part := range parts {
			if fault := faultOf(part); fault != "" {
				faults = append(faults, fmt.Errorf("%s: %s %s", file, part.Place, fault))
			}
		}
	}
	return errors.Join(faults...)
}

var levels = []string{
	string(customers.EvidencePrimary), string(customers.EvidencePublic),
	string(customers.EvidenceObserved), string(customers.EvidenceInferred),
}

func faultOf(part contract.Evidence) string {
	switch {
	case part.Level == "" && part.Source == "":
		return "has no x-evidence in force"
	case !slices.Contains(levels, part.Level):
		return fmt.Sprintf("has an x-evidence of level %q: it must be one of %s", part.Level, strings.Join(levels, ", "))
	case part.Source == "":
		return "has an x-evidence without a source"
	case part.Response && part.Required && part.Level == string(customers.EvidenceInferred):
		return "is required in an answer, and only inferred: take it out of required"
	}
	return ""
}

var kinds = []string{
	"servers", "security schemes", "operations", "parameters", "request properties", "responses", "response properties",
}

// kindsOf tells as what a part counts. Parameters and responses count where an operation or path has them, properties
// where they are declared, for requests and for answers.
func kindsOf(part contract.Evidence) []string {
	tokens := strings.Split(part.Place, "/")
	used := tokens[1] == "paths"
	switch holder := tokens[len(tokens)-2]; {
	case holder == "properties":
		var both []string
		if part.Request {
			both = append(both, "request properties")
		}
		if part.Response {
			both = append(both, "response properties")
		}
		return both
	case holder == "servers":
		return []string{"servers"}
	case holder == "securitySchemes":
		return []string{"security schemes"}
	case used && (holder == "parameters" || holder == "responses"):
		return []string{holder}
	case used:
		return []string{"operations"}
	}
	return nil
}

func table(w io.Writer, provider string, parts []contract.Evidence) error {
	counts := map[string]map[string]int{}
	for _, part := range parts {
		for _, kind := range kindsOf(part) {
			if counts[kind] == nil {
				counts[kind] = map[string]int{}
			}
			counts[kind][part.Level]++
			counts[kind]["all"]++
		}
	}
	var b strings.Builder
	line := func(name, all string, cells []string) {
		text := fmt.Sprintf("%-20s%4s%12s%12s%12s%12s", name, all, cells[0], cells[1], cells[2], cells[3])
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line(strings.ToUpper(provider), "all", levels)
	for _, kind := range kinds {
		all := counts[kind]["all"]
		cells := make([]string, len(levels))
		for i, level := range levels {
			if n := counts[kind][level]; n > 0 {
				cells[i] = fmt.Sprintf("%d %4d %%", n, (100*n+all/2)/all)
			}
		}
		line(kind, strconv.Itoa(all), cells)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}
