package sandbox

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// isJSON reports whether a message says that its body is JSON.
func isJSON(h http.Header) bool {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && name == "application/json"
}

// acceptsJSON reports whether Accept allows JSON. The range that fits most closely decides; no Accept allows everything.
func acceptsJSON(h http.Header) bool {
	values := h.Values("Accept")
	if len(values) == 0 {
		return true
	}
	closest, allowed := 0, false
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		closeness := map[string]int{"*/*": 1, "application/*": 2, "application/json": 3}[name]
		if closeness <= closest {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		closest, allowed = closeness, err != nil || q > 0
	}
	return allowed
}
