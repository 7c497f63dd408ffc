package main

import (
	"context"
	"fmt"
	"os"

	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/sandbox"
)

// settings is where a command's settings come from: the environment, or a sandbox within this process, where one sample
// customer is there already, with the id. done ends the sandbox.
func settings(
	ctx context.Context, provider string, embedded bool,
) (getenv func(string) string, id string, done func(), err error) {
	if !embedded {
		return os.Getenv, "", func() {}, nil
	}
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		return nil, "", nil, fmt.Errorf("sandbox: %w", err)
	}
	if id, err = sample(ctx, sb, provider); err != nil {
		_ = sb.Close()
		return nil, "", nil, fmt.Errorf("sandbox: %w", err)
	}
	return environmentOf(sb), id, func() { _ = sb.Close() }, nil
}

// sample puts the demo's customer into the sandbox.
func sample(ctx context.Context, sb *sandbox.Sandbox, provider string) (id string, err error) {
	participants, err := open(sb)
	if err != nil {
		return "", err
	}
	for _, p := range participants {
		if p.client.Provider() == provider {
			created, err := p.client.Create(ctx, p.profile)
			if err != nil {
				return "", err
			}
			id = created.ID
		}
		p.client.Close()
	}
	return id, nil
}

// nowhere is settings for clients that send nothing.
func nowhere() (getenv func(string) string, err error) {
	sb, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return nil, withStatus{fmt.Errorf("sandbox: %w", err), statusNegative}
	}
	sb.SimplePin.URL = simplepin.Staging
	return environmentOf(sb), nil
}

// environmentOf is the environment that leads to a sandbox.
func environmentOf(sb *sandbox.Sandbox) func(string) string {
	env := variables(sb)
	env["SIMPLEPIN_LOCALE"] = "FR" // that of the sample customer's places
	return func(name string) string { return env[name] }
}

// variables are those of environmentHelp that lead to a sandbox.
func variables(sb *sandbox.Sandbox) map[string]string {
	return map[string]string{
		"DIGITALPAYE_API_KEY": sb.Digitalpaye.APIKey, "DIGITALPAYE_API_SECRET": sb.Digitalpaye.APISecret,
		"DIGITALPAYE_BASE_URL": sb.Digitalpaye.URL,
		"FATORA_API_KEY":       sb.Fatora.APIKey, "FATORA_BASE_URL": sb.Fatora.URL,
		"SIMPLEPIN_AUTHORIZATION": sb.SimplePin.Authorization, "SIMPLEPIN_TOKEN": sb.SimplePin.Token,
		"SIMPLEPIN_BASE_URL": sb.SimplePin.URL,
		"STANCER_API_KEY":    sb.Stancer.APIKey, "STANCER_BASE_URL": sb.Stancer.URL,
	}
}
