package main

// Peers that are generated from the same contracts; make generate does it. Neither generator can do what Stancer's rule
// says, that an e-mail or a mobile is needed: oapi-codegen would make a union without type of it, and ogen would leave
// out the operation. The library's own generation leaves it out too.

//go:generate sh -c "sed '/^      anyOf:$/,+2d' ../specs/stancer.yaml > peers/stancer.yaml"
//go:generate go tool oapi-codegen -config peers/oapi.yaml -package stancer -o peers/oapi/stancer/stancer.gen.go peers/stancer.yaml
//go:generate go tool oapi-codegen -config peers/oapi.yaml -package simplepin -o peers/oapi/simplepin/simplepin.gen.go ../specs/simplepin.yaml
//go:generate go tool ogen -config peers/ogen.yml -target peers/ogen -package ogen -clean peers/stancer.yaml
//go:generate rm peers/stancer.yaml
