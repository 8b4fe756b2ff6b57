package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
)

// unpack extracts a charm's archive as Juju does: each file gets the stored
// permission bits as they are.
func unpack(archive, folder string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("cannot open the charm's archive: %w", err)
	}
	defer reader.Close()
	if err := os.Mkdir(folder, 0o755); err != nil { //nolint:gosec // the charm's user reads it
		return fmt.Errorf("cannot unpack the charm: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("cannot unpack the charm: %w", err)
	}
	defer root.Close()
	for _, file := range reader.File {
		if err := unpackFile(file, root); err != nil {
			return fmt.Errorf("cannot unpack %q: %w", file.Name, err)
		}
	}
	return nil
}

func unpackFile(file *zip.File, root *os.Root) error {
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if err := root.MkdirAll(path.Dir(file.Name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(file.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, content); err != nil { //nolint:gosec // one's own charm is no bomb
		_ = out.Close() // the first error counts
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return root.Chmod(file.Name, file.Mode().Perm())
}
