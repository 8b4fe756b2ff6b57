// Command cast draws the output of a program as a film of a terminal, in SVG. It reads the lines as they are printed,
// so the film has the pace of the program:
//
//	go run ./tests/cmd/jaas-sim demo | go run ./tests/cmd/cast -command="make demo" > docs/pictures/demo.svg
//
// The film needs no script, so GitHub shows it in a page. Where animation is off it shows the end.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	command := flag.String("command", "", "the command that the film begins with")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *command); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

// run makes a film of what it reads and writes it.
func run(in io.Reader, out io.Writer, command string) error {
	film := []line{{text: "$ " + command}}
	begun := time.Now()
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		film = append(film, line{text: scanner.Text(), at: time.Since(begun)})
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("cannot read what is printed: %w", err)
	}
	return draw(out, film)
}
