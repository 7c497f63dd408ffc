package check_test

import (
	"fmt"

	"github.com/contract-first/customers/contract/check"
)

// person is what a generator makes of a schema.
type person struct {
	Name, Email, Country string
	Age                  int
	Phones               []string
	Address              struct{ City string }
}

// Check is what package gen has for each request, here by hand.
func (p *person) Check() (vs []check.Violation) {
	vs = check.Length(vs, check.At{Pointer: "/name", Field: "name"}, p.Name, 1, 40)
	vs = check.Format(vs, check.At{Pointer: "/email", Field: "email"}, p.Email, "email")
	vs = check.Enum(vs, check.At{Pointer: "/country"}, p.Country, "CI", "SN")
	vs = check.Minimum(vs, check.At{Pointer: "/age"}, p.Age, 18)
	vs = check.Maximum(vs, check.At{Pointer: "/age"}, p.Age, 130)
	vs = check.Items(vs, check.At{Pointer: "/phones"}, len(p.Phones), 0, 2)
	for i, phone := range p.Phones {
		vs = check.UnderItem(vs, "/phones", i, check.Length(nil, check.At{}, phone, 8, 16))
	}
	// No field of the facade feeds what only this provider has.
	city := check.Unfed(check.Length(nil, check.At{Pointer: "/city", Field: "address.city"}, p.Address.City, 1, -1))
	return check.Under(vs, "/"+check.Token("home/address"), city)
}

func Example() {
	p := person{Name: "Ama Kouassi", Email: "ama", Country: "FR", Age: 17, Phones: []string{"+2250102030405", "1"}}
	for _, v := range p.Check() {
		fmt.Println(v) // the place and the rule, never the value
	}
	fmt.Println(check.IsEmail("ama.kouassi@example.com"), check.IsFormat("2026-02-30", "date"))
	// Output:
	// email (/email): format email
	// /country: enum CI or SN
	// /age: minimum 18
	// /phones/1: minLength 8
	// /home~1address/city: minLength 1
	// true false
}
