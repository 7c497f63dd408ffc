// Command newprovider proves docs/adding-a-provider.md: it does what the guide says, word for word, in a copy of the
// tree. A block of code whose fence names a file is that file, or the next part of it; a diff changes the file that it
// names; a block of sh is run. Whatever fails is told with the guide's line.
//
// Run it from the top of the module: go run ./internal/newprovider.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const guide = "docs/adding-a-provider.md"

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	text, err := os.ReadFile(guide)
	if err != nil {
		return err
	}
	steps, err := parse(string(text))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "newprovider")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(dir); err != nil {
		return err
	}
	began := time.Now()
	for _, s := range steps {
		if err := s.do(w, dir); err != nil {
			return fmt.Errorf("%s:%d: %w", guide, s.line, err)
		}
	}
	_, err = fmt.Fprintf(w, "%d steps of %s done in %v\n", len(steps), guide, time.Since(began).Round(time.Second))
	return err
}

// copyTree copies what git lists, changes that are not committed included, and what npm has installed for make lint. The
// copy is a repository of its own with one commit, as somebody has it who begins.
func copyTree(dir string) error {
	listed, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, name := range strings.Split(strings.Trim(string(listed), "\x00"), "\x00") {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and that is not committed
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, name), data, info.Mode().Perm()); err != nil {
			return err
		}
	}
	git := []string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "Before the new provider"}} {
		if said, err := exec.Command("git", append(git, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, said)
		}
	}
	if _, err := os.Stat(installed); err != nil {
		return nil
	}
	return os.CopyFS(filepath.Join(dir, installed), os.DirFS(installed))
}

// installed is what npm installs; without it no step that needs npm is done, since nothing here may need the network.
const installed = "internal/lint/node_modules"

func write(name string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, mode)
}

// step is one block of the guide.
type step struct {
	line int
	// language is that of the fence: sh is run, diff changes the file, anything else is the file.
	language, file string
	more           bool // it continues the file
	text           string
}

// parse reads the blocks of code that name a file, and those of sh. It fails where a reader would not see which file is
// meant: the text before the block must name it.
func parse(text string) ([]step, error) {
	var steps []step
	var current *step
	var before strings.Builder // the text since the last block
	written := map[string]bool{}
	for i, line := range strings.SplitAfter(text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case current != nil && isFence:
			steps, current = append(steps, *current), nil
			before.Reset()
		case current != nil:
			current.text += line
		case isFence:
			language, file, named := strings.Cut(fence, " ")
			if !named && language != "sh" {
				return nil, fmt.Errorf("%s:%d: a block of %q names no file, and nothing would prove it", guide, i+1, language)
			}
			if named && !written[file] && !strings.Contains(before.String(), "`"+file+"`") {
				return nil, fmt.Errorf("%s:%d: the text before the block does not name `%s`", guide, i+1, file)
			}
			current = &step{line: i + 1, language: language, file: file, more: written[file]}
			written[file] = named && language != "diff"
		default:
			before.WriteString(line)
		}
	}
	if current != nil {
		return nil, fmt.Errorf("%s:%d: the block does not end", guide, current.line)
	}
	return steps, nil
}

func (s step) do(w io.Writer, dir string) error {
	if s.language == "sh" {
		return s.run(w, dir)
	}
	name := filepath.Join(dir, filepath.FromSlash(s.file))
	was, err := os.ReadFile(name)
	switch {
	case s.language == "diff" && err == nil:
		after, err := patch(string(was), s.text)
		if err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		return write(name, []byte(after), 0o644)
	case s.language == "diff":
		return err
	case !s.more && err == nil:
		return fmt.Errorf("%s is there already", s.file)
	}
	return write(name, append(was, s.text...), 0o644)
}

func (s step) run(w io.Writer, dir string) error {
	for command := range strings.Lines(s.text) {
		command = strings.TrimSpace(command)
		if strings.HasPrefix(command, "make lint") {
			if _, err := os.Stat(installed); err != nil {
				fmt.Fprintf(w, "$ %s\nleft out: make lint has not installed Redocly here\n", command)
				continue
			}
		}
		began := time.Now()
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", command)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, said)
		}
		fmt.Fprintf(w, "$ %s (%v)\n", command, time.Since(began).Round(time.Second))
	}
	return nil
}

// patch applies a diff without line numbers: each part, divided by lines of @@, is lines that must stand in the text one
// after the other, once, and what is to stand there instead.
func patch(text, diff string) (string, error) {
	var was, is bytes.Buffer
	apply := func() error {
		if n := strings.Count("\n"+text, "\n"+was.String()); n != 1 || was.Len() == 0 {
			return fmt.Errorf("these lines must stand there once, and do %d times:\n%s", n, was.String())
		}
		text = strings.Replace("\n"+text, "\n"+was.String(), "\n"+is.String(), 1)[1:]
		was.Reset()
		is.Reset()
		return nil
	}
	for line := range strings.Lines(diff) {
		switch line[0] {
		case ' ':
			was.WriteString(line[1:])
			is.WriteString(line[1:])
		case '-':
			was.WriteString(line[1:])
		case '+':
			is.WriteString(line[1:])
		case '@':
			if err := apply(); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("a line of a diff begins with a blank, - or +: %q", line)
		}
	}
	return text, apply()
}
