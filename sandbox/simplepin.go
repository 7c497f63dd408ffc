package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/contract-first/customers/contract/markup"
	"github.com/contract-first/customers/gen/simplepin"
)

// simplePinFake answers errors by status alone, as they are documented, without a body; for errors the contract has no
// status but 401, 403 and 404. What others would answer with 400, 406, 409 or 415 is 403 here (inferred): the call is
// understood and not allowed.
type simplePinFake struct {
	config        Config
	authorization string
	token         string
	xml           markup.Operations

	mu           sync.Mutex
	byCustomerID map[string]*simplepin.CCProfileV2Model // what is stored is replaced, never changed
	byEmail      map[string]*simplepin.CCProfileV2Model // one customer has one address: "unique customer email"
	lastProfile  int64
	lastAddress  int64
	lastContract int64
}

func newSimplePin(config Config, authorization, token string) *simplePinFake {
	return &simplePinFake{
		config: config, authorization: authorization, token: token, xml: simplepin.XML(),
		byCustomerID: map[string]*simplepin.CCProfileV2Model{},
		byEmail:      map[string]*simplepin.CCProfileV2Model{},
		// Ranges that do not meet, so that one kind of number taken for another is found.
		lastProfile: 4710, lastAddress: 7000, lastContract: 300,
	}
}

func (s *simplePinFake) expireTokens() {} // its keys do not expire

func (s *simplePinFake) customers() (all []Customer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.byCustomerID {
		all = append(all, Customer{c.CustomerID, c.CustomerID, c.ContractEmail})
	}
	for _, c := range s.byEmail {
		if c.CustomerID == "" {
			all = append(all, Customer{Email: c.ContractEmail})
		}
	}
	return all
}

func (s *simplePinFake) serve(r *http.Request, body []byte) answer {
	authorization, token := same(r.Header.Get("Authorization"), s.authorization), same(r.Header.Get("Token"), s.token)
	if !authorization || !token {
		return answer{status: http.StatusUnauthorized}
	}
	path, ok := strings.CutPrefix(canonicalPath(r.URL), "/api")
	if !ok {
		return answer{status: http.StatusNotFound}
	}
	method, serve := http.MethodGet, s.get
	switch path {
	case "/v2/customer/get":
	case "/v2/customer/add":
		method, serve = http.MethodPost, s.add
	case "/v2/customer/update":
		method, serve = http.MethodPost, s.update
	case "/v2/location/countries":
		serve = s.countries
	case "/v2/location/provinces":
		serve = s.provinces
	default:
		return answer{status: http.StatusNotFound}
	}
	if r.Method != method {
		return answer{status: http.StatusMethodNotAllowed, header: allow(method)}
	}
	form := s.xml.Find(method, path)
	switch sent := r.Header.Get("Content-Type"); {
	case len(body) == 0, sent == "", isJSON(r.Header): // JSON is the default, so a body need not be declared
	case is(r.Header, mediaXML):
		if body, ok = fromXML(body, form.Request); !ok {
			return s.refuse(http.StatusBadRequest)
		}
	default:
		return s.refuse(http.StatusUnsupportedMediaType)
	}
	asJSON, asked := quality(r.Header, mediaJSON), quality(r.Header, mediaXML)
	if asJSON == 0 && asked == 0 {
		return s.refuse(http.StatusNotAcceptable)
	}
	inXML := asked > asJSON
	switch {
	case s.config.has(SimplePinAnswersJSON):
		inXML = false
	case s.config.has(SimplePinAnswersAsSent):
		inXML = is(r.Header, mediaXML)
	}
	a := serve(r.URL.Query(), body)
	switch {
	case !inXML:
		return a
	case a.status >= 300:
		return toXML(a, simplePinError)
	}
	return toXML(a, form.Success)
}

// unreadable is inferred: what is in front of such an API answers so, and has no body that is documented.
func (s *simplePinFake) unreadable(status int) answer { return answer{status: status} }

// simplePinError is invented: no body of an error is documented.
var simplePinError = &markup.Root{Name: "error", Element: &markup.Element{Type: markup.Object, Properties: []markup.Property{
	{Name: "message", XML: "message", Element: &markup.Element{Type: markup.String}},
}}}

