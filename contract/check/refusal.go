package check

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Refusal is the error of a RoundTripper that holds exchanges against a contract and does not let one pass: the
// exchange breaks the contract (Violations), or there is none to hold it against (Err). It says nothing of what was in
// the exchange beyond its violations.
type Refusal struct {
	Provider  string
	Operation string // operationId, "" if the contract has no operation for the request
	// Status is that of the answer that was refused: the request was sent, and the provider may have carried it out.
	// 0 means that the request was refused, and nothing was sent.
	Status int
	// Header is that of the answer that was refused, with its Retry-After and the provider's id of the exchange. It may
	// hold anything, so nothing here prints it.
	Header     http.Header `json:"-"`
	Violations []Violation
	// Err is why the contract could not be read, and nothing was sent. No later request will fare better.
	Err error `json:"-"`
}

// maxTold is how many violations an error text tells.
const maxTold = 10

// Error tells what was refused and which rules it breaks: the first ten, and how many more.
func (r *Refusal) Error() string { return r.text() }

// Unwrap returns Err.
func (r *Refusal) Unwrap() error { return r.Err }

func (r Refusal) text() string {
	if r.Err != nil {
		return "the contract could not be read, and nothing was sent: " + r.Err.Error()
	}
	var b strings.Builder
	b.WriteString(r.Provider)
	if r.Operation != "" {
		b.WriteString(" " + r.Operation)
	}
	if r.Status == 0 {
		b.WriteString(": the request breaks the contract and was not sent")
	} else {
		b.WriteString(": the answer with status " + strconv.Itoa(r.Status) + " breaks the contract")
	}
	sep := ": "
	for i, v := range r.Violations {
		if i == maxTold {
			fmt.Fprintf(&b, "%sand %d more", sep, len(r.Violations)-i)
			break
		}
		b.WriteString(sep + v.String())
		sep = "; "
	}
	return b.String()
}

// Format prints the text of Error for every verb, so that %+v and %#v do not show the header.
func (r Refusal) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(r.text())) }
