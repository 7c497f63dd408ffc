package specgen

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/specs"
)

// clients make the generated client of each provider.
var clients = map[string]func(server string, doer sent) (any, error){
	"digitalpaye": func(server string, doer sent) (any, error) {
		return digitalpaye.NewClient(server, digitalpaye.WithHTTPClient(doer))
	},
	"fatora": func(server string, doer sent) (any, error) {
		return fatora.NewClient(server, fatora.WithHTTPClient(doer))
	},
	"simplepin": func(server string, doer sent) (any, error) {
		return simplepin.NewClient(server, simplepin.WithHTTPClient(doer))
	},
	"stancer": func(server string, doer sent) (any, error) {
		return stancer.NewClient(server, stancer.WithHTTPClient(doer))
	},
}

// sent takes the requests that a client sends.
type sent func(*http.Request)

func (s sent) Do(req *http.Request) (*http.Response, error) {
	s(req)
	return nil, nil
}

// allowed are the differences that both sides may have in one place, and why. There are no others.
var allowed = []struct {
	why   string
	holds func(sent message, v check.Violation) bool // v is of the generated check
}{
	{
		why: "A required text is sent even if it is empty, and so is an object of such texts, but in Go nothing tells it from one " +
			"that was forgotten: the check has it missing, where the contract has it break another rule, or none.",
		holds: func(sent message, v check.Violation) bool { return v.Rule == "required" && empty(sent.at(v.Pointer)) },
	},
}

// target is an operation whose requests are compared.
type target struct {
	operation
	server string
	spec   *contract.Spec
	// send is the client's method: from the context, ids in the path, a pointer to the struct of the other parameters and
	// the struct of the body, as far as the operation has them. The request comes out at last.
	send reflect.Value
	last *http.Request
}

func targets(t testing.TB) []*target {
	require.Equal(t, specs.Providers(), slices.Sorted(maps.Keys(clients)))
	var all []*target
	for provider, client := range clients {
		spec, err := contract.Load(provider)
		require.NoError(t, err)
		yaml, err := specs.FS.ReadFile(provider + ".yaml")
		require.NoError(t, err)
		doc, err := openapi3.NewLoader().LoadFromData(yaml)
		require.NoError(t, err)
		for _, op := range operations(doc) {
			target := &target{operation: op, server: doc.Servers[0].URL, spec: spec}
			api, err := client(target.server, func(req *http.Request) { target.last = req })
			require.NoError(t, err)
			target.send = reflect.ValueOf(api).MethodByName(strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:])
			require.True(t, target.send.IsValid(), op.OperationID)
			all = append(all, target)
		}
	}
	// An order that a corpus can rely on.
	slices.SortFunc(all, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.OperationID, b.OperationID))
	})
	return all
}

// FuzzChecksAgreeWithContract makes requests from choices: the generated checks of what they are made of, and package
// contract, which sees what is sent, break the same rules at the same places.
func FuzzChecksAgreeWithContract(f *testing.F) {
	all := targets(f)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range all {
		f.Add(uint8(i), []byte{})
		for range 8 {
			f.Add(uint8(i), []byte(randomChoices(random)))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, data []byte) {
		c := choices(data)
		agree(t, all[int(i)%len(all)], &c)
	})
}

func randomChoices(random *rand.Rand) choices {
	c := make(choices, 128)
	for i := range c {
		c[i] = byte(random.Uint32())
	}
	return c
}

// TestChoicesReachTheLimits compares many requests without fuzzing, and makes sure that they break each rule, and that
// some break none.
func TestChoicesReachTheLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	broken := map[string]int{}
	for _, target := range targets(t) {
		for range 400 {
			c := randomChoices(random)
			found := agree(t, target, &c)
			for _, v := range found {
				broken[v.Rule+" "+v.Bound]++
			}
			if len(found) == 0 {
				broken[""]++
			}
		}
	}
	for _, rule := range []string{
		"", "required ", "minLength 3", "maxLength 64", "minLength 8", "maxLength 16", "maxLength 36", "minLength 5", "format email",
		"format date-time", `pattern ^\d{10}$`, "pattern ^[A-Z]{2}$", "enum Production or Sandbox", "anyOf email or phone", "minProperties 1",
	} {
		assert.Greater(t, broken[rule], 4, rule)
	}
}

