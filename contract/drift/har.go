package drift

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// harEntry is what is read of one of an archive's log.entries. The maintained libraries (chromedp/cdproto/har,
// google/martian/har) read a text that is absent as an empty one; here that is the difference between "not recorded" and
// "no body".
type harEntry struct {
	Provider string  `json:"_provider"`
	Started  lenient `json:"startedDateTime"`
	Comment  lenient `json:"comment"`
	Request  struct {
		Method   string      `json:"method"`
		URL      string      `json:"url"`
		Headers  []harHeader `json:"headers"`
		PostData *struct {
			harText
			Params []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"params"`
		} `json:"postData"`
		BodySize float64 `json:"bodySize"`
	} `json:"request"`
	Response struct {
		Status  int         `json:"status"`
		Headers []harHeader `json:"headers"`
		Content struct {
			harText
			Size float64 `json:"size"`
		} `json:"content"`
	} `json:"response"`
}

type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harText struct {
	MimeType string  `json:"mimeType"`
	Text     *string `json:"text"`
	Encoding string  `json:"encoding"`
}

// har walks down to log.entries and decodes one entry at a time.
func (rd *reader) har() error {
	err := rd.members(func(name string) error {
		if name != "log" {
			return rd.skip()
		}
		return rd.members(func(name string) error {
			if name != "entries" {
				return rd.skip()
			}
			return rd.entries()
		})
	})
	if err != nil {
		return err
	}
	if _, err := rd.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}

// members calls do before the value of each member of an object.
func (rd *reader) members(do func(name string) error) error {
	if err := rd.delim('{'); err != nil {
		return err
	}
	for rd.More() {
		t, err := rd.Token()
		if err != nil {
			return err
		}
		if err := do(t.(string)); err != nil { // the decoder lets nothing else stand for a name
			return err
		}
	}
	return rd.delim('}')
}

func (rd *reader) entries() error {
	if err := rd.delim('['); err != nil {
		return err
	}
	for rd.More() {
		var (
			entry harEntry
			e     *Exchange
		)
		err := rd.Decode(&entry)
		if err == nil {
			e, err = entry.exchange()
		}
		if err := rd.give(e, err); err != nil {
			return err
		}
	}
	return rd.delim(']')
}

func (rd *reader) delim(want json.Delim) error {
	t, err := rd.Token()
	if err == nil && t != want {
		err = fmt.Errorf("no %q where an HTTP archive has one, before byte %d", want.String(), rd.InputOffset())
	}
	return err
}

// skip reads over one value, token by token: it may be as large as the file.
func (rd *reader) skip() error {
	depth := 0
	for {
		t, err := rd.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (entry *harEntry) exchange() (*Exchange, error) {
	request, response := &entry.Request, &entry.Response
	e := &Exchange{
		Entry: Entry{Time: entry.Started.time()}, Provider: entry.Provider, Method: request.Method, URL: request.URL, RequestHeader: harHeaders(request.Headers),
		Status: response.Status, ResponseHeader: harHeaders(response.Headers),
	}
	if fault, ok := strings.CutPrefix(string(entry.Comment), "fault "); ok && entry.Provider != "" {
		e.Fault = fault
	}
	var err error
	if post := request.PostData; post != nil {
		if post.Text == nil && len(post.Params) > 0 {
			form := url.Values{}
			for _, p := range post.Params {
				form.Add(p.Name, p.Value)
			}
			post.Text = new(string)
			*post.Text = form.Encode()
		}
		if e.RequestBody, err = post.body(e.RequestHeader, request.BodySize); err != nil {
			return nil, fmt.Errorf("request.postData: %w", err)
		}
	}
	if e.ResponseBody, err = response.Content.body(e.ResponseHeader, response.Content.Size); err != nil {
		return nil, fmt.Errorf("response.content: %w", err)
	}
	return e, nil
}

// body is nil if it was not recorded. The media type goes into the header of a body where that does not have one.
func (t harText) body(header http.Header, size float64) ([]byte, error) {
	if t.Text == nil || *t.Text == "" && size > 0 {
		return nil, nil
	}
	body := []byte(*t.Text)
	if strings.EqualFold(t.Encoding, "base64") {
		var err error
		if body, err = base64.StdEncoding.DecodeString(*t.Text); err != nil {
			return nil, fmt.Errorf("text: %w", err)
		}
	}
	if len(body) > 0 && t.MimeType != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", t.MimeType)
	}
	return body, nil
}

// harHeaders leaves out what HTTP/2 has in place of the first line (":authority").
func harHeaders(list []harHeader) http.Header {
	h := http.Header{}
	for _, field := range list {
		if !strings.HasPrefix(field.Name, ":") {
			h.Add(field.Name, field.Value)
		}
	}
	return h
}
