package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Example is one answer as a contract shows it.
type Example struct {
	Status      int
	ContentType string
	Name        string
	// Body is the example's value as compact JSON, or the text that it is where the media type is not JSON. It must not
	// be changed.
	Body []byte
}

// Examples returns the answers of an operation that the contract shows, by status, content type and name. A response
// that shows no body, because it has none or any, is one Example without content type, name and body. Responses for
// more than one status (4XX, default) are left out.
func (s *Spec) Examples(operationID string) []Example {
	var all []Example
	for _, item := range s.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID != operationID {
				continue
			}
			for code, ref := range op.Responses.Map() {
				status, err := strconv.Atoi(code)
				if err != nil {
					continue
				}
				shown := len(all)
				for contentType, media := range ref.Value.Content {
					for name, example := range media.Examples {
						all = append(all, Example{status, contentType, name, exampleBody(contentType, example.Value.Value)})
					}
				}
				if len(all) == shown {
					all = append(all, Example{Status: status})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Example) int {
		return cmp.Or(
			cmp.Compare(a.Status, b.Status), strings.Compare(a.ContentType, b.ContentType), strings.Compare(a.Name, b.Name),
		)
	})
	return all
}

func exampleBody(contentType string, value any) []byte {
	if text, ok := value.(string); ok && !isJSON(contentType) {
		return []byte(text)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // cannot fail: it was read from YAML or JSON
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
