package markup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/contract-first/customers/contract/check"
)

// Operations are the bodies in XML of an API's operations. It is the Codec of package transport.
type Operations []Operation

// Operation is what the bodies of one operation are; nil is none in XML.
type Operation struct {
	Method, Path string // as the contract writes them
	Request      *Root
	Success      *Root // the answer with a status of 2xx
}

// MediaTypes are those of XML: the one to send, and others to read (RFC 7303).
func (Operations) MediaTypes() []string { return []string{"application/xml", "text/xml"} }

// Encode writes a request's body, one JSON value in UTF-8. The violations say why it cannot be sent.
func (ops Operations) Encode(method, path string, body []byte) ([]byte, []check.Violation) {
	root := ops.Find(method, path).Request
	if root == nil {
		return nil, []check.Violation{{Rule: "body", Bound: "one that the contract has in XML"}}
	}
	var value any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&value) != nil || dec.Decode(new(any)) != io.EOF {
		return nil, []check.Violation{{Rule: "json", Bound: "one value"}}
	}
	return Encode(value, root)
}

// Decode reads the body of an answer. undeclared are the names of the elements and attributes that it has beyond what the
// contract knows, or more than once, so that the JSON does not have them, or not all of them. The complaint says why it
// is not what the contract has, without a value of it. The contract knows no form of errors: of one that is no success
// it is only made sure that it may come from the provider, and the JSON is empty.
func (ops Operations) Decode(
	method, path string, success bool, body []byte,
) (data []byte, undeclared []string, complaint string) {
	var root *Root
	if success {
		if root = ops.Find(method, path).Success; root == nil {
			return nil, nil, "the contract has no answer in XML for the operation"
		}
	}
	d, value, ok := decode(body, root)
	for _, p := range d.problems {
		switch {
		case p.effect == fatal:
			return nil, nil, fmt.Sprintf("the answer is not the XML that the contract has (rule: %s)", p.Bound)
		case p.effect == loss:
			undeclared = append(undeclared, p.Path[len(p.Path)-1])
		}
	}
	switch {
	case !success && strings.EqualFold(d.root, "html"):
		return nil, nil, "the answer is a page of HTML"
	case !ok: // no success
		return nil, nil, ""
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, nil, "the answer has no form in JSON" // does not happen: texts are UTF-8, numbers are those of JSON
	}
	return data, undeclared, ""
}

// Find is the operation of a path without variables; one without bodies if there is none.
func (ops Operations) Find(method, path string) Operation {
	for _, op := range ops {
		if op.Method == method && op.Path == path {
			return op
		}
	}
	return Operation{}
}
