package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/gen/stancer"
)

const stancerCustomers = "/v1/customers"

// stancerFake is version 1 of Stancer's API. The key of a request decides on the mode.
type stancerFake struct{ test, live *stancerMode }

// stancerMode is one of the two modes; the customers of the other do not exist in it (inferred).
type stancerMode struct {
	config Config
	key    string
	live   bool

	mu   sync.RWMutex
	byID map[string]stancer.Customer
	// same has the ids of the customers with the same data, the oldest first. A create never makes a second one, but an
	// update may.
	same map[stancer.CustomerUpdate][]string
}

func newStancer(config Config, testKey, liveKey string) *stancerFake {
	mode := func(key string, live bool) *stancerMode {
		return &stancerMode{
			config: config, key: key, live: live,
			byID: map[string]stancer.Customer{}, same: map[stancer.CustomerUpdate][]string{},
		}
	}
	return &stancerFake{test: mode(testKey, false), live: mode(liveKey, true)}
}

func (f *stancerFake) expireTokens() {} // it has none

func (f *stancerFake) customers() (all []Customer) {
	for _, mode := range []*stancerMode{f.test, f.live} {
		mode.mu.RLock()
		for _, c := range mode.byID {
			all = append(all, Customer{c.ID, c.ExternalID, c.Email})
		}
		mode.mu.RUnlock()
	}
	return all
}

func (f *stancerFake) serve(r *http.Request, body []byte) answer {
	user, password, _ := r.BasicAuth()
	for _, mode := range []*stancerMode{f.test, f.live} {
		if same(user, mode.key) && password == "" {
			return mode.serve(r, body)
		}
	}
	return stancerError(http.StatusUnauthorized, "You are not authorized to access that resource")
}

// unreadable is inferred.
func (f *stancerFake) unreadable(status int) answer {
	return stancerError(status, http.StatusText(status))
}

func (f *stancerMode) serve(r *http.Request, body []byte) answer {
	path := canonicalPath(r.URL)
	body = jsonOnly(r.Header, body)
	if path == stancerCustomers || path == stancerCustomers+"/" {
		if r.Method == http.MethodPost {
			return f.create(body)
		}
		return stancerWrongMethod(http.MethodPost) // no list in version 1
	}
	id, ok := pathID(path, stancerCustomers+"/")
	if !ok {
		return stancerError(http.StatusNotFound, "Not Found") // inferred
	}
	switch r.Method {
	case http.MethodGet:
		return f.get(id)
	case http.MethodPatch:
		return f.update(id, body)
	case http.MethodDelete:
		return f.delete(id)
	}
	return stancerWrongMethod(http.MethodDelete, http.MethodGet, http.MethodPatch)
}

func (f *stancerMode) create(body []byte) answer {
	o, ok := readObject(body)
	if !ok {
		return stancerNoJSON()
	}
	data, refused := f.read(o)
	// The key decides the mode, whatever is asked for (inferred).
	if raw, given := o["live_mode"]; given && string(raw) != "true" && string(raw) != "false" {
		refused = append(refused, "live_mode")
	}
	request := stancer.CustomerCreate{
		Email: data.Email, ExternalID: data.ExternalID, Mobile: data.Mobile, Name: data.Name,
	}
	if a, bad := f.refusal(request.Check(), refused,
		"You must provide an email or a phone number to create a customer."); bad {
		return a
	}
	c := stancer.Customer{
		ID: "cust_" + secret(24), Created: f.config.Now().Unix(), LiveMode: f.live,
		Email: data.Email, ExternalID: data.ExternalID, Mobile: data.Mobile, Name: data.Name,
	}
	key := f.conflictKey(c)

	f.mu.Lock()
	defer f.mu.Unlock()
	if twins := f.same[key]; len(twins) > 0 {
		return stancerError(http.StatusConflict, stancer.DuplicateMessage{
			Error: "Customer already exists, you may want to update it instead creating a new one", ID: twins[0],
		})
	}
	f.byID[c.ID] = c
	f.same[key] = append(f.same[key], c.ID)
	status := http.StatusOK
	if f.config.has(StancerCreateCreated) {
		status = http.StatusCreated
	}
	return answer{status: status, body: f.show(c)}
}

func (f *stancerMode) get(id string) answer {
	f.mu.RLock()
	c, ok := f.byID[id]
	f.mu.RUnlock()
	if !ok {
		return stancerNoCustomer(id)
	}
	return answer{status: http.StatusOK, body: f.show(c)}
}

func (f *stancerMode) update(id string, body []byte) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.byID[id]
	if !ok {
		return stancerNoCustomer(id)
	}
	o, ok := readObject(body)
	if !ok {
		return stancerNoJSON()
	}
	change, refused := f.read(o)
	// That a change without content is refused is inferred, and so is the text.
	if a, bad := f.refusal(change.Check(), refused, "You must provide a value to change."); bad {
		return a
	}
	f.forget(c)
	for _, p := range []struct {
		to   *string
		from string
	}{{&c.Email, change.Email}, {&c.ExternalID, change.ExternalID}, {&c.Mobile, change.Mobile}, {&c.Name, change.Name}} {
		if p.from != "" {
			*p.to = p.from
		}
	}
	key := f.conflictKey(c)
	f.byID[id] = c
	f.same[key] = append(f.same[key], id)
	switch {
	case f.config.has(StancerUpdateReturnsCustomer):
		return answer{status: http.StatusOK, body: f.show(c)}
	case f.config.has(StancerUpdateEmpty):
		return answer{status: http.StatusOK, beyond: true} // the contract knows a 200 with the customer
	}
	return answer{status: http.StatusNoContent}
}

