// Package transport is the wire under every adapter: credentials, limits of time and size, and one generic [Call] that
// checks a request, sends it, reads the answer within bounds and makes one [customers.Error] of whatever goes wrong.
//
// Programs need [Options], which is part of every adapter's Config, with [Retry], and [Exchange], which a hook gets. All
// else is for those who write adapters, in other repositories too: they begin with [New] and [Call].
//
// What it promises for every request, also for those of the generated client that an adapter hands out through As:
//
//   - Credentials are added below the generated client and go only to the configured host. No redirect is followed:
//     a 3xx answer is an error.
//   - The answer is read up to Options.MaxBody; a longer one is an error, never cut.
//   - The whole request, waits, attempts and reading the answer included, takes at most Options.Timeout.
//   - Plain http is refused, loopback aside.
//   - No write is sent again unless the provider did not get it or surely refused it; see [Retry]. A read is also
//     repeated by net/http where an idle connection turns out dead.
//   - The hook sees each attempt, why it was made and what was decided after it.
//
// Any 2xx is a success if its body is JSON as the contract has it. Of a property that stands there twice the last
// counts, and one that the contract does not know is passed over, as encoding/json does: a record that will be written
// back ([ReadForUpdate]) is refused for either, and package contract reports them. What is not HTTP, or has a header
// larger than 64 KiB, is no answer.
//
// Nothing here writes a log, and there is no debug output: the hook is all there is to see, and it shows no header and
// no body. What the wire cannot promise:
//
//   - A request id, an error's code and the name of a property are the provider's, and printed if they have the form of
//     an identifier: a provider that puts a key or a name of a person there is not caught.
//   - net/http writes what a server sends beyond the end of an answer into the standard log of the program. Exchanges
//     of credentials for a token are kept out of that; data of customers may be in it.
//   - A panic of the RoundTripper or of the hook goes on to the caller, to each that waits where it happens while a
//     token is fetched, and says whatever it says.
//
// Libraries: golang.org/x/sync/singleflight, because one fetch ([Cached]) for many waiters whose contexts end
// separately is easy to get wrong; golang.org/x/time/rate, for the same reason, for the pace. None for backoff: full
// jitter is one line, and what may be repeated is decided by outcome, which the libraries do not know. None for the
// lifetime in a token: reading it is decoding one part, and verifying it is the provider's business.
package transport
