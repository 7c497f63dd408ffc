package main

import "context"

type scale struct{}

func measureScale(context.Context, settings) (*scale, error) { return nil, nil }
