package customers

// A provider is one word: its client, types, request checks and capability table.

//go:generate go run tools.go digitalpaye fatora simplepin stancer

// The names of countries, by which one adapter matches.

//go:generate go run ./internal/countrygen
