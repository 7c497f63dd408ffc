package transport

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// beyond names something that an answer has and its Go type has not, below the member named at; whatever a codec left
// out counts too, since it is nowhere in the JSON.
func beyond[Reply any](a *answer, at string) (name string, found bool) {
	if len(a.undeclared) > 0 {
		return a.undeclared[0], true
	}
	return undeclared[Reply](a.body, at)
}

// undeclared looks in a JSON answer for a property that its Go type does not have under exactly that name, or has
// twice: encoding/json would drop it, or take it for another one. It looks below the member named at, everywhere for
// "".
func undeclared[Reply any](body []byte, at string) (name string, found bool) {
	typ := reflect.TypeFor[Reply]()
	if at == "" {
		return undeclaredIn(body, typ)
	}
	members, repeated := membersOf(body)
	if slices.Contains(repeated, at) {
		return at, true
	}
	for name := range members {
		if name != at && strings.EqualFold(name, at) {
			return name, true // encoding/json takes it for the record too
		}
	}
	return undeclaredIn(members[at], fieldsOf(typ)[at])
}

func undeclaredIn(value json.RawMessage, typ reflect.Type) (name string, found bool) {
	switch {
	case typ == nil || len(value) == 0:
		return "", false
	case typ.Kind() == reflect.Pointer:
		return undeclaredIn(value, typ.Elem())
	case typ.Kind() == reflect.Slice:
		var items []json.RawMessage
		_ = json.Unmarshal(value, &items) // the answer was decoded before: only []byte is no array
		for _, item := range items {
			if string(item) == "null" && typ.Elem().Kind() == reflect.Struct {
				return "null", true // it would be written as an empty object
			}
			if name, found = undeclaredIn(item, typ.Elem()); found {
				return name, true
			}
		}
	case typ.Kind() == reflect.Struct:
		declared := fieldsOf(typ)
		members, repeated := membersOf(value)
		if len(repeated) > 0 {
			return repeated[0], true
		}
		for _, name := range slices.Sorted(maps.Keys(members)) { // so that the same one is told each time
			field, ok := declared[name]
			if !ok {
				return name, true
			}
			if name, found = undeclaredIn(members[name], field); found {
				return name, true
			}
		}
	}
	return "", false
}

// fieldsOf lists the fields of a generated struct by their names on the wire.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, typ.NumField())
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		fields[name] = typ.Field(i).Type
	}
	return fields
}

// membersOf reads a JSON object without taking sides among members of the same name: it names those that are repeated.
func membersOf(object json.RawMessage) (members map[string]json.RawMessage, repeated []string) {
	members = map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(object))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return members, nil
	}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			break
		}
		if _, again := members[name]; again {
			repeated = append(repeated, name)
		}
		members[name] = value
	}
	return members, repeated
}
