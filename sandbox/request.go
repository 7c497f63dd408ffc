package sandbox

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// absolute is the URL of a request as it came to this server.
func absolute(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && host == "" { // HTTP/1.0
		host = local.String()
	}
	return scheme + "://" + host + "/" + strings.TrimPrefix(r.URL.RequestURI(), "/")
}

// allow is the header of an answer to a wrong method. Where GET is served, HEAD is too.
func allow(methods ...string) http.Header {
	if i := slices.Index(methods, http.MethodGet); i >= 0 {
		methods = slices.Insert(slices.Clone(methods), i+1, http.MethodHead)
	}
	return http.Header{"Allow": {strings.Join(methods, ", ")}}
}

// object is a JSON object whose names are taken as they are; into a struct, encoding/json would read Email for email.
type object map[string]json.RawMessage

// readObject decodes a body; ok is false for anything but one JSON object in UTF-8.
func readObject(body []byte) (o object, ok bool) {
	ok = utf8.Valid(body) && json.Unmarshal(body, &o) == nil && o != nil
	return o, ok
}

// text reads a text; one that is absent is "" and in order, a null is not.
func (o object) text(name string) (s string, ok bool) {
	raw, given := o[name]
	if !given {
		return "", true
	}
	return s, raw[0] == '"' && json.Unmarshal(raw, &s) == nil
}

// decodeObject reads a body that must be one JSON object into v, whose names must be of small letters and _ only. They
// are taken as they are; properties that v does not know are ignored, as the providers do.
func decodeObject(body []byte, v any) bool {
	if _, ok := readObject(body); !ok {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var o any
	if dec.Decode(&o) != nil {
		return false
	}
	dropOtherNames(o)
	own, err := json.Marshal(o)
	return err == nil && json.Unmarshal(own, v) == nil
}

// dropOtherNames takes away, at any depth, the properties that encoding/json might take for others.
func dropOtherNames(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
				delete(v, name)
			}
			dropOtherNames(value)
		}
	case []any:
		for _, value := range v {
			dropOtherNames(value)
		}
	}
}

// canonicalPath is a URL's path with every segment escaped in one way: to write %75 for u makes no other path (RFC 3986, section
// 6.2.2.2).
func canonicalPath(u *url.URL) string {
	escaped := u.EscapedPath()
	if !strings.Contains(escaped, "%") {
		return escaped
	}
	segments := strings.Split(escaped, "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(plain)
		}
	}
	return strings.Join(segments, "/")
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
