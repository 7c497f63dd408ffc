package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
)

// profileFlags are the fields that a caller can set.
var profileFlags = []struct {
	name  string
	field customers.Field
	usage string
}{
	{"reference", customers.FieldReference, "your own id for the customer"},
	{"given", customers.FieldNameGiven, "given name"},
	{"family", customers.FieldNameFamily, "family name"},
	{"name", customers.FieldNameFull, "the whole name as one text, in place of --given and --family"},
	{"email", customers.FieldEmail, "e-mail address"},
	{"phone", customers.FieldPhone, "main number, such as +2250102030405"},
	{"mobile", customers.FieldMobile, "second, mobile number"},
	{"street", customers.FieldAddressStreet, "street with number"},
	{"city", customers.FieldAddressCity, "city"},
	{"region", customers.FieldAddressRegion, "state or province, as the provider names it"},
	{"postal-code", customers.FieldAddressPostalCode, "postal code"},
	{"country", customers.FieldAddressCountry, "ISO 3166-1 alpha-2, such as CI"},
	{"formatted-address", customers.FieldAddressFormatted, "the whole address as one text, in place of its parts"},
	{"since", customers.FieldSince, "customer since: 2020-01-31, or with a time as in RFC 3339"},
	{"notes", customers.FieldNotes, "free text about the customer"},
}

// input is what a command is told of a customer, by flags and by a document.
type input struct {
	file  string
	clear []string
}

func (in *input) flags(cmd *cobra.Command) {
	for _, f := range profileFlags {
		cmd.Flags().String(f.name, "", f.usage)
	}
	cmd.Flags().StringVarP(&in.file, "file", "f", "",
		`a JSON or YAML document with the fields, "-" for standard input; flags win over it`)
	_ = cmd.MarkFlagFilename("file", "json", "yaml", "yml")
}

// read puts what was told into a Profile or a Patch.
func (in *input) read(cmd *cobra.Command, into any) error {
	set := fields{}
	if in.file != "" {
		if err := set.document(cmd.Context(), cmd.InOrStdin(), in.file); err != nil {
			return err
		}
	}
	for _, f := range profileFlags {
		if flag := cmd.Flags().Lookup(f.name); flag.Changed {
			if err := set.add(f.field, flag.Value.String()); err != nil {
				return fmt.Errorf("--%s %w", f.name, err)
			}
		}
	}
	for _, name := range in.clear {
		if err := set.clear(customers.Field(name)); err != nil {
			return err
		}
	}
	return set.decode(into)
}

// fields are values by the paths of their fields. A part of a name or of an address stands under its own path, one that
// is emptied as a whole under that of the whole.
type fields map[customers.Field]string

// add keeps a value. Its errors go after the name of the place that the value came from, and do not tell it.
func (f fields) add(field customers.Field, value string) error {
	switch {
	case value == "":
		return errors.New("is empty: leave it out; only update --clear empties a field, where customers providers NAME " +
			"says that it can be emptied (today of none)")
	case !utf8.ValidString(value):
		return errors.New("is not UTF-8")
	case field == customers.FieldSince:
		since, err := time.Parse(time.DateOnly, value)
		if err != nil {
			since, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return errors.New("is neither a date such as 2020-01-31 nor a time as in RFC 3339")
		}
		value = since.Format(time.RFC3339Nano)
	}
	f[field] = value
	return nil
}

// clear empties a field.
func (f fields) clear(field customers.Field) error {
	if names := clearable(); !slices.Contains(names, string(field)) {
		return fmt.Errorf("--clear must be one of %s", strings.Join(names, ", "))
	}
	for other := range f {
		if field.Covers(other) && f[other] != "" {
			return fmt.Errorf("--clear %s, and a value for %s: which one holds?", field, other)
		}
	}
	f[field] = ""
	return nil
}

// clearable are the fields that an update can name, name and address whole.
func clearable() []string {
	var names []string
	for _, f := range profileFlags {
		names = append(names, string(f.field.Group()))
	}
	return slices.Compact(names)
}

// decode puts the values into a Profile or a Patch by way of JSON, whose names are the paths.
func (f fields) decode(into any) error {
	object := map[string]any{}
	for _, field := range slices.Sorted(maps.Keys(f)) {
		group, part, nested := strings.Cut(string(field), ".")
		switch {
		case nested:
			inner, ok := object[group].(map[string]any)
			if !ok {
				inner = map[string]any{}
				object[group] = inner
			}
			inner[part] = f[field]
		case field == customers.FieldName || field == customers.FieldAddress:
			object[group] = map[string]any{}
		case field == customers.FieldSince && f[field] == "":
			object[group] = time.Time{}
		default:
			object[group] = f[field]
		}
	}
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// flatten is the other way: the values of anything that marshals to JSON, by their paths.
func flatten(v any) (map[string]string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	flat := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(strings.TrimPrefix(path+"."+name, "."), inner)
			}
		case []any:
			texts := make([]string, len(v))
			for i := range v {
				texts[i] = fmt.Sprint(v[i])
			}
			flat[path] = strings.Join(texts, ", ")
		default:
			flat[path] = fmt.Sprint(v)
		}
	}
	walk("", object)
	return flat, nil
}
