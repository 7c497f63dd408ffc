package main

// Peers that are generated from the same contracts. Of oapi-codegen it is the version that the library pins.

//go:generate go tool -C .. oapi-codegen -config bench/peers/oapi/config.yaml -package stancer -o bench/peers/oapi/stancer/stancer.gen.go specs/stancer.yaml
//go:generate go tool -C .. oapi-codegen -config bench/peers/oapi/config.yaml -package simplepin -o bench/peers/oapi/simplepin/simplepin.gen.go specs/simplepin.yaml

// ogen does not implement the rule that an e-mail or a mobile is needed, and would leave out the operation with it.

//go:generate sh -c "sed '/^      anyOf:$/,+2d' ../specs/stancer.yaml > peers/stancer.yaml"
//go:generate go tool ogen -config peers/ogen.yml -target peers/ogen -package ogen -clean peers/stancer.yaml
//go:generate rm peers/stancer.yaml
