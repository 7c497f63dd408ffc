package customers

import (
	"context"
	"errors"
	"fmt"
)

// Quiet is an error that stands for one whose text may hold secrets or customers' data. errors.Is and errors.As find
// the latter, but nothing prints or unwraps it. An [*Error] in it is another call's and is not found. It is for
// drivers, as the Err of an [Error].
func Quiet(text string, err error) error { return quiet{text, err} }

// ContextError is the error of an ended context as the Err of an [Error] may be. Its cause, whose text is the program's
// or another call's, is [Quiet].
func ContextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return quiet{ctx.Err().Error(), errors.Join(ctx.Err(), cause)}
	}
	return ctx.Err()
}

type quiet struct {
	text string
	errs error
}

func (q quiet) Error() string { return q.text }

// Is makes errors.Is find what q stands for.
func (q quiet) Is(target error) bool {
	switch target.(type) {
	case Kind, Outcome, *Error:
		return false
	}
	return errors.Is(q.errs, target)
}

// As makes errors.As find what q stands for.
func (q quiet) As(target any) bool {
	if _, ours := target.(**Error); ours {
		return false
	}
	return errors.As(q.errs, target)
}

// Format prints the text for every verb.
func (q quiet) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(q.text)) }
