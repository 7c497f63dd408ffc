package sandbox

import "slices"

// Dialect names one way in which a provider may differ from the default reading of its documentation.
type Dialect string

// The open questions whose answer a client can see.
const (
	StancerUpdateReturnsCustomer Dialect = "stancer.update-returns-customer"
	StancerNulls                 Dialect = "stancer.nulls"
	StancerNameOfFour            Dialect = "stancer.name-of-four"
	StancerErrorByField          Dialect = "stancer.error-by-field"
	StancerCreateCreated         Dialect = "stancer.create-created"
	StancerUpdateEmpty           Dialect = "stancer.update-empty"
	StancerSameWithoutName       Dialect = "stancer.same-without-name"

	DigitalpayeNewPathOnly         Dialect = "digitalpaye.new-path-only"
	DigitalpayeOldPathOnly         Dialect = "digitalpaye.old-path-only"
	DigitalpayeEnvironmentRequired Dialect = "digitalpaye.environment-required"
	DigitalpayeUpsert              Dialect = "digitalpaye.upsert"
	DigitalpayeNulls               Dialect = "digitalpaye.nulls"

	SimplePinNulls          Dialect = "simplepin.nulls"
	SimplePinAddCreated     Dialect = "simplepin.add-created"
	SimplePinUpdateReplaces Dialect = "simplepin.update-replaces"
	SimplePinAddOverwrites  Dialect = "simplepin.add-overwrites"
	SimplePinUpdateCreated  Dialect = "simplepin.update-created"
	SimplePinUpdateByQuery  Dialect = "simplepin.update-by-query"
	SimplePinSinceUTC       Dialect = "simplepin.since-utc"
	SimplePinCommonStatuses Dialect = "simplepin.common-statuses"
	SimplePinAnswersAsSent  Dialect = "simplepin.answers-as-sent"
	SimplePinAnswersJSON    Dialect = "simplepin.answers-json"

	FatoraNotesInCreate   Dialect = "fatora.notes-in-create"
	FatoraNoteInRead      Dialect = "fatora.note-in-read"
	FatoraErrorText       Dialect = "fatora.error-text"
	FatoraUpdateReplaces  Dialect = "fatora.update-replaces"
	FatoraUpdateEmpty     Dialect = "fatora.update-empty"
	FatoraCreateOK        Dialect = "fatora.create-ok"
	FatoraDeleteOK        Dialect = "fatora.delete-ok"
	FatoraNulls           Dialect = "fatora.nulls"
	FatoraAuthorizeByPost Dialect = "fatora.authorize-by-post"
	FatoraSmallPages      Dialect = "fatora.small-pages"
	FatoraEmailByPart     Dialect = "fatora.email-by-part"
)

// DialectInfo says what a dialect changes.
type DialectInfo struct {
	Dialect Dialect
	Summary string
}

// Dialects lists every dialect.
func Dialects() []DialectInfo {
	return []DialectInfo{
		{StancerUpdateReturnsCustomer, "PATCH answers 200 with the customer instead of 204"},
		{StancerNulls, "values that a customer lacks come as null instead of being left out"},
		{StancerNameOfFour, "a name needs four characters, as the vendor's page says, instead of three"},
		{StancerErrorByField, "a refused value is named by an object instead of a text"},
		{StancerCreateCreated, "create answers 201 instead of 200"},
		{StancerUpdateEmpty, "PATCH answers 200 without a body instead of 204"},
		{StancerSameWithoutName, "customers with the same e-mail, mobile and external_id are the same, whatever their names"},
		{DigitalpayeNewPathOnly, "only /v1/customer creates: clients must use the newer path"},
		{DigitalpayeOldPathOnly, "only /v1/customers/create creates: clients must use the older path"},
		{DigitalpayeEnvironmentRequired, "requests without X-Environment are refused"},
		{DigitalpayeUpsert, "the same e-mail and phone write the same customer again instead of making another"},
		{DigitalpayeNulls, "parts that an address lacks come as null instead of being left out"},
		{SimplePinNulls, "values that a customer lacks come as null instead of being left out"},
		{SimplePinAddCreated, "add answers 201 instead of 200"},
		{SimplePinUpdateReplaces, "update writes the whole customer instead of merging what is sent"},
		{SimplePinAddOverwrites, "adding a known customer_id overwrites it instead of being forbidden"},
		{SimplePinUpdateCreated, "update answers 201 instead of 200"},
		{SimplePinUpdateByQuery, "update needs customer_id in the query; in the body alone it does not do"},
		{SimplePinSinceUTC, "customer_since comes back in UTC instead of with the offset it was sent with"},
		{SimplePinCommonStatuses, "what is not allowed is 400, 406, 409 or 415 instead of 403, partly with a body"},
		{SimplePinAnswersAsSent, "an answer is JSON or XML by the Content-Type of its request instead of by Accept"},
		{SimplePinAnswersJSON, "answers are JSON, also where XML is asked for"},
		{FatoraNotesInCreate, "create answers with notes instead of note"},
		{FatoraNoteInRead, "get, list and PUT answer with note instead of notes"},
		{FatoraErrorText, "error is a text everywhere, as at Authorize, instead of an object with a description"},
		{FatoraUpdateReplaces, "PUT writes the whole client instead of merging what is sent"},
		{FatoraUpdateEmpty, "PUT answers 204 instead of 200 with the client"},
		{FatoraCreateOK, "create answers 200 instead of 201"},
		{FatoraDeleteOK, "delete answers 200 with a status instead of 204"},
		{FatoraNulls, "values that a client lacks come as null instead of being left out"},
		{FatoraAuthorizeByPost, "Authorize is a POST instead of a GET: clients must authorize by POST"},
		{FatoraSmallPages, "a page holds ten clients at most, whatever page_size asks for"},
		{FatoraEmailByPart, "the filter by email finds parts of addresses instead of whole ones"},
	}
}

// has reports whether d is switched on.
func (c Config) has(d Dialect) bool { return slices.Contains(c.Dialects, d) }
