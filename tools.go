//go:build ignore

// The tools behind go generate: everything that is made from the contracts of the providers named. The generator
// (oapi-codegen) is a library of internal/specgen, so one process does it all, and its version stands in go.mod. An import
// in the package customers would put it and all it needs into the go.mod of every program that uses the library.
package main

import (
	"log"
	"os"

	"github.com/contract-first/customers/internal/specgen"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: go run tools.go provider...")
	}
	for _, provider := range os.Args[1:] {
		if err := specgen.Generate(provider); err != nil {
			log.Fatalf("%s: %v", provider, err)
		}
	}
}