func (f *stancerMode) delete(id string) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.byID[id]
	if !ok {
		return stancerNoCustomer(id)
	}
	f.forget(c)
	delete(f.byID, id)
	return answer{status: http.StatusNoContent}
}

// forget takes a customer out of those with the same data.
func (f *stancerMode) forget(c stancer.Customer) {
	key := f.conflictKey(c)
	rest := slices.DeleteFunc(f.same[key], func(id string) bool { return id == c.ID })
	if len(rest) == 0 {
		delete(f.same, key)
		return
	}
	f.same[key] = rest
}

// conflictKey is what makes two customers the same: inferred, no page says it. All that a caller can set agrees with
// what the SDKs' tests saw.
func (f *stancerMode) conflictKey(c stancer.Customer) stancer.CustomerUpdate {
	key := stancer.CustomerUpdate{Email: c.Email, ExternalID: c.ExternalID, Mobile: c.Mobile, Name: c.Name}
	if f.config.has(StancerSameWithoutName) {
		key.Name = ""
	}
	return key
}

// read takes out what a caller can set, and names the properties whose values the types of gen cannot tell from absent
// ones: those that are no text, and empty texts. That a null is refused is inferred.
func (f *stancerMode) read(o object) (data stancer.CustomerUpdate, refused []string) {
	for _, p := range []struct {
		name string
		to   *string
	}{{"email", &data.Email}, {"external_id", &data.ExternalID}, {"mobile", &data.Mobile}, {"name", &data.Name}} {
		s, ok := o.text(p.name)
		if _, given := o[p.name]; !ok || given && s == "" {
			refused = append(refused, p.name)
			continue
		}
		*p.to = s
	}
	if n := utf8.RuneCountInString(data.Name); f.config.has(StancerNameOfFour) && n > 0 && n < 4 {
		refused = append(refused, "name")
	}
	return data, refused
}

// refusal is the answer to a request that breaks a rule; whole is the text if the rule is not that of a single value.
func (f *stancerMode) refusal(vs []check.Violation, refused []string, whole string) (a answer, bad bool) {
	for _, v := range vs {
		if v.Pointer != "" {
			refused = append(refused, strings.TrimPrefix(v.Pointer, "/"))
		}
	}
	slices.Sort(refused)
	refused = slices.Compact(refused)
	switch {
	case len(refused) > 0 && f.config.has(StancerErrorByField):
		byField := map[string]string{}
		for _, name := range refused {
			byField[name] = "Invalid value"
		}
		return stancerError(http.StatusBadRequest, byField), true
	case len(refused) > 0:
		return stancerError(http.StatusBadRequest, "Invalid value for "+strings.Join(refused, ", ")), true // inferred
	case len(vs) > 0:
		return stancerError(http.StatusBadRequest, whole), true
	}
	return answer{}, false
}

// show is the customer as it is written. The provider writes live_mode also where it is false.
func (f *stancerMode) show(c stancer.Customer) any {
	if !f.config.has(StancerNulls) {
		return struct {
			stancer.Customer
			LiveMode bool `json:"live_mode"`
		}{c, c.LiveMode}
	}
	return struct {
		stancer.Customer
		LiveMode   bool    `json:"live_mode"`
		Email      *string `json:"email"`
		Mobile     *string `json:"mobile"`
		Name       *string `json:"name"`
		ExternalID *string `json:"external_id"`
		Country    *string `json:"country"`
	}{c, c.LiveMode, orNull(c.Email), orNull(c.Mobile), orNull(c.Name), orNull(c.ExternalID), orNull(c.Country)}
}

// orNull is nil, which is written as null, for what is absent.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// stancerError is an error with a message that is a text or an object.
func stancerError(status int, message any) answer {
	raw, err := marshal(message)
	if err != nil {
		status = http.StatusInternalServerError // it cannot fail: a text, or an object of texts
	}
	return answer{status: status, body: stancer.ErrorReply{
		Error: stancer.ErrorDetail{Type: "invalid_request_error", Message: raw},
	}}
}

// stancerNoCustomer is the answer to any id that does not exist, malformed ones included.
func stancerNoCustomer(id string) answer {
	return stancerError(http.StatusNotFound, "No such customer "+id)
}

// stancerNoJSON is inferred.
func stancerNoJSON() answer { return stancerError(http.StatusBadRequest, "Invalid JSON") }

// stancerWrongMethod is inferred.
func stancerWrongMethod(allowed ...string) answer {
	a := stancerError(http.StatusMethodNotAllowed, "Method Not Allowed")
	a.header = allow(allowed...)
	return a
}
