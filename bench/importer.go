package main

import "context"

type program struct{}

func measurePrograms(context.Context, settings) ([]program, error) { return nil, nil }
