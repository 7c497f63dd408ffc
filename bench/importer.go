package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is a small program that uses the library, or not, and what it costs.
type program struct {
	Name string
	// Bytes is the size of its binary, built with -trimpath -ldflags "-s -w".
	Bytes int
	// Packages are all that are compiled into it, Others those beyond the standard library.
	Packages, Others int
	// Required are the modules in its go.mod but the library itself, Sums the lines of its go.sum.
	Required, Sums int
	// Start is the time from exec to exit of a program that only opens its client, in milliseconds; StartRatio is that
	// over the plain program's of the same turn.
	Start, StartRatio stat
	// Inits are the packages beyond the standard library that do something before main.
	Inits []initialised
}

// initialised is what GODEBUG=inittrace=1 says of a package.
type initialised struct {
	Package      string
	Milliseconds float64
	Allocs       int
}

// The plain program is what the others are held against: it does by hand what they do through the library.
const (
	plain      = "plain net/http + encoding/json"
	plainXML   = "plain + encoding/xml"
	plainNames = "plain + x/text normalizer"
)

const plainSource = `package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
%s)

func main() {
	client := &http.Client{Timeout: 30 * time.Second}
%s	if len(os.Args) < 2 {
		return
	}
	body, err := json.Marshal(map[string]string{"name": "Ama Kouassi", "email": "ama.kouassi@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), "POST", os.Args[1], bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var created struct {
		ID string ` + "`json:\"id\"`" + `
	}
	if err := json.NewDecoder(resp.Body).Decode(&created); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, created.ID)
}
`

const adapterSource = `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/contract-first/customers"
%s)

func main() {
	var client *customers.Client
	var err error
%s	if len(os.Args) < 2 {
		return
	}
	created, err := client.Create(context.Background(), customers.Profile{
		Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.ID)
}
`

const library = "github.com/contract-first/customers"

var adapters = []string{"digitalpaye", "fatora", "stancer", "simplepin"}

// sources are the programs. The last ones tell where SimplePin's size comes from.
func sources() map[string]string {
	open := map[string]string{
		"digitalpaye": `digitalpaye.Config{APIKey: "key", APISecret: "secret"}`,
		"simplepin":   `simplepin.Config{Authorization: "key", Token: "token", BaseURL: simplepin.Staging}`,
		"stancer":     `stancer.Config{APIKey: "stest_key"}`,
		"fatora":      `fatora.Config{APIKey: "key"}`,
	}
	adapter := func(names ...string) string {
		var imports, opens strings.Builder
		for _, name := range names {
			fmt.Fprintf(&imports, "\t%q\n", library+"/adapters/"+name)
			fmt.Fprintf(&opens, "\tif client, err = %s.Open(%s); err != nil {\n\t\tlog.Fatal(err)\n\t}\n", name, open[name])
		}
		return fmt.Sprintf(adapterSource, &imports, &opens)
	}
	out := map[string]string{
		plain:      fmt.Sprintf(plainSource, "", ""),
		plainXML:   fmt.Sprintf(plainSource, "\t\"encoding/xml\"\n", usesXML),
		plainNames: fmt.Sprintf(plainSource, "\n\t\"golang.org/x/text/unicode/norm\"\n", usesNorm),
		"all four": adapter(adapters...),
		"stancer with contract": strings.NewReplacer(
			"adapters/stancer\"\n", "adapters/stancer\"\n\t\""+library+"/contract\"\n\t\""+library+"/transport\"\n",
			`"stest_key"`, `"stest_key", Options: transport.Options{RoundTripper: &contract.RoundTripper{Provider: "stancer"}}`,
		).Replace(adapter("stancer")),
	}
	for _, name := range adapters {
		out[name] = adapter(name)
	}
	return out
}

const (
	usesXML = `	if len(os.Args) > 2 {
		d := xml.NewDecoder(os.Stdin)
		token, err := d.Token()
		fmt.Println(token, err, xml.NewEncoder(os.Stdout).EncodeToken(token))
	}
`
	usesNorm = `	if len(os.Args) > 2 {
		fmt.Println(norm.NFD.String(os.Args[2]))
	}
`
)

