package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const redacted = "redacted"

var (
	// token is a JSON Web Token; as a header's name it may begin otherwise.
	token = regexp.MustCompile(`(?i:eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*`)
	// unreserved are the characters of which credentials and tokens are made, escaped.
	unreserved = regexp.MustCompile(`%(2[DE]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE]|2[de]|[46][a-f]|5[af]|7[ae])`)
)

// redacted is a text without credentials.
func (s *Sandbox) redacted(text []byte) []byte {
	for _, secret := range s.secrets {
		if bytes.Contains(text, []byte(secret)) {
			text = bytes.ReplaceAll(text, []byte(secret), []byte(redacted))
		}
	}
	if bytes.Contains(text, []byte("eyJ")) {
		text = token.ReplaceAll(text, []byte(redacted))
	}
	return text
}

func (s *Sandbox) redactedText(text string) string { return string(s.redacted([]byte(text))) }

// redactedURL is a URL, or a part of one, without credentials. To escape a letter makes no other URL (RFC 3986, section
// 6.2.2.2), and readers of a journal take the escapes away; they stay where they hide nothing.
func (s *Sandbox) redactedURL(text string) string {
	if !strings.Contains(text, "%") {
		return s.redactedText(text)
	}
	plain := unreserved.ReplaceAllStringFunc(text, func(escaped string) string {
		c, _ := url.PathUnescape(escaped) // cannot fail
		return c
	})
	if clean := s.redactedText(plain); clean != plain {
		return clean
	}
	return text
}

// redactedHeader is a header that keeps the values of those fields only that should hold no credential, and of these
// what is none.
func (s *Sandbox) redactedHeader(h http.Header) http.Header {
	clean := make(http.Header, len(h))
	for name, values := range h {
		switch strings.ToLower(name) {
		case "accept", "accept-encoding", "allow", "connection", "content-encoding", "content-length", "content-type",
			"expect", "locale", "retry-after", "te", "user-agent", "x-environment":
			for _, value := range values {
				clean[name] = append(clean[name], s.redactedText(value))
			}
		default:
			if s.isIn(name) {
				name = redacted
			}
			clean[name] = []string{redacted}
		}
	}
	return clean
}

// isIn reports whether a header's name has a credential in it. net/http changes small letters and capitals of a name.
func (s *Sandbox) isIn(name string) bool {
	const shortest = 20 // of all credentials; nearly every name is shorter
	if len(name) < shortest {
		return false
	}
	name = strings.ToLower(name)
	return token.MatchString(name) || slices.ContainsFunc(s.secrets, func(secret string) bool {
		return strings.Contains(name, strings.ToLower(secret))
	})
}
