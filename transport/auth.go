package transport

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"

	"github.com/contract-first/customers"
)

// Auth puts credentials on requests. It holds them in closures, so that printing it shows none. The zero value puts
// none.
type Auth struct {
	token func(context.Context) (string, error)
	apply func(h http.Header, token string)
	// renew forgets a token that was refused; nil if there is nothing to fetch anew.
	renew func(refused string)
}

// CheckSecret refuses a credential that is missing, or that cannot stand in a header: a line break at its end is the
// usual mistake with secrets from files.
func CheckSecret(provider, field, value string) error {
	switch {
	case value == "":
		return ConfigError(provider, field, "is missing")
	case !isToken(value):
		return ConfigError(provider, field, "must be printable ASCII without spaces (is there a line break at its end?)")
	}
	return nil
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return s != ""
}

// Basic is HTTP Basic authentication (RFC 7617).
func Basic(user, password string) Auth {
	return Static(http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}})
}

// Static sends header fields that never change, their names written as they are given.
func Static(fields http.Header) Auth {
	return Auth{apply: func(h http.Header, _ string) { maps.Copy(h, fields) }}
}

// Token is a bearer token as a provider hands it out.
type Token struct {
	Value string
	// Lifetime counts from the moment it was asked for; 0 is unknown, and then only a 401 tells that it ended.
	Lifetime time.Duration
}

const redactedToken = "(token, not shown)"

// Format prints no value.
func (Token) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redactedToken)) }

// LogValue logs no value.
func (Token) LogValue() slog.Value { return slog.StringValue(redactedToken) }

// MarshalText marshals no value.
func (Token) MarshalText() ([]byte, error) { return []byte(redactedToken), nil }

// Bearer sends a token (RFC 6750) that fetch gets: at first use, before it expires, and once after a 401. However many
// calls wait, fetch runs once at a time; a call whose context ends stops waiting and does not end the fetch.
func Bearer(fetch func(context.Context) (Token, error)) Auth {
	s := &tokenSource{fetch: fetch}
	return Auth{token: s.token, renew: s.forget, apply: func(h http.Header, token string) {
		h.Set("Authorization", "Bearer "+token)
	}}
}

type tokenSource struct {
	fetch func(context.Context) (Token, error)
	group singleflight.Group

	mu      sync.Mutex
	value   string
	expires time.Time // by the monotonic clock, so that setting the wall clock changes nothing; zero is never
}

func (s *tokenSource) token(ctx context.Context) (string, error) {
	if value := s.current(); value != "" {
		return value, nil
	}
	fetched := s.group.DoChan("", func() (any, error) {
		if value := s.current(); value != "" {
			return value, nil // the fetch that just ended was for us too
		}
		asked := time.Now()
		// The first waiter's context must not end the fetch for the others; the wire's own timeout bounds it.
		token, err := s.fetch(context.WithoutCancel(ctx))
		if err != nil {
			return "", err
		}
		s.keep(token, asked)
		return token.Value, nil
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case result := <-fetched:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil
	}
}

func (s *tokenSource) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.expires.IsZero() && !time.Now().Before(s.expires) {
		return ""
	}
	return s.value
}

func (s *tokenSource) keep(token Token, asked time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.expires = token.Value, time.Time{}
	if token.Lifetime > 0 {
		// A tenth of the lifetime, at most a minute, is left for requests that are under way.
		s.expires = asked.Add(token.Lifetime - min(token.Lifetime/10, time.Minute))
	}
}

func (s *tokenSource) forget(refused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == refused { // else another call has renewed it already
		s.value = ""
	}
}

// NewToken is the token that a provider handed out, with the lifetime that it holds if it is a JSON Web Token
// (RFC 7519): exp − iat, so that a wrong local clock does not matter. The signature is not verified: the token goes back
// to the provider that made it. A value that is empty or cannot stand in a header is an error: the provider gave no token.
func NewToken(value string) (Token, error) {
	if !isToken(value) {
		return Token{}, &customers.Error{Kind: customers.ErrUnauthenticated, Detail: "the provider handed out no token"}
	}
	var claims jwt.RegisteredClaims
	_, _, err := jwt.NewParser().ParseUnverified(value, &claims)
	if err != nil || claims.ExpiresAt == nil || claims.IssuedAt == nil {
		return Token{Value: value}, nil
	}
	return Token{Value: value, Lifetime: max(0, claims.ExpiresAt.Sub(claims.IssuedAt.Time))}, nil
}