// refuse is the answer to what is not allowed; common is the status that most APIs have for it.
func (s *simplePinFake) refuse(common int) answer {
	if !s.config.has(SimplePinCommonStatuses) {
		return answer{status: http.StatusForbidden}
	}
	a := answer{status: common, beyond: true}
	if common == http.StatusBadRequest || common == http.StatusConflict {
		a.body = map[string]string{"message": http.StatusText(common)}
	}
	return a
}

func (s *simplePinFake) get(query url.Values, _ []byte) answer {
	customerID, email := query.Get("customer_id"), query.Get("email")
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byCustomerID[customerID]
	if customerID == "" {
		found = s.byEmail[email]
	}
	// Inferred: whoever is asked for by both must have both, and nobody is found by neither.
	if found == nil || email != "" && found.ContractEmail != email {
		return answer{status: http.StatusNotFound}
	}
	return s.answer(http.StatusOK, found)
}

func (s *simplePinFake) add(_ url.Values, body []byte) answer {
	var sent simplepin.CCProfileAPIV2Model
	if !decodeObject(body, &sent) || len(sent.Check()) > 0 {
		return s.refuse(http.StatusBadRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.byCustomerID[sent.CustomerID]
	if old != nil && !s.config.has(SimplePinAddOverwrites) {
		return s.refuse(http.StatusConflict) // inferred: what a second add does is not documented
	}
	added, common := s.store(old, sent)
	if added == nil {
		return s.refuse(common)
	}
	if s.config.has(SimplePinAddCreated) {
		return s.answer(http.StatusCreated, added)
	}
	return s.answer(http.StatusOK, added)
}

func (s *simplePinFake) update(query url.Values, body []byte) answer {
	var sent simplepin.CCProfileAPIV2Model
	if !decodeObject(body, &sent) || len(sent.Check()) > 0 {
		return s.refuse(http.StatusBadRequest)
	}
	customerID := query.Get("customer_id")
	if customerID == "" {
		if s.config.has(SimplePinUpdateByQuery) {
			return s.refuse(http.StatusBadRequest)
		}
		customerID = sent.CustomerID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.byCustomerID[customerID]
	if old == nil {
		return answer{status: http.StatusNotFound}
	}
	if sent.CustomerID != "" && sent.CustomerID != customerID {
		return s.refuse(http.StatusBadRequest) // inferred: which of the two would count is not documented
	}
	if !s.config.has(SimplePinUpdateReplaces) {
		var ok bool
		if sent, ok = merged(old, body); !ok {
			return s.refuse(http.StatusBadRequest)
		}
	}
	updated, common := s.store(old, sent)
	if updated == nil {
		return s.refuse(common)
	}
	if s.config.has(SimplePinUpdateCreated) {
		return s.answer(http.StatusCreated, updated)
	}
	return s.answer(http.StatusOK, updated)
}

// answer is a customer; its version is there even if it is 0.
func (s *simplePinFake) answer(status int, p *simplepin.CCProfileV2Model) answer {
	a := answer{status: status, body: struct {
		*simplepin.CCProfileV2Model
		Version int64 `json:"version"`
	}{p, p.Version}}
	if s.config.has(SimplePinNulls) {
		a.beyond = true // the contract knows no null
		a.body = withNulls(a.body, "billing_address_id", "billing_address_models", "contract_email", "contracts",
			"customer_name", "customer_since", "main_address", "mobile_number", "phone_number")
	}
	return a
}

// merged is the whole customer that results from writing the properties of a body over a stored one. An address that is
// sent with its id is written property by property as well; contracts are a list that is sent whole or not at all,
// since nothing else removes one (inferred).
func merged(old *simplepin.CCProfileV2Model, body []byte) (simplepin.CCProfileAPIV2Model, bool) {
	var sent struct {
		simplepin.CCProfileAPIV2Model
		BillingAddresses []json.RawMessage `json:"billing_addresses"`
	}
	sent.CCProfileAPIV2Model = simplepin.CCProfileAPIV2Model{
		ContractEmail: old.ContractEmail, CustomerID: old.CustomerID, CustomerName: old.CustomerName,
		CustomerSince: old.CustomerSince, MainAddress: ownAddress(old.MainAddress),
		MobileNumber: old.MobileNumber, PhoneNumber: old.PhoneNumber,
	}
	if !decodeObject(body, &sent) {
		return simplepin.CCProfileAPIV2Model{}, false
	}
	whole := sent.CCProfileAPIV2Model
	if whole.Contracts == nil {
		whole.Contracts = old.Contracts
	}
	for _, a := range old.BillingAddressModels {
		whole.BillingAddresses = append(whole.BillingAddresses, ownAddress(a))
	}
	for _, raw := range sent.BillingAddresses {
		var news simplepin.AddressAPIV2Model
		if json.Unmarshal(raw, &news) != nil {
			return simplepin.CCProfileAPIV2Model{}, false
		}
		if news.Selected != nil && *news.Selected {
			for i := range whole.BillingAddresses {
				whole.BillingAddresses[i].Selected = new(bool)
			}
		}
		i := slices.IndexFunc(whole.BillingAddresses, func(a simplepin.AddressAPIV2Model) bool { return a.ID == news.ID })
		if news.ID == 0 || i < 0 {
			whole.BillingAddresses = append(whole.BillingAddresses, news)
		} else if json.Unmarshal(raw, &whole.BillingAddresses[i]) != nil {
			return simplepin.CCProfileAPIV2Model{}, false
		}
	}
	return whole, true
}

// ownAddress is a copy that shares nothing with the stored one.
func ownAddress(a simplepin.AddressAPIV2Model) simplepin.AddressAPIV2Model {
	if a.Selected != nil {
		selected := *a.Selected
		a.Selected = &selected
	}
	return a
}

// store keeps a whole customer, a new one if old is nil. It returns nil and a status for refuse if something in it
// cannot be: an id that the customer does not have, a place that the lists do not have, or the e-mail address of
// somebody else (all inferred).
func (s *simplePinFake) store(
	old *simplepin.CCProfileV2Model, sent simplepin.CCProfileAPIV2Model,
) (stored *simplepin.CCProfileV2Model, common int) {
	var before simplepin.CCProfileV2Model
	if old != nil {
		before = *old
	}
	next := &simplepin.CCProfileV2Model{
		ContractEmail: sent.ContractEmail, CustomerID: cmp.Or(sent.CustomerID, before.CustomerID),
		CustomerName: sent.CustomerName, CustomerSince: s.since(sent.CustomerSince), ID: before.ID,
		MobileNumber: sent.MobileNumber, PhoneNumber: sent.PhoneNumber,
		Status: cmp.Or(before.Status, "REQUIRES_ACTIVATION"), Version: before.Version + 1,
	}
	if other := s.byEmail[sent.ContractEmail]; other != nil && other != old {
		return nil, http.StatusConflict
	}
	ok := true
	if a := sent.MainAddress; a != (simplepin.AddressAPIV2Model{}) {
		next.MainAddress = a
		ok = isPlace(a) && numbered(&next.MainAddress.ID, a.ID == before.MainAddress.ID, &s.lastAddress)
	}
	for _, a := range sent.BillingAddresses {
		known := slices.ContainsFunc(before.BillingAddressModels, func(b simplepin.AddressAPIV2Model) bool { return a.ID == b.ID })
		gone := known && slices.Contains(sent.DeleteBillingAddressIDs, a.ID)
		ok = ok && isPlace(a) && numbered(&a.ID, known, &s.lastAddress)
		if !gone {
			next.BillingAddressModels = append(next.BillingAddressModels, a)
		}
	}
	next.BillingAddressID = selectOne(next.BillingAddressModels)
	for _, c := range sent.Contracts {
		known := slices.ContainsFunc(before.Contracts, func(b simplepin.CCContractV2Model) bool { return c.ID == b.ID })
		ok = ok && numbered(&c.ID, known, &s.lastContract)
		next.Contracts = append(next.Contracts, c)
	}
	if !ok {
		return nil, http.StatusBadRequest
	}

	if old == nil {
		s.lastProfile++
		next.ID, next.Version = s.lastProfile, 0
	} else {
		delete(s.byEmail, old.ContractEmail)
	}
	if next.CustomerID != "" {
		s.byCustomerID[next.CustomerID] = next
	}
	if next.ContractEmail != "" {
		s.byEmail[next.ContractEmail] = next
	}
	return next, 0
}

// numbered gives what has no id the next one; it reports whether an id that is there is known.
func numbered(id *int64, known bool, last *int64) bool {
	if *id == 0 {
		*last++
		*id = *last
		return true
	}
	return known
}

// selectOne makes the last selected address the only one and returns its id, 0 if none is selected (inferred).
func selectOne(addresses []simplepin.AddressAPIV2Model) int64 {
	var id int64
	for i := len(addresses) - 1; i >= 0; i-- {
		a := &addresses[i]
		selected := id == 0 && a.Selected != nil && *a.Selected
		a.Selected = &selected
		if selected {
			id = a.ID
		}
	}
	return id
}

// since is how a date is kept, which has been checked.
func (s *simplePinFake) since(date string) string {
	if t, err := time.Parse(time.RFC3339, date); err == nil && s.config.has(SimplePinSinceUTC) {
		return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return date
}

// isPlace reports whether country and province are in the lists and belong together. Neither is required.
func isPlace(a simplepin.AddressAPIV2Model) bool {
	if a.Country == 0 && a.Province == 0 {
		return true
	}
	for _, c := range simplePinCountries {
		if a.Country == 0 || a.Country == c.id {
			if a.Province == 0 || slices.ContainsFunc(c.provinces, func(p simplePinPlace) bool { return p.id == a.Province }) {
				return true
			}
		}
	}
	return false
}

func (s *simplePinFake) countries(query url.Values, _ []byte) answer {
	locale := query.Get("locale")
	if locale == "" {
		return s.refuse(http.StatusBadRequest)
	}
	all := simplepin.LocationModels{}
	for _, c := range simplePinCountries {
		all = append(all, c.model(locale, c.currency))
	}
	return answer{status: http.StatusOK, body: all}
}

func (s *simplePinFake) provinces(query url.Values, _ []byte) answer {
	locale := query.Get("locale")
	id, err := strconv.ParseInt(query.Get("countryId"), 10, 64)
	if locale == "" || err != nil {
		return s.refuse(http.StatusBadRequest)
	}
	for _, c := range simplePinCountries {
		if c.id == id {
			all := simplepin.LocationModels{}
			for _, p := range c.provinces {
				all = append(all, p.model(locale, c.currency))
			}
			return answer{status: http.StatusOK, body: all}
		}
	}
	return answer{status: http.StatusNotFound}
}

type simplePinPlace struct {
	id     int64
	en, fr string
}

// model names a place in French for fr, FR, fr-CA or fr_CA, and in English for every other locale (inferred).
func (p simplePinPlace) model(locale, currency string) simplepin.LocationModel {
	name := p.en
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if language == "fr" {
		name = p.fr
	}
	return simplepin.LocationModel{ID: p.id, Name: name, CurrencyCode: currency}
}

type simplePinCountry struct {
	simplePinPlace
	currency  string
	provinces []simplePinPlace
}

// The ids are invented; those of the contract's examples stand for the same places.
var simplePinCountries = []simplePinCountry{
	{simplePinPlace{1, "Canada", "Canada"}, "CAD", []simplePinPlace{
		{11, "Quebec", "Québec"},
		{12, "Ontario", "Ontario"},
		{13, "Alberta", "Alberta"},
		{14, "British Columbia", "Colombie-Britannique"},
		{15, "Manitoba", "Manitoba"},
		{16, "New Brunswick", "Nouveau-Brunswick"},
		{17, "Newfoundland and Labrador", "Terre-Neuve-et-Labrador"},
		{18, "Northwest Territories", "Territoires du Nord-Ouest"},
		{19, "Nova Scotia", "Nouvelle-Écosse"},
		{20, "Nunavut", "Nunavut"},
		{21, "Prince Edward Island", "Île-du-Prince-Édouard"},
		{22, "Saskatchewan", "Saskatchewan"},
		{23, "Yukon", "Yukon"},
	}},
	{simplePinPlace{2, "United States", "États-Unis"}, "USD", []simplePinPlace{
		{31, "California", "Californie"},
		{32, "Florida", "Floride"},
		{33, "Illinois", "Illinois"},
		{34, "Maine", "Maine"},
		{35, "Massachusetts", "Massachusetts"},
		{36, "New York", "New York"},
		{37, "Pennsylvania", "Pennsylvanie"},
		{38, "Texas", "Texas"},
		{39, "Vermont", "Vermont"},
		{40, "Washington", "Washington"},
	}},
	{simplePinPlace{3, "France", "France"}, "EUR", nil},
}
