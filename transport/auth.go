package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/contract-first/customers"
)

// Auth puts credentials on requests. It holds them in closures, so that printing it shows none. The zero value puts
// none.
type Auth struct {
	held func(context.Context, time.Duration) (*credentials, error)
	// forget lets go of credentials that were refused, nil being whichever there are; a nil func if there are no others.
	forget func(refused *credentials)
}

// credentials are the header fields of requests, their names written as they are given. They are not changed once made.
type credentials struct{ header http.Header }

func (a Auth) get(ctx context.Context, timeout time.Duration) (*credentials, error) {
	if a.held == nil {
		return &credentials{}, nil
	}
	return a.held(ctx, timeout)
}

func (c *credentials) same(other *credentials) bool {
	return maps.EqualFunc(c.header, other.header, slices.Equal[[]string])
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

// Basic is the header of HTTP Basic authentication (RFC 7617).
func Basic(user, password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}}
}

// Static sends header fields that never change, their names written as they are given.
func Static(fields http.Header) Auth {
	c := &credentials{fields}
	return Auth{held: func(context.Context, time.Duration) (*credentials, error) { return c, nil }}
}

// Keys sends the header fields that a configuration's keys make. Fixed ones are asked for at once, and its error is
// theirs; others are [Fetched].
func Keys(fixed bool, header func(context.Context) (http.Header, error)) (Auth, error) {
	if !fixed {
		return Fetched(header), nil
	}
	h, err := header(context.Background())
	return Static(h), err
}

// Fetched sends header fields that fetch gets: at first use, and once after a 401. However many calls wait, fetch runs
// once at a time; a call whose context ends stops waiting and does not end the fetch, which has as long as
// Options.Timeout. It fails with a [*customers.Error], or with one whose text is not printed.
func Fetched(fetch func(context.Context) (http.Header, error)) Auth {
	return fetched(func(ctx context.Context) (http.Header, time.Time, error) {
		header, err := fetch(ctx)
		if known := (*customers.Error)(nil); err != nil && ctx.Err() == nil && !errors.As(err, &known) {
			err = &customers.Error{
				Kind: customers.ErrUnauthenticated, Detail: "Config.Credentials failed",
				Err: customers.Quiet("the cause is not shown", err),
			}
		}
		return header, time.Time{}, err
	})
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

// Bearer is [Fetched] for a token (RFC 6750), which is fetched anew also before it expires.
func Bearer(fetch func(context.Context) (Token, error)) Auth {
	return fetched(func(ctx context.Context) (http.Header, time.Time, error) {
		asked := time.Now()
		token, err := fetch(ctx)
		var until time.Time
		if token.Lifetime > 0 {
			// A tenth of the lifetime, at most a minute, is left for requests that are under way.
			until = asked.Add(token.Lifetime - min(token.Lifetime/10, time.Minute))
		}
		return http.Header{"Authorization": {"Bearer " + token.Value}}, until, err
	})
}

func fetched(fetch func(context.Context) (http.Header, time.Time, error)) Auth {
	type only struct{}
	source := Cached[only, *credentials]{Fetch: func(ctx context.Context, _ only) (*credentials, time.Time, error) {
		header, until, err := fetch(ctx)
		return &credentials{header}, until, err
	}}
	return Auth{
		held: func(ctx context.Context, timeout time.Duration) (*credentials, error) {
			return source.Get(ctx, only{}, timeout)
		},
		forget: func(refused *credentials) {
			// Unless another call has renewed them already.
			source.Forget(only{}, func(held *credentials) bool { return refused == nil || held == refused })
		},
	}
}

// NewToken is the token that a provider handed out, with the lifetime that it holds if it is a JSON Web Token
// (RFC 7519): exp − iat, so that a wrong local clock does not matter. The signature is not verified: the token goes
// back to the provider that made it. A value that is empty or cannot stand in a header is an error: the provider gave
// no token.
func NewToken(value string) (Token, error) {
	if !isToken(value) {
		return Token{}, &customers.Error{Kind: customers.ErrUnauthenticated, Detail: "the provider handed out no token"}
	}
	return Token{Value: value, Lifetime: lifetime(value)}, nil
}

// lifetime is what the claims of a token tell; 0 if they tell none.
func lifetime(token string) time.Duration {
	parts := strings.Split(token, ".") // header, claims, signature
	if len(parts) != 3 {
		return 0
	}
	var claims struct {
		Exp, Iat *float64 // NumericDate: seconds, perhaps with a fraction
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(data, &claims) != nil || claims.Exp == nil || claims.Iat == nil {
		return 0
	}
	const longest = 1 << 33 // seconds, about as many as a Duration holds
	seconds := min(max(0, *claims.Exp-*claims.Iat), longest)
	return time.Duration(seconds * float64(time.Second))
}
