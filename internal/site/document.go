package site

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/specs"
)

// document is a contract as it is written, with the order of its parts, which a decoded one has lost.
type document struct {
	root     *yaml.Node
	evidence map[string]contract.Evidence // by place
}

func loadDocument(provider string) (part, error) {
	source, err := fs.ReadFile(specs.FS, provider+".yaml")
	if err != nil {
		return part{}, err
	}
	spec, err := contract.Parse(provider, source)
	if err != nil {
		return part{}, err
	}
	var file yaml.Node
	if err := yaml.Unmarshal(source, &file); err != nil {
		return part{}, err
	}
	d := &document{root: file.Content[0], evidence: map[string]contract.Evidence{}}
	for _, e := range spec.Evidence() {
		d.evidence[e.Place] = e
	}
	return part{d, d.root, ""}, nil
}

// part is one place of a document; without a node there is nothing.
type part struct {
	document *document
	node     *yaml.Node
	place    string // JSON pointer
}

// get goes down along names.
func (p part) get(names ...string) part {
	for _, name := range names {
		found := part{p.document, nil, p.place + "/" + check.Token(name)}
		for key, value := range p.members() {
			if key == name {
				found.node = value.node
			}
		}
		p = found
	}
	return p
}

// members yields those of an object, in order.
func (p part) members() func(yield func(string, part) bool) {
	return func(yield func(string, part) bool) {
		if p.node == nil || p.node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(p.node.Content); i += 2 {
			key := p.node.Content[i].Value
			if !yield(key, part{p.document, p.node.Content[i+1], p.place + "/" + check.Token(key)}) {
				return
			}
		}
	}
}

// items are those of an array.
func (p part) items() (items []part) {
	if p.node == nil || p.node.Kind != yaml.SequenceNode {
		return nil
	}
	for i, n := range p.node.Content {
		items = append(items, part{p.document, n, p.place + "/" + strconv.Itoa(i)})
	}
	return items
}

// text is that of a scalar, "" if there is none.
func (p part) text() string {
	if p.node == nil || p.node.Kind != yaml.ScalarNode {
		return ""
	}
	return p.node.Value
}

// texts are those of an array, or the one of a scalar.
func (p part) texts() (texts []string) {
	for _, item := range p.items() {
		texts = append(texts, item.text())
	}
	if t := p.text(); t != "" {
		texts = append(texts, t)
	}
	return texts
}

func (p part) exists() bool { return p.node != nil }

// resolve follows a reference. name is the last part of it, "" if there is none.
func (p part) resolve() (target part, name string) {
	ref := p.get("$ref").text()
	if ref == "" {
		return p, ""
	}
	names := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	return part{p.document, p.document.root, ""}.get(names...), names[len(names)-1]
}

// inForce is the evidence at this place.
func (p part) inForce() contract.Evidence { return p.document.evidence[p.place] }

// json is the value as an indented text, in the order of the document.
func (p part) json() string {
	var b strings.Builder
	writeJSON(&b, p.node, "\n")
	return b.String()
}

func writeJSON(b *strings.Builder, n *yaml.Node, indent string) {
	inner := indent + "  "
	separate := func(i int) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
	}
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		b.WriteByte('{')
		for i := 0; i < len(n.Content); i += 2 {
			separate(i)
			fmt.Fprintf(b, "%s: ", quote(n.Content[i].Value))
			writeJSON(b, n.Content[i+1], inner)
		}
		b.WriteString(indent + "}")
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		b.WriteByte('[')
		for i, item := range n.Content {
			separate(i)
			writeJSON(b, item, inner)
		}
		b.WriteString(indent + "]")
	case n.Kind == yaml.MappingNode:
		b.WriteString("{}")
	case n.Kind == yaml.SequenceNode:
		b.WriteString("[]")
	case n.Tag == "!!str" || n.Tag == "!!timestamp":
		b.WriteString(quote(n.Value))
	default:
		b.WriteString(n.Value)
	}
}
