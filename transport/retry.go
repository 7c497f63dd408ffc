package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/contract-first/customers"
)

// Retry says how often a request is sent that failed for a reason that may pass. The zero value is the safe policy; it
// cannot be made an unsafe one:
//
//   - A read (a safe method of RFC 9110, and the exchange of credentials for a token) is sent again after 408, 429,
//     500, 502, 503, 504, and when no whole answer came.
//   - A write is sent again only if the provider did not get it or surely refused it: the connection could not be made,
//     nothing of the request was sent, or the answer is 429.
//   - Whatever it is, once more after a 401, where the credentials can be asked for anew and are others than before.
//
// Before each new attempt there is a pause: what Retry-After says, else a random time between nothing and a bound that
// doubles with each attempt.
type Retry struct {
	// Attempts bounds how often one request is sent; the one after a 401 does not count. 0 is 3; 1 is never again.
	Attempts int
	// Delay bounds the first pause. 0 is 250 ms.
	Delay time.Duration
	// MaxDelay bounds every pause; if the provider asks for a longer one, the call gives up at once and tells so. 0 is
	// 10 seconds.
	MaxDelay time.Duration
}

func (r Retry) withDefaults() Retry {
	return Retry{cmp.Or(r.Attempts, 3), cmp.Or(r.Delay, 250*time.Millisecond), cmp.Or(r.MaxDelay, 10*time.Second)}
}

// step is what follows an attempt.
type step struct {
	again bool
	pause time.Duration
	// why is the reason for the next attempt, or for there being none; "" if nothing spoke for one.
	why string
	// renew means that there is a next attempt only if other credentials can be had.
	renew bool
}

// mayBeDone is what the outcome of the error says already.
const mayBeDone = "a write that may have been carried out is not sent again"

func (s step) String() string {
	switch {
	case s.renew:
		return "new credentials are asked for"
	case s.again:
		return fmt.Sprintf("again in %v: %s", s.pause.Round(time.Millisecond), s.why)
	case s.why != "":
		return "given up: " + s.why
	}
	return ""
}

// next decides what follows an attempt that ended with resp, or failed.
func (r Retry) next(ctx context.Context, write bool, attempt int, resp *http.Response, failed *customers.Error) step {
	if failed == nil {
		if resp.StatusCode < 400 {
			return step{}
		}
		failed = &customers.Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, time.Now())}
	}
	asked := failed.RetryAfter
	passing, why := mayPass(failed)
	surelyRefused := failed.Status == http.StatusTooManyRequests || failed.Outcome == customers.ErrNotSent
	deadline, _ := ctx.Deadline() // there is one: Options.Timeout
	switch {
	case !passing || ctx.Err() != nil:
		return step{}
	case write && !surelyRefused:
		return step{why: mayBeDone}
	case attempt >= r.Attempts:
		if r.Attempts == 1 {
			return step{}
		}
		return step{why: fmt.Sprintf("tried %d times (Retry.Attempts)", attempt)}
	case asked > r.MaxDelay:
		return step{why: fmt.Sprintf("the provider asks to wait %v, longer than %v (Retry.MaxDelay)", asked, r.MaxDelay)}
	}
	pause := asked
	if pause == 0 {
		// Full jitter: clients that failed together do not come back together.
		most := min(float64(r.Delay)*math.Exp2(float64(attempt-1)), float64(r.MaxDelay))
		pause = 1 + time.Duration(rand.Float64()*most) // floating point cannot overflow
	}
	if time.Until(deadline) <= pause {
		return step{why: fmt.Sprintf("a pause of %v would outlast the deadline", pause.Round(time.Millisecond))}
	}
	return step{again: true, pause: pause, why: why}
}

// mayPass reports whether an attempt failed for a reason that may pass, and names it.
func mayPass(failed *customers.Error) (passing bool, why string) {
	switch failed.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, "status " + strconv.Itoa(failed.Status)
	}
	switch {
	case failed.Kind != customers.ErrUnavailable, untrusted(failed.Err), errors.Is(failed.Err, errNoAnswer):
		return false, ""
	case failed.Status != 0:
		return true, "the answer broke off"
	case failed.Outcome == customers.ErrNotSent:
		return true, "not sent"
	}
	return true, "no answer"
}

// sleep reports false if the context ended first.
func sleep(ctx context.Context, pause time.Duration) bool {
	if pause == 0 {
		return true
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds or a date. What makes no sense is 0; more than a
// duration can hold is the longest one.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := first(h, "Retry-After")
	if value == "" {
		return 0
	}
	const most = math.MaxInt64 / int64(time.Second)
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range it is the nearest that an int64 holds
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
