package specgen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
)

// goTypes are the types of a generated client, by name.
type goTypes map[string]goType

type goType struct {
	// definition is the type's own where it is no struct ("string", "[]LocationModel").
	definition string
	// alias is true for a second name of the same type, which needs no conversion.
	alias bool
	// fields are those of a struct, by the name in their json tag.
	fields map[string]goField
}

type goField struct {
	name string
	typ  string
	// omitted is true if the field is not sent while it has its zero value.
	omitted bool
}

// readTypes reads the type declarations of a Go file.
func readTypes(path string) (goTypes, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	types := goTypes{}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			t := spec.(*ast.TypeSpec)
			structure, ok := t.Type.(*ast.StructType)
			if !ok {
				types[t.Name.Name] = goType{definition: typeName(t.Type), alias: t.Assign.IsValid()}
				continue
			}
			fields := map[string]goField{}
			for _, f := range structure.Fields.List {
				if f.Tag == nil || len(f.Names) != 1 {
					continue
				}
				tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
				name, options, _ := strings.Cut(tag.Get("json"), ",")
				fields[name] = goField{name: f.Names[0].Name, typ: typeName(f.Type), omitted: strings.Contains(options, "omit")}
			}
			types[t.Name.Name] = goType{fields: fields}
		}
	}
	return types, nil
}

func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return "*" + typeName(t.X)
	case *ast.ArrayType:
		return "[]" + typeName(t.Elt)
	case *ast.SelectorExpr:
		return typeName(t.X) + "." + t.Sel.Name
	case *ast.MapType:
		return "map[" + typeName(t.Key) + "]" + typeName(t.Value)
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T", e), "*ast.")
	}
}

// find gives the Go name of a schema or parameter list: the one that differs in capitals and separators only, or "".
func (ts goTypes) find(name string) (string, error) {
	bare := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
	}
	var found []string
	for candidate := range ts {
		if bare(candidate) == bare(name) {
			found = append(found, candidate)
		}
	}
	if len(found) > 1 {
		slices.Sort(found)
		return "", fmt.Errorf("%s may be any of the Go types %s", name, strings.Join(found, ", "))
	}
	return first(found), nil
}

// underlying follows names down to a basic type, "struct", a slice or a pointer.
func (ts goTypes) underlying(typ string) string {
	for {
		t, ok := ts[typ]
		switch {
		case !ok:
			return typ
		case t.fields != nil:
			return "struct"
		}
		typ = t.definition
	}
}

// comparable reports whether a struct can be held against its zero value.
func (ts goTypes) comparable(typ string) bool {
	for _, f := range ts[typ].fields {
		under := ts.underlying(f.typ)
		if strings.HasPrefix(under, "[]") || strings.HasPrefix(under, "map") || under == "struct" && !ts.comparable(f.typ) {
			return false
		}
	}
	return true
}
