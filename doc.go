// Package customers is one facade over the customer endpoints of payment providers.
//
// A [Client] creates, reads, changes, deletes and lists customers at one provider; Open of a package below adapters
// makes one. The providers disagree about names, addresses, phones, ids and errors, and keep different things. The
// facade says so instead of hiding it.
//
// A create at Stancer, by package adapters/stancer:
//
//	client, err := stancer.Open(stancer.Config{APIKey: os.Getenv("STANCER_API_KEY")})
//	if err != nil {
//		return err // nothing was sent
//	}
//	created, err := client.Create(ctx, customers.Profile{
//		Name:  customers.Name{Given: "Ama", Family: "Kouassi"},
//		Email: "ama.kouassi@example.com",
//	})
//	switch {
//	case errors.Is(err, customers.ErrUnknownOutcome):
//		fmt.Println("sent, and nobody answered: client.Ensure finds out what became of it")
//	case err != nil:
//		fmt.Println(err)
//	default:
//		fmt.Println(created.ID)
//	}
//
// What it promises:
//
//   - A field that the provider cannot keep fails the call before anything is sent, unless [Policy] allows its loss.
//   - An operation whose method or path nobody documents is refused with [ErrUnproven], unless [Policy] allows it.
//   - Every failed write tells whether the provider may have done it ([Outcome]).
//   - Errors hold no secret and no customer's data. A [Profile], [Customer], [Patch] or [Query] that is printed or
//     logged names its fields and shows none of their values.
//
// [Client.Plan] tells what a create would do with each field, without sending anything. [Client.Ensure] finds or
// creates, and is what to call after [ErrUnknownOutcome]. What a program cannot do without it names in
// [Policy].Require.
//
// Package transport has what goes on below: retries, timeouts, pace, hooks, keys that change. A contract.RoundTripper
// given to it holds every exchange against its contract, also in production, to refuse or only to report what breaks
// it.
//
// To test a program, there are the providers' fakes of package sandbox, over HTTP, and without it package
// adapters/memory. Package adapters/adaptertest holds an adapter of one's own against all that is promised here.
//
// # The house
//
// What goes over the wire is described by one OpenAPI contract per provider, in the folder specs. A call goes down the
// stairs, its answer comes up, and no room calls upward:
//
//	 your program
//	     |  Profile, Patch, Query        ^  Customer, *Error
//	     v                               |
//	+---------------------------------------------------------------------+
//	| Client       this package       field rules, policy, plan, outcome  |
//	+---------------------------------------------------------------------+
//	     |  Driver                       ^
//	+---------------------------------------------------------------------+
//	| adapters/x   one per provider   mapping there and back              |
//	| gen/x        from specs/x.yaml  types, requests, request checks     |
//	| transport    the wire           credentials, limits, retries, error |
//	+---------------------------------------------------------------------+
//	     |  http.RoundTripper            ^
//	     v                               |
//	 contract.RoundTripper, if you plug it in: the raw bytes against specs/x.yaml
//	     |                               ^
//	     v                               |
//	 the provider, or its fake in sandbox
//
// This package imports the standard library only. docs/architecture.md has the whole house, with who imports whom.
package customers
