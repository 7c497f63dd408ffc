package internal
import (
 _ "github.com/stretchr/testify/require"
 _ "golang.org/x/sync/singleflight"
 _ "github.com/golang-jwt/jwt/v5"
 _ "github.com/spf13/cobra"
 _ "github.com/oapi-codegen/runtime"
 _ "github.com/getkin/kin-openapi/openapi3filter"
)
