package markup_test

import (
	"fmt"

	"github.com/contract-first/customers/contract/markup"
)

// A body in XML is read as the JSON value that it stands for, and written from it.
func Example() {
	text := &markup.Element{Type: markup.String}
	root := &markup.Root{Name: "customer", Element: &markup.Element{Type: markup.Object, Properties: []markup.Property{
		{Name: "name", XML: "full_name", Element: text},
		{Name: "phones", XML: "phones", Element: &markup.Element{
			Type: markup.Array, Wrapped: true, ItemName: "phone", Items: text,
		}},
	}}}
	value, problems, ok := markup.Decode([]byte(
		`<customer><full_name>Ama Kouassi</full_name><phones><phone>+2250102030405</phone></phones><tier>gold</tier></customer>`,
	), root)
	fmt.Println(value, ok)
	for _, p := range problems {
		fmt.Println(p.Rule, p.Path) // what the form has no place for; no value is told
	}
	body, violations := markup.Encode(value, root)
	fmt.Println(string(body), violations)
	// Output:
	// map[name:Ama Kouassi phones:[+2250102030405]] true
	// additionalProperties [tier]
	// <customer><full_name>Ama Kouassi</full_name><phones><phone>+2250102030405</phone></phones></customer> []
}
