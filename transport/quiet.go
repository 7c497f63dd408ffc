package transport

import (
	"context"
	"errors"
	"fmt"

	"github.com/contract-first/customers"
)

// quiet stands for errors whose texts may hold secrets or customers' data. errors.Is and errors.As find them, nothing
// prints or unwraps them. Errors of the facade among them are another call's: they are not found.
type quiet struct {
	text string
	errs error
}

func (q quiet) Error() string { return q.text }

// Is makes errors.Is find what q stands for.
func (q quiet) Is(target error) bool {
	switch target.(type) {
	case customers.Kind, customers.Outcome, *customers.Error:
		return false
	}
	return errors.Is(q.errs, target)
}

// As makes errors.As find what q stands for.
func (q quiet) As(target any) bool {
	if _, ours := target.(**customers.Error); ours {
		return false
	}
	return errors.As(q.errs, target)
}

// Format prints the text for every verb.
func (q quiet) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(q.text)) }

// whyEnded is the error of an ended context, and its cause, whose text is the caller's or another call's.
func whyEnded(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return quiet{ctx.Err().Error(), errors.Join(ctx.Err(), cause)}
	}
	return ctx.Err()
}
