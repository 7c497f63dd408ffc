package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

// specChanges compares the OpenAPI documents in two folders. A document that is renamed is one removed and one added.
func specChanges(oldDir, newDir string) ([]change, error) {
	before, err := documents(oldDir)
	if err != nil {
		return nil, fmt.Errorf("specs as they were: %w", err)
	}
	after, err := documents(newDir)
	if err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	var changes []change
	for _, name := range both(before, after) {
		o, n := before[name], after[name]
		switch {
		case o == nil:
			changes = append(changes, change{false, fmt.Sprintf("`specs/%s.yaml`: added", name)})
		case n == nil:
			changes = append(changes, change{true, fmt.Sprintf("`specs/%s.yaml`: removed", name)})
		default:
			own, err := documentChanges(name, o, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			changes = append(changes, own...)
		}
	}
	return changes, nil
}

// documents are the OpenAPI documents of a folder, by their file's name without its ending.
func documents(dir string) (map[string]*load.SpecInfo, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	found := map[string]*load.SpecInfo{}
	for _, file := range files {
		doc, err := load.NewSpecInfo(openapi3.NewLoader(), load.NewSource(file))
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[name] = doc
	}
	return found, nil
}

func documentChanges(name string, before, after *load.SpecInfo) ([]change, error) {
	differences, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return nil, err
	}
	config := checker.NewConfig(checker.GetAllChecks())
	var changes []change
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(config, differences, sources, checker.INFO) {
		subject := "specs/" + name + ".yaml"
		if c.GetPath() != "" {
			subject = name + " " + c.GetOperation() + " " + c.GetPath()
		}
		// The same is told for each media type, once is enough.
		how, _, _ := strings.Cut(c.GetUncolorizedText(checker.NewDefaultLocalizer()), " (media type: ")
		changes = append(changes, change{c.IsBreaking(), fmt.Sprintf("`%s`: %s", subject, how)})
	}
	slices.SortFunc(changes, func(a, b change) int { return strings.Compare(a.text, b.text) })
	return slices.Compact(changes), nil
}
