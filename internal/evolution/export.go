package main

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
)

// export writes the tree of a commit into a folder, and leaves the checkout and its index alone.
func export(ctx context.Context, dir, commit, target string) error {
	temp, err := os.MkdirTemp("", "evolution-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "tree.zip")
	if _, err := git(ctx, dir, "archive", "--format=zip", "-0", "--output="+file, commit); err != nil {
		return err
	}
	tree, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer tree.Close()
	return os.CopyFS(target, tree)
}
