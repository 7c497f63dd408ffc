package customers

// One provider is two lines: its client and types, then its request checks and capability table.

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config gen/digitalpaye/config.yaml specs/digitalpaye.yaml
//go:generate go run ./internal/specgen digitalpaye
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config gen/fatora/config.yaml specs/fatora.yaml
//go:generate go run ./internal/specgen fatora
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config gen/simplepin/config.yaml specs/simplepin.yaml
//go:generate go run ./internal/specgen simplepin
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config gen/stancer/config.yaml specs/stancer.yaml
//go:generate go run ./internal/specgen stancer