// agree makes one request and returns what its checks find, which is what the contract finds.
func agree(t *testing.T, target *target, c *choices) []check.Violation {
	t.Helper()
	var found []check.Violation
	arguments := []reflect.Value{reflect.ValueOf(t.Context())}
	var values []any
	for i := 1; i < target.send.Type().NumIn()-1; i++ { // the last are editors
		typ := target.send.Type().In(i)
		v := reflect.New(typ)
		switch {
		case typ.Kind() == reflect.Struct:
			c.fill(v.Elem(), target.RequestBody.Value.Content.Get("application/json").Schema.Value, 0)
		case typ.Kind() == reflect.Pointer:
			v.Elem().Set(reflect.New(typ.Elem()))
			for j := range typ.Elem().NumField() {
				name := name(typ.Elem().Field(j))
				k := slices.IndexFunc(target.parameters, func(p *openapi3.Parameter) bool { return p.Name == name })
				require.GreaterOrEqual(t, k, 0, name)
				c.fill(v.Elem().Elem().Field(j), target.parameters[k].Schema.Value, 0)
			}
		case typ.Kind() == reflect.String:
			v.Elem().SetString("cust_9Cle7TXKkjhwqcWx4Kl5cQYk")
		default:
			v.Elem().SetInt(1024)
		}
		arguments = append(arguments, v.Elem())
		for _, part := range []any{v.Interface(), v.Elem().Interface()} {
			if checked, ok := part.(interface{ Check() []check.Violation }); ok {
				found = append(found, checked.Check()...)
				values = append(values, part)
			}
		}
	}
	require.True(t, target.send.Call(arguments)[1].IsNil())
	sent := message{Request: target.last}
	if sent.Body != nil {
		var err error
		sent.body, err = io.ReadAll(sent.Body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(sent.body, &sent.value))
	}
	held := target.spec.CheckRequest(sent.Request, sent.body)
	held = slices.DeleteFunc(held, func(v check.Violation) bool { return v.Rule == "security" })

	mine := slices.DeleteFunc(slices.Clone(found), func(v check.Violation) bool {
		for _, difference := range allowed {
			if difference.holds(sent, v) {
				held = slices.DeleteFunc(held, func(h check.Violation) bool {
					return h.Pointer == v.Pointer || strings.HasPrefix(h.Pointer, v.Pointer+"/")
				})
				return true
			}
		}
		return false
	})
	require.Equal(t, sorted(held), sorted(mine), "%s: %+v\n%s %s\n%s", target.OperationID, values, sent.Method, sent.URL, sent.body)
	return found
}

// message is a request as it is sent.
type message struct {
	*http.Request
	body  []byte
	value any // of the body
}

// at is what is sent at the place of a violation; nil if nothing is.
func (m message) at(pointer string) any {
	if name, ok := strings.CutPrefix(pointer, "query/"); ok {
		if query, _ := url.ParseQuery(m.URL.RawQuery); query.Has(name) {
			return query.Get(name)
		}
		return nil
	}
	value := m.value
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}

// empty reports whether a value is an empty text, or an object of nothing else.
func empty(value any) bool {
	members, ok := value.(map[string]any)
	for _, member := range members {
		ok = ok && empty(member)
	}
	return ok || value == ""
}

