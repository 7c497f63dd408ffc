package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// notInChangelog returns the changes that no entry of the newer file tells, as far as the older one does not have it. An
// entry may name many alike by a pattern of path.Match, such as `gen/*.New*`.
func notInChangelog(oldFile, newFile string, changes []change) ([]change, error) {
	before, err := readChangelog(oldFile)
	if err != nil {
		return nil, err
	}
	after, err := readChangelog(newFile)
	if err != nil {
		return nil, err
	}
	var entries [][]string // what each names
	for version, list := range after {
		if _, released := before[version]; !released || version == unreleased {
			for _, entry := range list {
				entries = append(entries, quoted.FindAllString(entry, -1))
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c change) bool {
		names := quoted.FindAllString(c.text, -1)
		return slices.ContainsFunc(entries, func(entry []string) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return !slices.ContainsFunc(entry, naming(name)) })
		})
	}), nil
}

func naming(name string) func(pattern string) bool {
	return func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return pattern == name || ok && err == nil
	}
}

const unreleased = "Unreleased"

var (
	quoted  = regexp.MustCompile("`[^`]*`")
	heading = regexp.MustCompile(`^## \[?([^\]\s]+)`)
)

// readChangelog reads the entries of each version of a file in the form of Keep a Changelog, each in one line. A file
// that does not exist has none.
func readChangelog(file string) (map[string][]string, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	versions := map[string][]string{}
	version, inEntry := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		entries := versions[version]
		switch at := heading.FindStringSubmatch(line); {
		case at != nil:
			version, inEntry = at[1], false
			versions[version] = nil
		case strings.HasPrefix(line, "- "):
			versions[version], inEntry = append(entries, line), true
		case line == "" || strings.HasPrefix(line, "#"):
			inEntry = false
		case inEntry:
			entries[len(entries)-1] += " " + line
		}
	}
	return versions, nil
}
