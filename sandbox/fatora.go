package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/contract-first/customers/gen/fatora"
)

const fatoraTokenLifetime = 360 * 24 * time.Hour // that of the token in the documentation

// fatoraFake is one merchant's account. Its errors are objects, as the table of the create page says, but for
// Authorize, whose page prints a text. Of the texts only that of a wrong key is documented.
type fatoraFake struct {
	config Config
	apiKey string
	*tokens

	mu       sync.Mutex
	clients  map[int64]fatora.ClientRecord // the remark in Notes
	ids      []int64                       // in order
	byEmail  map[string][]int64            // in order
	sameData map[fatoraIdentity]int        // how many clients have it
	lastID   int64
}

// fatoraIdentity is what makes two clients the same: inferred, the documentation says "same data".
type fatoraIdentity struct{ name, email, phone string }

func identity(c fatora.ClientRecord) fatoraIdentity { return fatoraIdentity{c.Name, c.Email, c.Phone} }

func newFatora(config Config, key string) *fatoraFake {
	return &fatoraFake{
		config: config, apiKey: key, tokens: newTokens(config, fatoraTokenLifetime),
		clients: map[int64]fatora.ClientRecord{}, byEmail: map[string][]int64{}, sameData: map[fatoraIdentity]int{},
		lastID: 1000,
	}
}

func (f *fatoraFake) customers() (all []Customer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clients {
		all = append(all, Customer{ID: strconv.FormatInt(c.ID, 10), Email: c.Email})
	}
	return all
}

func (f *fatoraFake) serve(r *http.Request, body []byte) answer {
	path := canonicalPath(r.URL)
	if path == "/v1/Authorization/Authorize" {
		return f.authorize(r, body)
	}
	if !f.valid(r) {
		return f.refuse(http.StatusUnauthorized, "Invalid bearer token")
	}
	segment, one := pathID(path, "/v1/clients/")
	var methods []string
	switch {
	case one:
		methods = []string{http.MethodGet, http.MethodPut, http.MethodDelete}
	case path == "/v1/clients":
		methods = []string{http.MethodGet, http.MethodPost}
	case path == "/v1/clients/":
		methods = []string{http.MethodGet} // a sample of the documentation lists like this, none creates
	default:
		return f.refuse(http.StatusNotFound, "The resource does not exist")
	}
	if !slices.Contains(methods, r.Method) {
		a := f.refuse(http.StatusMethodNotAllowed, "The method is not allowed")
		a.header = allow(methods...)
		return a
	}
	if !acceptsJSON(r.Header) {
		return f.refuse(http.StatusNotAcceptable, "Only application/json can be produced")
	}
	if len(body) > 0 && !isJSON(r.Header) {
		return f.refuse(http.StatusUnsupportedMediaType, "Only application/json is accepted")
	}
	if !one {
		if r.Method == http.MethodPost {
			return f.create(body)
		}
		return f.list(r.URL.Query())
	}
	id, err := strconv.ParseInt(segment, 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != segment { // +1001 and 01001 are not 1001
		id = 0 // nobody's
	}
	switch r.Method {
	case http.MethodPut:
		return f.update(id, body)
	case http.MethodDelete:
		return f.delete(id)
	}
	return f.get(id)
}

func (f *fatoraFake) unreadable(status int) answer {
	return f.refuse(status, "The request cannot be read")
}

func (f *fatoraFake) authorize(r *http.Request, body []byte) answer {
	refuse := func(status int, text string) answer { return answer{status: status, body: fatoraError(text)} }

	method := http.MethodGet
	if f.config.has(FatoraAuthorizeByPost) {
		method = http.MethodPost
	}
	switch {
	case !same(r.Header.Get("api_key"), f.apiKey):
		return refuse(http.StatusUnauthorized, "Invalid API Key")
	case r.Method != method:
		a := refuse(http.StatusMethodNotAllowed, "The method is not allowed")
		a.header = allow(method)
		a.beyond = true // the contract has the methods of both readings, without a 405
		return a
	case !acceptsJSON(r.Header):
		return refuse(http.StatusNotAcceptable, "Only application/json can be produced")
	case len(body) > 0 && !isJSON(r.Header):
		return refuse(http.StatusUnsupportedMediaType, "Only application/json is accepted")
	}
	token, _ := f.issue(jwt.MapClaims{
		"unique_name": "merchant@example.com",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/hash": secret(32),
		"nbf": f.config.Now().Unix(),
	})
	return answer{secret: true, status: http.StatusOK, body: fatora.TokenReply{Success: true, BearerToken: token}}
}

func (f *fatoraFake) create(body []byte) answer {
	var sent fatora.ClientWrite
	if !decodeObject(body, &sent) {
		return f.refuse(http.StatusBadRequest, "The body is not valid")
	}
	if len(sent.Check()) > 0 {
		return f.refuse(http.StatusBadRequest, "The name is required")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	client := record(f.lastID+1, sent)
	if f.sameData[identity(client)] > 0 {
		return f.refuse(http.StatusConflict, "The client already exists")
	}
	f.lastID++
	f.ids = append(f.ids, client.ID)
	f.put(client)
	status := http.StatusCreated
	if f.config.has(FatoraCreateOK) {
		status = http.StatusOK
	}
	return f.one(status, client, !f.config.has(FatoraNotesInCreate))
}

func (f *fatoraFake) get(id int64) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	client, ok := f.clients[id]
	if !ok {
		return f.refuse(http.StatusNotFound, "The client does not exist")
	}
	return f.one(http.StatusOK, client, f.config.has(FatoraNoteInRead))
}

func (f *fatoraFake) update(id int64, body []byte) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, ok := f.clients[id]
	if !ok {
		return f.refuse(http.StatusNotFound, "The client does not exist")
	}
	var sent fatora.ClientWrite
	if !f.config.has(FatoraUpdateReplaces) {
		sent = fatora.ClientWrite{Address: old.Address, Email: old.Email, Notes: old.Notes, Phone: old.Phone}
	}
	if !decodeObject(body, &sent) {
		return f.refuse(http.StatusBadRequest, "The body is not valid")
	}
	if len(sent.Check()) > 0 {
		return f.refuse(http.StatusBadRequest, "The name is required") // as in a create, whose body it is
	}
	// That another client has the same data is no obstacle: 409 is documented for a create only.
	client := record(id, sent)
	f.drop(old)
	f.put(client)
	if f.config.has(FatoraUpdateEmpty) {
		return answer{status: http.StatusNoContent}
	}
	return f.one(http.StatusOK, client, f.config.has(FatoraNoteInRead))
}