// sorted lists violations by place, each once: both sides promise a set.
func sorted(vs []check.Violation) []string {
	lines := []string{}
	for _, v := range vs {
		lines = append(lines, v.Pointer+" "+v.String())
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// choices are bytes that decide; when they run out, everything is the first choice.
type choices []byte

// next decides between n things, at most 256.
func (c *choices) next(n int) int {
	if len(*c) == 0 {
		return 0
	}
	b := int((*c)[0])
	*c = (*c)[1:]
	return b * n / 256
}

// pick decides between values.
func pick[T any](c *choices, values ...T) T { return values[c.next(len(values))] }

// fill sets a value that a schema describes.
func (c *choices) fill(v reflect.Value, s *openapi3.Schema, depth int) {
	s = plain(&openapi3.SchemaRef{Value: s}).Value
	switch v.Kind() {
	case reflect.Pointer:
		if pick(c, false, true) {
			v.Set(reflect.New(v.Type().Elem()))
			c.fill(v.Elem(), s, depth)
		}
	case reflect.Struct:
		if depth > 0 && pick(c, false, false, true) {
			return // left out
		}
		sparse := pick(c, false, false, false, true)
		for i := range v.NumField() {
			if sparse && pick(c, false, true, true, true) {
				continue
			}
			c.fill(v.Field(i), s.Properties[name(v.Type().Field(i))].Value, depth+1)
		}
	case reflect.Slice:
		if n := pick(c, -1, 0, 1, 2, 3); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				c.fill(v.Index(i), s.Items.Value, depth)
			}
		}
	case reflect.String:
		v.SetString(c.text(s))
	case reflect.Bool:
		v.SetBool(pick(c, false, true))
	case reflect.Int, reflect.Int64:
		v.SetInt(c.integer(s))
	default:
		panic("no choices for " + v.Type().String())
	}
}

// name is that of a property or parameter in the contract.
func name(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func (c *choices) integer(s *openapi3.Schema) int64 {
	n := pick[int64](c, 0, 1, -1, 1024, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64)
	if s.Min != nil && pick(c, false, true) {
		n = int64(*s.Min) + pick[int64](c, -1, 0, 1)
	}
	if s.Max != nil && pick(c, false, true) {
		n = int64(*s.Max) + pick[int64](c, -1, 0, 1)
	}
	return n
}

// text is a text in UTF-8, since the facade refuses others: right, wrong by a little, or anything.
func (c *choices) text(s *openapi3.Schema) string {
	limits := []int{int(s.MinLength), int(s.MinLength)}
	if s.MaxLength != nil {
		limits[1] = int(*s.MaxLength)
	}
	example, _ := s.Example.(string)
	if len(s.Enum) > 0 {
		example, _ = s.Enum[c.next(len(s.Enum))].(string)
	}
	switch c.next(8) {
	case 0:
		return ""
	case 1, 2, 3:
		return example
	case 4: // as long as may be, or one more, or one less
		n := max(0, pick(c, limits...)+pick(c, -1, 0, 1))
		if pick(c, false, true) && n > len("@example.com") {
			return strings.Repeat("é", n-len("@example.com")) + "@example.com"
		}
		return strings.Repeat(pick(c, "a", "é", "€", "🎉", "7", "A", " "), n)
	case 5: // the example with a change
		runes := []rune(example)
		at := c.next(len(runes) + 1)
		end := min(len(runes), at+c.next(2))
		return string(runes[:at]) + pick(c, "", "a", "Z", "0", "-", ".", "@", "+", " ", "\n", "é", "\x00", ":", "Z\u0301") + string(runes[end:])
	case 6:
		return pick(c, "ama@example.com", "Ama <ama@example.com>", "ama@", "a@b", "+2250102030405", "0102030405", "CI", "ci", "Production",
			"production", "null", "true", "0", "{}", `"`, "<a>&amp;", "a,b", "2020-01-31T00:00:00.000-05:00", "2020-01-31T00:00:00Z",
			"2020-02-30T00:00:00.000Z", "2020-01-31T24:00:00.000Z", "2020-01-31T23:59:60.000Z", "2020-01-31T00:00:00.000+25:00")
	}
	n := min(c.next(24), len(*c))
	text := strings.ToValidUTF8(string((*c)[:n]), "\ufffd")
	*c = (*c)[n:]
	return text
}
