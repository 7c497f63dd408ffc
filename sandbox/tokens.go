package sandbox

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokens are JSON Web Tokens, signed with a key that is changed to make all of them worthless.
type tokens struct {
	now      func() time.Time
	lifetime time.Duration
	parser   *jwt.Parser

	mu  sync.RWMutex
	key []byte
}

// newTokens has the provider's own lifetime unless config says another.
func newTokens(config Config, lifetime time.Duration) *tokens {
	return &tokens{
		now: config.Now, lifetime: cmp.Or(config.TokenLifetime, lifetime), key: []byte(secret(32)),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithTimeFunc(config.Now),
		),
	}
}

// issue adds the dates to the claims and signs them.
func (t *tokens) issue(claims jwt.MapClaims) (token string, exp int64) {
	now := t.now()
	exp = now.Add(t.lifetime).Unix()
	claims["iat"], claims["exp"] = now.Unix(), exp
	token, _ = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(t.signing()) // cannot fail
	return token, exp
}

// valid reports whether a request bears a token that counts.
func (t *tokens) valid(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	_, err := t.parser.Parse(token, func(*jwt.Token) (any, error) { return t.signing(), nil })
	return strings.EqualFold(scheme, "Bearer") && err == nil
}

func (t *tokens) signing() []byte {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.key
}

func (t *tokens) expireTokens() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.key = []byte(secret(32))
}
