package sandbox

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/contract-first/customers/gen/digitalpaye"
)

// digitalpayeLifetime is read off the tokens in the provider's samples; no page states it.
const digitalpayeLifetime = 10 * time.Minute

const digitalpayeCustomers = "/v1/customers"

// digitalpayeFake is version 1 of Digitalpaye's API.
type digitalpayeFake struct {
	config      Config
	key, secret string
	company     string
	*tokens

	mu        sync.RWMutex
	kept      []digitalpaye.Customer
	byID      map[string]int             // indices in kept
	byContact map[digitalpayeContact]int // the latest one
}

// digitalpayeContact is what makes two customers the same under [DigitalpayeUpsert].
type digitalpayeContact struct{ email, phone string }

func newDigitalpaye(config Config, key, secret string) *digitalpayeFake {
	return &digitalpayeFake{
		config: config, key: key, secret: secret, company: uuid4(), tokens: newTokens(config, digitalpayeLifetime),
		byID: map[string]int{}, byContact: map[digitalpayeContact]int{},
	}
}

func (f *digitalpayeFake) customers() []Customer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]Customer, len(f.kept))
	for i, c := range f.kept {
		all[i] = Customer{ID: c.ID, Email: c.Email}
	}
	return all
}

func (f *digitalpayeFake) serve(r *http.Request, body []byte) answer {
	path := canonicalPath(r.URL)
	if path == "/v1/auth" {
		if r.Method != http.MethodPost {
			return digitalpayeWrongMethod(http.MethodPost)
		}
		return f.auth(r)
	}
	if !f.valid(r) {
		return digitalpayeError(http.StatusUnauthorized, "Token d'accès invalide. Veuillez vous reconnecter.")
	}
	create := func() answer { return f.create(jsonOnly(r.Header, body)) }
	id, one := pathID(path, digitalpayeCustomers+"/")
	switch {
	case path == "/v1/customer" && !f.config.has(DigitalpayeOldPathOnly):
		if r.Method == http.MethodPost {
			return f.environment(r, create)
		}
		return digitalpayeWrongMethod(http.MethodPost)
	case id == "create" && !f.config.has(DigitalpayeNewPathOnly):
		if r.Method == http.MethodPost {
			return f.environment(r, create)
		}
		return digitalpayeWrongMethod(http.MethodPost)
	case id == "create" && r.Method == http.MethodPost:
		return digitalpayeUnserved()

	case path == digitalpayeCustomers && r.Method == http.MethodGet:
		return f.environment(r, f.list)
	case one && r.Method == http.MethodGet:
		return f.environment(r, func() answer { return f.get(id) })
	case path == digitalpayeCustomers, one:
		return digitalpayeWrongMethod(http.MethodGet)
	}
	return digitalpayeUnserved()
}

// unreadable is inferred.
func (f *digitalpayeFake) unreadable(status int) answer {
	return digitalpayeError(status, "La requête ne peut pas être lue.")
}

// environment answers unless a header is missing. The official SDKs never send it, so it is needed in a dialect only;
// what stands in it is not looked at.
func (f *digitalpayeFake) environment(r *http.Request, serve func() answer) answer {
	if f.config.has(DigitalpayeEnvironmentRequired) && r.Header.Get("X-Environment") == "" {
		a := digitalpayeError(http.StatusBadRequest, "L'en-tête X-Environment est requis.")
		a.beyond = r.Method == http.MethodGet
		return a
	}
	return serve()
}

// auth gives a token; the body, documented as empty, is not looked at, nor is its Content-Type.
func (f *digitalpayeFake) auth(r *http.Request) answer {
	key, secret, ok := r.BasicAuth()
	switch {
	case !ok || key == "" || secret == "":
		return digitalpayeError(http.StatusBadRequest, "Les identifiants API (apikey et apisecret) sont requis.")
	case !same(key, f.key) || !same(secret, f.secret):
		return digitalpayeError(http.StatusUnauthorized,
			"Identifiants API incorrects. Veuillez vérifier votre clé API et votre secret.")
	}
	return f.environment(r, f.token)
}

func (f *digitalpayeFake) token() answer {
	token, exp := f.issue(jwt.MapClaims{"companyId": f.company})
	return answer{secret: true, status: http.StatusOK, body: digitalpaye.TokenReply{
		StatusCode: http.StatusOK, Message: "Successful", Data: digitalpaye.Token{Token: token, Exp: exp},
	}}
}

