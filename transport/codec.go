package transport

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/contract-first/customers/contract/check"
)

// Codec is another form than JSON, in which a provider wants the bodies of requests and gives those of answers. The
// wire turns it into JSON and back below the generated client, so that everything above, clients got through As
// included, knows JSON only. An operation is told by its method and the path below that of BaseURL. It is safe for
// concurrent use.
type Codec interface {
	// MediaTypes are those of the form: the first is asked for and sent, all are read.
	MediaTypes() []string
	// Encode turns the JSON of a request into the form. The violations are why it cannot be.
	Encode(method, path string, body []byte) ([]byte, []check.Violation)
	// Decode turns the body of an answer into JSON; empty JSON where nothing is known of what an answer that is no success
	// says. undeclared names what the JSON leaves out. The complaint says what is wrong with the body, "" if nothing is;
	// it must not name values.
	Decode(method, path string, success bool, body []byte) (data []byte, undeclared []string, complaint string)
}

// Speak is a wire to the same place that uses a codec, sharing connections and pace. A request whose Content-Type is
// given and not JSON goes as it is; an answer that says that it is JSON is read as that.
func (w *Wire) Speak(c Codec) *Wire {
	other := *w
	other.codec = c
	return &other
}

// encode is req as it goes over the wire. The body of req can be read again.
func (w *Wire) encode(req *http.Request) (*http.Request, error) {
	media := w.codec.MediaTypes()[0]
	send := *req
	send.Header = req.Header.Clone()
	setDefault(send.Header, "Accept", media)
	if req.Body == nil || req.Body == http.NoBody || !isJSON(req.Header) {
		setDefault(send.Header, "Content-Type", media)
		return &send, nil
	}
	data, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(data))
	body, vs := w.codec.Encode(req.Method, w.below(req), data)
	if len(vs) > 0 {
		return nil, refused(vs)
	}
	send.Header.Set("Content-Type", media)
	send.ContentLength = int64(len(body))
	send.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	send.Body, _ = send.GetBody()
	return &send, nil
}

// below is the path of a request below that of BaseURL.
func (w *Wire) below(req *http.Request) string { return strings.TrimPrefix(req.URL.Path, w.base.Path) }

// translate turns an answer into one in JSON. One that it cannot turn stays as it came.
func (w *Wire) translate(req *http.Request, resp *http.Response) {
	a := resp.Body.(*answer)
	declared := first(resp.Header, "Content-Type")
	media, params, err := mime.ParseMediaType(declared)
	switch {
	case len(a.body) == 0, declared != "" && isJSON(resp.Header):
		return
	case declared != "" && (err != nil || !slices.Contains(w.codec.MediaTypes(), media)):
		a.complaint = "the answer is neither JSON nor " + w.codec.MediaTypes()[0]
		return
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		a.complaint = "the answer is not UTF-8"
		return
	}
	success := resp.StatusCode >= 200 && resp.StatusCode <= 299
	data, undeclared, complaint := w.codec.Decode(req.Method, w.below(req), success, a.body)
	if a.complaint = complaint; complaint != "" {
		return
	}
	a.undeclared, a.body = undeclared, data
	if len(data) == 0 {
		return // what it says stays for whoever reads the body himself
	}
	a.Reset(data)
	resp.ContentLength = int64(len(data))
	resp.Header.Del("Content-Length")
	resp.Header.Set("Content-Type", "application/json")
}