func (f *fatoraFake) delete(id int64) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	client, ok := f.clients[id]
	if !ok {
		return f.refuse(http.StatusNotFound, "The client does not exist")
	}
	f.drop(client)
	f.ids = without(f.ids, id)
	if f.config.has(FatoraDeleteOK) {
		return answer{status: http.StatusOK, body: fatora.StatusReply{Status: "SUCCESS"}}
	}
	return answer{status: http.StatusNoContent}
}

// list answers in the order of the ids. It joins filters by "and", compares the whole e-mail address, and looks for the
// keyword in name, e-mail and phone (all inferred).
func (f *fatoraFake) list(query url.Values) answer {
	page, ok := positive(query, "page", 1)
	size, sizeOK := positive(query, "page_size", 20)
	if !ok || !sizeOK {
		return f.refuse(http.StatusBadRequest, "page and page_size must be positive integers")
	}
	if f.config.has(FatoraSmallPages) {
		size = min(size, 10)
	}
	email, keyword := query.Get("email"), strings.ToLower(query.Get("keyword"))
	f.mu.Lock()
	defer f.mu.Unlock()
	ids, byPart := f.ids, f.config.has(FatoraEmailByPart)
	if email != "" && !byPart {
		ids = f.byEmail[email]
	}
	if keyword != "" || email != "" && byPart {
		var found []int64
		for _, id := range ids {
			c := f.clients[id]
			if strings.Contains(c.Email, email) && strings.Contains(strings.ToLower(c.Name+"\n"+c.Email+"\n"+c.Phone), keyword) {
				found = append(found, id)
			}
		}
		ids = found
	}
	if page-1 > len(ids)/size {
		ids = nil
	} else {
		ids = ids[min((page-1)*size, len(ids)):]
		ids = ids[:min(size, len(ids))]
	}
	clients := make([]any, len(ids))
	for i, id := range ids {
		clients[i] = f.show(f.clients[id], f.config.has(FatoraNoteInRead))
	}
	return answer{status: http.StatusOK, body: map[string]any{"status": "SUCCESS", "clients": clients}}
}

// put stores a client, except for its place among all.
func (f *fatoraFake) put(c fatora.ClientRecord) {
	f.clients[c.ID] = c
	f.sameData[identity(c)]++
	if c.Email != "" {
		ids := f.byEmail[c.Email]
		i, _ := slices.BinarySearch(ids, c.ID)
		f.byEmail[c.Email] = slices.Insert(ids, i, c.ID)
	}
}

// drop undoes put.
func (f *fatoraFake) drop(c fatora.ClientRecord) {
	delete(f.clients, c.ID)
	if f.sameData[identity(c)]--; f.sameData[identity(c)] == 0 {
		delete(f.sameData, identity(c))
	}
	if ids := without(f.byEmail[c.Email], c.ID); len(ids) > 0 {
		f.byEmail[c.Email] = ids
	} else {
		delete(f.byEmail, c.Email)
	}
}

// one is an answer with one client.
func (f *fatoraFake) one(status int, c fatora.ClientRecord, asNote bool) answer {
	return answer{status: status, body: map[string]any{"status": "SUCCESS", "client": f.show(c, asNote)}}
}

// show is the client as it is written, its remark as note or as notes.
func (f *fatoraFake) show(c fatora.ClientRecord, asNote bool) any {
	remark := "notes"
	if asNote {
		remark, c.Note, c.Notes = "note", c.Notes, ""
	}
	if f.config.has(FatoraNulls) {
		return withNulls(c, "phone", "email", "address", remark)
	}
	return c
}

func (f *fatoraFake) refuse(status int, text string) answer {
	if f.config.has(FatoraErrorText) {
		return answer{status: status, body: fatoraError(text)}
	}
	return answer{status: status, body: fatoraError(fatora.ErrorObject{Description: text})}
}

// fatoraError is the body of an error that is a text or an object.
func fatoraError(detail any) fatora.ErrorReply {
	raw, _ := json.Marshal(detail) // cannot fail
	return fatora.ErrorReply{Status: "ERROR", Error: raw}
}

func record(id int64, sent fatora.ClientWrite) fatora.ClientRecord {
	return fatora.ClientRecord{
		ID: id, Name: sent.Name, Phone: sent.Phone, Email: sent.Email, Address: sent.Address, Notes: sent.Notes,
	}
}

// positive reads a parameter that is a positive integer.
func positive(query url.Values, name string, otherwise int) (int, bool) {
	if !query.Has(name) {
		return otherwise, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n > 0
}

// without takes an id out of a sorted list.
func without(ids []int64, id int64) []int64 {
	if i, ok := slices.BinarySearch(ids, id); ok {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}