func (f *digitalpayeFake) create(body []byte) answer {
	request, reason := readDigitalpaye(body)
	if reason != "" {
		return digitalpayeError(http.StatusBadRequest, reason)
	}
	c := digitalpaye.Customer{
		ID: uuid4(), CreatedAt: f.config.Now().UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z"),
		FirstName: request.FirstName, LastName: request.LastName, Email: request.Email, PhoneNumber: request.PhoneNumber,
		Address: digitalpaye.Address(request.Address),
	}
	contact := digitalpayeContact{c.Email, c.PhoneNumber}

	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.byContact[contact]; ok && f.config.has(DigitalpayeUpsert) {
		c.ID, c.CreatedAt = f.kept[i].ID, f.kept[i].CreatedAt
		f.kept[i] = c
		return f.customer(c)
	}
	f.byID[c.ID], f.byContact[contact] = len(f.kept), len(f.kept)
	f.kept = append(f.kept, c)
	return f.customer(c)
}

// readDigitalpaye decodes a new customer. The reasons are inferred, but for the tone.
func readDigitalpaye(body []byte) (c digitalpaye.CustomerCreate, reason string) {
	o, ok := readObject(body)
	if !ok {
		return c, "Le corps de la requête n'est pas un JSON valide."
	}
	address := object{}
	if raw, given := o["address"]; given {
		if address, ok = readObject(raw); !ok {
			return c, digitalpayeInvalid("address")
		}
	}
	for _, p := range []struct {
		in   object
		path string
		name string
		to   *string
	}{
		{o, "", "firstName", &c.FirstName},
		{o, "", "lastName", &c.LastName},
		{o, "", "email", &c.Email},
		{o, "", "phoneNumber", &c.PhoneNumber},
		{address, "address.", "countryCode", &c.Address.CountryCode},
		{address, "address.", "city", &c.Address.City},
		{address, "address.", "streetAddress", &c.Address.StreetAddress},
	} {
		if *p.to, ok = p.in.text(p.name); !ok {
			return c, digitalpayeInvalid(p.path + p.name)
		}
	}
	if vs := c.Check(); len(vs) > 0 {
		name := strings.ReplaceAll(strings.TrimPrefix(vs[0].Pointer, "/"), "/", ".")
		if vs[0].Rule == "required" {
			return c, "Le champ " + name + " est requis."
		}
		return c, digitalpayeInvalid(name)
	}
	return c, ""
}

func digitalpayeInvalid(name string) string { return "Le champ " + name + " est invalide." }

func (f *digitalpayeFake) get(id string) answer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	i, ok := f.byID[id]
	if !ok {
		return digitalpayeError(http.StatusNotFound, "Aucun client trouvé.")
	}
	return f.customer(f.kept[i])
}

// list answers with all customers, the oldest first (inferred).
func (f *digitalpayeFake) list() answer {
	f.mu.RLock()
	all := slices.Clone(f.kept)
	f.mu.RUnlock()
	if all == nil {
		all = []digitalpaye.Customer{}
	}
	return answer{status: http.StatusOK, body: struct {
		digitalpaye.CustomerListReply
		Data []digitalpaye.Customer `json:"data"` // also if there are none
	}{digitalpaye.CustomerListReply{StatusCode: http.StatusOK, Message: "Successful"}, all}}
}

func (f *digitalpayeFake) customer(c digitalpaye.Customer) answer {
	if f.config.has(DigitalpayeNulls) {
		data := withNulls(c)
		data["address"] = withNulls(c.Address, "city", "streetAddress")
		body := map[string]any{"statusCode": http.StatusOK, "message": "Successful", "data": data}
		return answer{status: http.StatusOK, body: body, beyond: true} // the contract knows no null
	}
	return answer{status: http.StatusOK, body: digitalpaye.CustomerReply{
		StatusCode: http.StatusOK, Message: "Successful", Data: c,
	}}
}

func digitalpayeError(status int, reason string) answer {
	name := strings.TrimSuffix(strings.ReplaceAll(http.StatusText(status), " ", ""), "Error")
	return answer{status: status, body: digitalpaye.ErrorReply{
		StatusCode: status, Message: name + "Error", Reason: reason,
	}}
}

// digitalpayeUnserved is the answer to a path that does not exist; in a dialect that may be one of the contract's.
func digitalpayeUnserved() answer {
	a := digitalpayeError(http.StatusNotFound, "Ressource introuvable.") // inferred
	a.beyond = true
	return a
}

// digitalpayeWrongMethod is inferred.
func digitalpayeWrongMethod(allowed string) answer {
	a := digitalpayeError(http.StatusMethodNotAllowed, "Méthode non autorisée.")
	a.header = allow(allowed)
	return a
}

// uuid4 is a random UUID.
func uuid4() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
