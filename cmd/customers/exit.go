package main

import "errors"

// exitHelp is part of the help of each command that answers a question.
const exitHelp = `
Exit status: 0 if all is as it should be, 1 if not, 2 if that could not be found out: wrong usage, settings that are
missing, input that cannot be read.`

// negative is an error that is the answer of a command, not a failure to find it.
type negative struct{ error }

func (n negative) Unwrap() error { return n.error }

// exitStatus is the one place where an error becomes the exit status of the process.
func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(negative)):
		return 1
	}
	return 2
}
