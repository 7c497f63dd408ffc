package sandbox

import (
	"encoding/json"
	"net/url"
	"strings"
)

// object is a JSON object whose names are taken as they are; into a struct, encoding/json would read Email for email.
type object map[string]json.RawMessage

// readObject decodes a body; ok is false for anything but one JSON object.
func readObject(body []byte) (o object, ok bool) {
	return o, json.Unmarshal(body, &o) == nil && o != nil
}

// text reads a text; one that is absent is "" and in order, a null is not.
func (o object) text(name string) (s string, ok bool) {
	raw, given := o[name]
	if !given {
		return "", true
	}
	return s, raw[0] == '"' && json.Unmarshal(raw, &s) == nil
}

// pathID returns what stands behind the prefix of an escaped path, if it is one segment.
func pathID(escaped, prefix string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(escaped, prefix)
	if !ok || strings.Contains(rest, "/") {
		return "", false
	}
	id, err := url.PathUnescape(rest)
	return id, err == nil && id != "" && id != "." && id != ".."
}
