package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	gendigitalpaye "github.com/contract-first/customers/gen/digitalpaye"
	genfatora "github.com/contract-first/customers/gen/fatora"
	genstancer "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// environmentHelp is part of the help of a command that opens a client.
const environmentHelp = `
Credentials come from the environment, never from an argument. Each variable can also be given as NAME_FILE, the name
of a file that holds the value.

  digitalpaye  DIGITALPAYE_API_KEY, DIGITALPAYE_API_SECRET
  fatora       FATORA_API_KEY, or FATORA_BEARER_TOKEN in its place: a token that is traded for the key, and ends
  simplepin    SIMPLEPIN_AUTHORIZATION, SIMPLEPIN_TOKEN, SIMPLEPIN_BASE_URL
  stancer      STANCER_API_KEY

Settings that may be left out:

  DIGITALPAYE_BASE_URL, FATORA_BASE_URL, STANCER_BASE_URL
                         replace the provider's own URL
  SIMPLEPIN_LOCALE       the language of SimplePin's texts and places
  SIMPLEPIN_BODY_FORMAT  json or xml: what is sent to SimplePin and asked for
  SIMPLEPIN_COUNTRIES    SimplePin's numbers of countries and provinces, which then are not looked up, as JSON:
                         {"CA": {"id": 1, "provinces": {"QC": 11}}}
  SSL_CERT_FILE          a file with the authorities to trust instead of the system's, such as that of
                         customers sandbox --tls (Go reads it itself; not on macOS and Windows)`

func environmentCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "Where credentials and URLs come from",
		Long:  strings.TrimSpace(environmentHelp) + "\n\nWith --sandbox or --dry-run none of it is read.",
	}
}

// provider is one that the commands know.
type provider struct {
	server string // of the contract
	prefix string // of its environment variables
	open   func(*environment, customers.Policy, transport.Options) (*customers.Client, error)
}

var providers = map[string]provider{
	"digitalpaye": {
		gendigitalpaye.Production, "DIGITALPAYE",
		func(e *environment, policy customers.Policy, o transport.Options) (*customers.Client, error) {
			return digitalpaye.Open(digitalpaye.Config{
				APIKey: e.need("API_KEY"), APISecret: e.need("API_SECRET"), BaseURL: e.get("BASE_URL"), Policy: policy, Options: o,
			})
		},
	},
	"fatora": {
		genfatora.Production, "FATORA",
		func(e *environment, policy customers.Policy, o transport.Options) (*customers.Client, error) {
			key, token := e.either("API_KEY", "BEARER_TOKEN")
			return fatora.Open(fatora.Config{
				APIKey: key, BearerToken: token, BaseURL: e.get("BASE_URL"), Policy: policy, Options: o,
			})
		},
	},
	"simplepin": {
		simplepin.Staging, "SIMPLEPIN",
		func(e *environment, policy customers.Policy, o transport.Options) (*customers.Client, error) {
			return simplepin.Open(simplepin.Config{
				Authorization: e.need("AUTHORIZATION"), Token: e.need("TOKEN"), BaseURL: e.need("BASE_URL"),
				Locale: e.get("LOCALE"), BodyFormat: e.bodyFormat(), Countries: e.countries(), Policy: policy, Options: o,
			})
		},
	},
	"stancer": {
		genstancer.Production, "STANCER",
		func(e *environment, policy customers.Policy, o transport.Options) (*customers.Client, error) {
			return stancer.Open(stancer.Config{APIKey: e.need("API_KEY"), BaseURL: e.get("BASE_URL"), Policy: policy, Options: o})
		},
	},
}

// host is that of the contract's server.
func (p provider) host() string {
	u, _ := url.Parse(p.server)
	return u.Host
}

func providerNames() []string { return slices.Sorted(maps.Keys(providers)) }

// findProvider fails with the names that there are.
func findProvider(name string) (provider, error) {
	p, ok := providers[name]
	if !ok {
		return p, fmt.Errorf("--provider must be one of %s", strings.Join(providerNames(), ", "))
	}
	return p, nil
}

// fromEnvironment opens a client with the settings that getenv gives. It names every variable that is missing.
func (p provider) fromEnvironment(
	getenv func(string) string, policy customers.Policy, options transport.Options,
) (*customers.Client, error) {
	e := &environment{getenv: getenv, prefix: p.prefix}
	client, err := p.open(e, policy, options)
	switch {
	case e.err != nil:
		return nil, withStatus{e.err, statusSettings}
	case len(e.missing) > 0:
		return nil, withStatus{
			fmt.Errorf("set %s (…_FILE names a file that holds it); --sandbox needs none", strings.Join(e.missing, ", ")),
			statusSettings,
		}
	}
	return client, err
}

// environment reads settings, and notes what is wrong with them.
type environment struct {
	getenv  func(string) string
	prefix  string
	missing []string
	err     error
}

// need is get for a setting without which nothing works.
func (e *environment) need(name string) string {
	value := e.get(name)
	if value == "" {
		name = e.prefix + "_" + name
		e.missing = append(e.missing, name+" or "+name+"_FILE")
	}
	return value
}

// either is need for one of two settings, of which the first is that of most.
func (e *environment) either(first, second string) (one, other string) {
	if other = e.get(second); other == "" {
		return e.need(first), ""
	}
	if one = e.get(first); one != "" {
		e.fail(second, fmt.Errorf("%s_%s is set too: which one holds?", e.prefix, first))
	}
	return one, other
}

// bodyFormat is one of SimplePin's.
func (e *environment) bodyFormat() simplepin.Format {
	switch e.get("BODY_FORMAT") {
	case "", "json":
		return simplepin.JSON
	case "xml":
		return simplepin.XML
	}
	e.fail("BODY_FORMAT", errors.New("must be json or xml"))
	return simplepin.JSON
}

// countries are SimplePin's.
func (e *environment) countries() (all map[string]simplepin.Country) {
	text := e.get("COUNTRIES")
	if text == "" {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if dec.Decode(&all) != nil || dec.More() {
		e.fail("COUNTRIES", errors.New(`must be JSON such as {"CA": {"id": 1, "provinces": {"QC": 11}}}`))
	}
	return all
}

// fail notes what is wrong with a setting.
func (e *environment) fail(name string, err error) {
	e.err = errors.Join(e.err, fmt.Errorf("%s_%s: %w", e.prefix, name, err))
}

// get returns the value of PREFIX_NAME, or what the file that PREFIX_NAME_FILE names holds, without its last line break.
func (e *environment) get(name string) string {
	name = e.prefix + "_" + name
	value, file := e.getenv(name), e.getenv(name+"_FILE")
	switch {
	case file == "":
		return value
	case value != "":
		e.err = errors.Join(e.err, fmt.Errorf("%s and %[1]s_FILE are both set: which one holds?", name))
		return value
	}
	data, err := os.ReadFile(file)
	if err != nil {
		// Not the whole text: who takes this for the place of the key would see it printed.
		if path := (*os.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		e.err = errors.Join(e.err, fmt.Errorf("%s_FILE: %w", name, err))
		return ""
	}
	return strings.TrimRight(string(data), "\r\n")
}
