package specgen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/markup"
)

// generateXML writes the form of the bodies that package contract makes of the spec; nil if none is XML.
func generateXML(provider string) ([]byte, error) {
	yaml, err := os.ReadFile(filepath.Join("specs", provider+".yaml"))
	if err != nil {
		return nil, err
	}
	spec, err := contract.Parse(provider, yaml)
	if err != nil {
		return nil, err
	}
	ops, err := spec.XML()
	if err != nil || len(ops) == 0 {
		return nil, err
	}
	return writeXML(provider, ops)
}

func writeXML(provider string, ops markup.Operations) ([]byte, error) {
	w := xmlWriter{}
	var table bytes.Buffer
	for _, op := range ops {
		if strings.Contains(op.Path, "{") {
			return nil, fmt.Errorf("%s %s: a path with variables is not supported", op.Method, op.Path)
		}
		fmt.Fprintf(&table, "{Method: %q, Path: %q", op.Method, op.Path)
		for _, body := range []struct {
			field string
			root  *markup.Root
		}{{"Request", op.Request}, {"Success", op.Success}} {
			if body.root == nil {
				continue
			}
			name, err := w.root(body.root)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", op.Method, op.Path, err)
			}
			fmt.Fprintf(&table, ", %s: %s", body.field, name)
		}
		table.WriteString("},\n")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, header, provider, provider)
	fmt.Fprintf(&b, "import %q\n\n", "github.com/contract-first/customers/contract/markup")
	b.WriteString("// XML is the form of the bodies in XML.\nfunc XML() markup.Operations {\n")
	b.Write(w.declared.Bytes())
	fmt.Fprintf(&b, "return markup.Operations{\n%s}\n}\n", table.Bytes())
	return b.Bytes(), nil
}

// xmlWriter writes each body once, as a variable with the name of its root.
type xmlWriter struct {
	declared bytes.Buffer
	roots    map[string]*markup.Root // by variable
}

func (w *xmlWriter) root(r *markup.Root) (variable string, err error) {
	for i, word := range strings.FieldsFunc(r.Name, func(c rune) bool { return c == '_' || c == '-' || c == '.' }) {
		if i > 0 {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		variable += word
	}
	variable += "Body" // it is no keyword
	switch known := w.roots[variable]; {
	case known == nil:
	case reflect.DeepEqual(known, r):
		return variable, nil
	default:
		return "", fmt.Errorf("several bodies have a root %s", r.Name)
	}
	if w.roots == nil {
		w.roots = map[string]*markup.Root{}
	}
	w.roots[variable] = r
	fmt.Fprintf(&w.declared, "%s := &markup.Root{Name: %q, Element: ", variable, r.Name)
	if err := w.element(r.Element, nil); err != nil {
		return "", err
	}
	w.declared.WriteString("}\n")
	return variable, nil
}

// element writes one below the others.
func (w *xmlWriter) element(e *markup.Element, above []*markup.Element) error {
	if slices.Contains(above, e) {
		return errors.New("a schema that contains itself is not supported")
	}
	above = append(slices.Clip(above), e)
	out := &w.declared
	fmt.Fprintf(out, "&markup.Element{Type: %q", e.Type)
	if e.Wrapped {
		out.WriteString(", Wrapped: true")
	}
	if e.ItemName != "" {
		fmt.Fprintf(out, ", ItemName: %q", e.ItemName)
	}
	if e.Items != nil {
		out.WriteString(", Items: ")
		if err := w.element(e.Items, above); err != nil {
			return err
		}
	}
	if len(e.Properties) > 0 {
		out.WriteString(", Properties: []markup.Property{\n")
		for _, p := range e.Properties {
			fmt.Fprintf(out, "{Name: %q, XML: %q, ", p.Name, p.XML)
			if p.Attribute {
				out.WriteString("Attribute: true, ")
			}
			if p.Field != "" {
				fmt.Fprintf(out, "Field: %q, ", p.Field)
			}
			if p.Unfed {
				out.WriteString("Unfed: true, ")
			}
			out.WriteString("Element: ")
			if err := w.element(p.Element, above); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			out.WriteString("},\n")
		}
		out.WriteString("}")
	}
	out.WriteString("}")
	return nil
}
