//go:build ignore

// The tools behind go generate: everything that is made from the contract of one provider, in the order in which it
// needs each other. The generator's version is pinned by the tool line of go.mod, which costs importers nothing; an
// import in this package would put the generator and all it needs into the go.mod of every program that uses it.
package main

import (
	"log"
	"os"
	"os/exec"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run tools.go provider")
	}
	provider := os.Args[1]
	for _, tool := range [][]string{
		{"tool", "oapi-codegen", "--config", "gen/" + provider + "/config.yaml", "specs/" + provider + ".yaml"},
		{"run", "./internal/specgen", provider},
	} {
		cmd := exec.Command("go", tool...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			log.Fatalf("%s: go %v: %v", provider, tool, err)
		}
	}
}
