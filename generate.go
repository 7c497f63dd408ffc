package customers

// A provider is one line: its client, types, request checks and capability table.

//go:generate go run tools.go digitalpaye
//go:generate go run tools.go fatora
//go:generate go run tools.go simplepin
//go:generate go run tools.go stancer

// The names of countries, by which one adapter matches.

//go:generate go run ./internal/countrygen