// measurePrograms builds each program in a module of its own, as an importer has it, and starts it.
func measurePrograms(ctx context.Context, s settings) ([]program, error) {
	root, err := filepath.Abs(s.library)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all := sources()
	names := append([]string{plain}, adapters...)
	for _, name := range slices.Sorted(maps.Keys(all)) { // the others
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out []program
	for i, name := range names {
		fmt.Fprintf(os.Stderr, "import, %s\n", name)
		p, err := build(ctx, filepath.Join(dir, strconv.Itoa(i)), name, all[name], root)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, p)
	}
	times := 50
	if s.quick {
		times = 5
	}
	return out, start(ctx, dir, out, times)
}

func build(ctx context.Context, dir, name, source, root string) (program, error) {
	p := program{Name: name}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return p, err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return p, err
	}
	goMod := "module example.com/hello\n\ngo 1.25.0\n"
	if strings.Contains(source, library) {
		goMod += "\nrequire " + library + " v0.0.0\n\nreplace " + library + " => " + root + "\n"
	}
	if strings.Contains(source, "golang.org/x/text") {
		version, err := tool(ctx, root, "go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/text")
		if err != nil {
			return p, err
		}
		goMod += "\nrequire golang.org/x/text " + version + "\n"
	}
	for file, text := range map[string]string{"go.mod": goMod, "main.go": source, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return p, err
		}
	}
	if _, err := tool(ctx, dir, "go", "mod", "tidy"); err != nil {
		return p, err
	}
	if _, err := tool(ctx, dir, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "hello", "."); err != nil {
		return p, err
	}
	info, err := os.Stat(filepath.Join(dir, "hello"))
	if err != nil {
		return p, err
	}
	p.Bytes = int(info.Size())
	packages, err := tool(ctx, dir, "go", "list", "-deps", "-f", "{{.Standard}}", ".")
	if err != nil {
		return p, err
	}
	p.Packages = len(strings.Fields(packages)) - 1 // without its own
	p.Others = strings.Count(packages, "false") - 1
	module, err := tool(ctx, dir, "go", "mod", "edit", "-json")
	if err != nil {
		return p, err
	}
	var parsed struct{ Require []struct{ Path string } }
	if err := json.Unmarshal([]byte(module), &parsed); err != nil {
		return p, err
	}
	for _, r := range parsed.Require {
		if r.Path != library {
			p.Required++
		}
	}
	sums, err = os.ReadFile(filepath.Join(dir, "go.sum"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	p.Sums = bytes.Count(sums, []byte("\n"))
	if err != nil {
		return p, err
	}
	p.Inits, err = inits(ctx, filepath.Join(dir, "hello"))
	return p, err
}

// tool runs a command of Go in a directory and returns what it prints.
func tool(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, failed.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

var initLine = regexp.MustCompile(`^init (\S+) @\S+ ms, (\S+) ms clock, \d+ bytes, (\d+) allocs$`)

// inits are the packages beyond the standard library that a program initialises.
func inits(ctx context.Context, binary string) ([]initialised, error) {
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	var out []initialised
	for line := range strings.Lines(trace.String()) {
		m := initLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if host, _, _ := strings.Cut(m[1], "/"); !strings.Contains(host, ".") {
			continue
		}
		i := initialised{Package: m[1]}
		i.Milliseconds, _ = strconv.ParseFloat(m[2], 64) // of digits, as the expression wants
		i.Allocs, _ = strconv.Atoi(m[3])
		out = append(out, i)
	}
	return out, nil
}

// start starts each program so many times, in turns.
func start(ctx context.Context, dir string, programs []program, times int) error {
	took := make([][]float64, len(programs))
	ratios := make([][]float64, len(programs))
	for range times {
		for _, i := range rand.Perm(len(programs)) {
			cmd := exec.CommandContext(ctx, filepath.Join(dir, strconv.Itoa(i), "hello"))
			begun := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w", programs[i].Name, err)
			}
			took[i] = append(took[i], float64(time.Since(begun).Microseconds())/1000)
		}
		for i := range programs {
			ratios[i] = append(ratios[i], took[i][len(took[i])-1]/took[0][len(took[0])-1])
		}
	}
	for i := range programs {
		programs[i].Start, programs[i].StartRatio = statOf(took[i]), statOf(ratios[i])
	}
	return nil
}
