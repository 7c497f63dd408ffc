// Package adaptertest holds an adapter against every promise of the facade. An adapter's author calls [Run] in a test,
// also in another repository; see the example.
//
// The author says how to start a provider and open a driver for it, and gives a few profiles ([Harness]). The kit does
// the rest: what a check needs it derives from the driver's Capabilities, and what those lack is skipped with its reason.
// A provider with an HTTP API is best played by a fake behind a [Server], which counts requests and plays faults; for
// another protocol implement [Faults].
//
// Checks have stable names; they are subtests, so that go test -run finds one. A check that an adapter is known to fail
// is named in Harness.Skips with the reason; one that would pass, or does not apply, must not stand there.
//
// The checks are:
//
//   - create: what a create stores is read back: every field that the capabilities promise, and nothing else
//   - create-answer: a create gives back the customer as it is stored, as far as it tells
//   - create-again: a second create of the same customer leaves the first alone; if refused, with a known id or none
//   - unknown-id: what nobody has is ErrNotFound: in get, update and delete
//   - ids: no id leads to another place than its own customer
//   - update: an update changes what the patch names and nothing else
//   - update-concurrent: updates of different fields at the same time all last
//   - clear: a field is emptied where the capabilities say so, and else refused before anything is sent
//   - delete: a deleted customer is gone: ErrNotFound
//   - list: a list has every customer once, as a get has it
//   - find: a query gives the customers that have what it asks for, and no error if there are none
//   - list-again: an iterator that is ranged over twice asks twice
//   - list-break: a loop over a list can be left at any customer
//   - list-failure: a list that fails says so once and ends
//   - open: opening, describing and closing send nothing
//   - unsupported-fields: a field that is not kept is refused and named before anything is sent
//   - unsupported-operations: an operation that the provider lacks is refused before anything is sent
//   - unproven: an operation that is only inferred is refused unless the policy allows it
//   - loss: a loss that the policy allows is told, and what remains is kept
//   - loss-call: a loss that the context allows is told too, and counts for no other call
//   - required-fields: a create without a field either works or is refused before anything is sent
//   - require: a policy that requires what is there opens a client, and one that requires what is not names it
//   - plan: a plan sends nothing, has a step for each field, and what it calls kept is what a get gives
//   - plan-refused: what a create refuses before anything is sent, a plan refuses with the same error
//   - ensure: an ensure finds who is there, changes nothing, and creates who is not; where it cannot tell, it is refused
//   - ensure-unknown: an ensure whose create has an unknown outcome makes one customer, then or when it is called again
//   - ensure-concurrent: ensures of one customer at the same time make one
//   - errors: a driver's errors are *customers.Error with kind and outcome; a client's name provider and operation
//   - unauthorized: refused credentials are ErrUnauthenticated, and nothing was done
//   - rate-limited: too many requests are ErrRateLimited with RetryAfter, and nothing was done
//   - server-error: a fault of the provider is ErrUnavailable, with unknown outcome if a write was sent
//   - no-answer: a connection that ends is ErrUnavailable, with unknown outcome if a write was sent
//   - gibberish: an answer that nobody understands is ErrContract, with unknown outcome if a write was sent
//   - unreachable: a provider that cannot be reached is ErrUnavailable, and nothing was sent
//   - sent-once: a write whose outcome is unknown is not sent again
//   - other-customer: an answer about another customer is ErrContract
//   - verbatim: a value without a form in the facade is kept as it came, in Verbatim
//   - unknown-properties: properties that no contract knows do no harm
//   - canceled-before: a context that has ended sends nothing: ErrCanceled, not sent
//   - canceled-during: a context that ends ends the call: ErrCanceled, with unknown outcome if a write was sent
//   - concurrent: calls at the same time give each its own, and do not wait for each other
//   - goroutines: no goroutine is left after Close
//   - close: Close can be called again, and later calls work
//   - secrets: no credential shows in an error, driver, client or configuration that is printed, logged or marshalled
//   - personal-data: no value of a customer shows in an error that is printed, logged or marshalled
//   - capabilities: capabilities make sense, are the same each time, and are the caller's own
//   - copies: what a caller does with a customer or a patch changes nothing later
//   - as: As gives each caller a client of its own, and knows no other type and no nil
//
// The kit needs the standard library and the facade only, so that it adds nothing to the go.mod of an adapter. What it
// cannot know is whether the fake is like the real provider.
package adaptertest
