package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/contract-first/customers"
)

// maxDocument bounds a document in bytes.
const maxDocument = 1 << 20

// document adds what a JSON or YAML document says. A value is the text as it is written there, so that a phone number
// and the country NO need no quotes. Keys that do not exist, or stand there twice, are errors.
func (f fields) document(ctx context.Context, in io.Reader, name string) error {
	if name == "-" {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	data, err := readAll(ctx, io.LimitReader(in, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = fmt.Errorf("larger than %d bytes: not a customer", maxDocument)
	}
	var root *yaml.Node
	if err == nil {
		root, err = parse(data)
	}
	if err == nil {
		err = f.object(root)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readAll is io.ReadAll for who may be interrupted: nothing else ends the wait for standard input.
func readAll(ctx context.Context, in io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(in)
		read <- result{data, err}
	}()
	select {
	case r := <-read:
		return r.data, r.err
	case <-ctx.Done():
		return nil, &customers.Error{Kind: customers.ErrCanceled, Outcome: customers.ErrNotSent, Err: ctx.Err()}
	}
}

var yamlLine = regexp.MustCompile(`line \d+`)

// parse reads one document. What it says of a bad one is the place and not the parser's text, which may quote it.
func parse(data []byte) (*yaml.Node, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8") // encoding/json would replace the bytes without a word
	}
	if json.Valid(data) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		return jsonNode(dec), nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	switch err := dec.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty")
	case err != nil:
		return nil, errors.New(strings.TrimSuffix("neither JSON nor YAML: "+yamlLine.FindString(err.Error()), ": "))
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return document.Content[0], nil
}

// jsonNode reads the next value of valid JSON, whose escapes are not all known to YAML.
func jsonNode(dec *json.Decoder) *yaml.Node {
	token, _ := dec.Token()
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(token)}
	switch token {
	case nil:
		n.Tag = "!!null"
	case json.Delim('{'), json.Delim('['):
		if n.Kind = yaml.MappingNode; token == json.Delim('[') {
			n.Kind = yaml.SequenceNode
		}
		for dec.More() {
			n.Content = append(n.Content, jsonNode(dec))
		}
		_, _ = dec.Token() // the end
	}
	return n
}

// object adds the values of a document.
func (f fields) object(root *yaml.Node) error {
	if root.Kind != yaml.MappingNode {
		return errors.New("must be an object with fields such as email")
	}
	var unknown, twice []string
	seen := map[string]bool{}
	var walk func(prefix string, n *yaml.Node) error
	walk = func(prefix string, n *yaml.Node) error {
		for i := 0; i+1 < len(n.Content); i += 2 {
			path, value := prefix+n.Content[i].Value, n.Content[i+1]
			if seen[path] {
				twice = append(twice, cell(path))
			}
			seen[path] = true
			group := path == string(customers.FieldName) || path == string(customers.FieldAddress)
			switch known := settable(path); {
			case group && value.Kind == yaml.MappingNode:
				if err := walk(path+".", value); err != nil {
					return err
				}
			case group:
				return fmt.Errorf("%s has parts, such as %s", path, parts(path))
			case !known:
				unknown = append(unknown, cell(path))
			case value.Kind != yaml.ScalarNode:
				return fmt.Errorf("%s must be one text", path)
			case value.Tag == "!!null":
				return fmt.Errorf("%s is null: leave it out, or put it in quotes if it is a text", path)
			default:
				if err := f.add(customers.Field(path), value.Value); err != nil {
					return fmt.Errorf("%s %w", path, err)
				}
			}
		}
		return nil
	}
	err := walk("", root)
	switch {
	case err != nil:
		return err
	case len(unknown) > 0:
		return fmt.Errorf("unknown: %s; there are %s", strings.Join(unknown, ", "), strings.Join(settableNames(), ", "))
	case len(twice) > 0:
		return fmt.Errorf("more than once: %s", strings.Join(slices.Compact(twice), ", "))
	}
	return nil
}

func settable(path string) bool { return slices.Contains(settableNames(), path) }

func settableNames() []string {
	var names []string
	for _, f := range profileFlags {
		names = append(names, string(f.field))
	}
	return names
}

// parts names the parts of a group.
func parts(group string) string {
	return strings.Join(slices.DeleteFunc(settableNames(), func(name string) bool {
		return !customers.Field(group).Covers(customers.Field(name))
	}), ", ")
}
