package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// jq is the command of that name, with the options that the scripts of the documentation use: -r and --arg.
func jq(args []string, in io.Reader, out, complaints io.Writer) (exitCode int) {
	var names []string
	var values []any
	raw := false
	for len(args) > 1 {
		switch {
		case args[0] == "-r":
			raw, args = true, args[1:]
		case args[0] == "--arg" && len(args) > 3:
			names, values, args = append(names, "$"+args[1]), append(values, args[2]), args[3:]
		default:
			fmt.Fprintf(complaints, "jq: unknown arguments %q\n", args)
			return 2
		}
	}
	if err := filter(strings.Join(args, ""), names, values, in, out, raw); err != nil {
		fmt.Fprintf(complaints, "jq: error: %v\n", err)
		return 5
	}
	return 0
}

// filter prints the output of a filter for each value of the input.
func filter(text string, names []string, values []any, in io.Reader, out io.Writer, raw bool) error {
	query, err := gojq.Parse(text)
	if err != nil {
		return err
	}
	code, err := gojq.Compile(query, gojq.WithVariables(names))
	if err != nil {
		return err
	}
	for input := json.NewDecoder(in); ; {
		var value any
		if err := input.Decode(&value); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		results := code.Run(value, values...)
		for result, ok := results.Next(); ok; result, ok = results.Next() {
			if err, failed := result.(error); failed {
				return err
			}
			shown, err := gojq.Marshal(result)
			if err != nil {
				return err
			}
			if text, isText := result.(string); isText && raw {
				shown = []byte(text)
			}
			fmt.Fprintf(out, "%s\n", shown)
		}
	}
}

func TestJQ_DoesWhatTheScriptsNeed(t *testing.T) {
	t.Parallel()
	const answer = `{"jimm-migrator/0":{"message":"why","results":{"outcome":"aborted"},"status":"failed"}}`
	for _, test := range []struct {
		args []string
		in   string
		want string
		code int
	}{
		{[]string{"-r", ".[].status"}, answer, "failed\n", 0},
		{[]string{"-r", `[.[]][0] // {} | "\(.status // "no-answer") \(.results.outcome // "none")"`}, "{}", "no-answer none\n", 0},
		{[]string{"-r", "--arg", "model", "m", `.[] | "\($model) \(.results.summary // .message)"`}, answer, "m why\n", 0},
		{[]string{".[]"}, "", "", 0},
		{[]string{"."}, "ERROR", "", 5},
		{[]string{".a.b"}, `{"a":"text"}`, "", 5},
		{[]string{"$x"}, "{}", "", 5},
		{[]string{"-s", "."}, "{}", "", 2},
	} {
		var out, complaints strings.Builder
		if code := jq(test.args, strings.NewReader(test.in), &out, &complaints); code != test.code || out.String() != test.want ||
			(code == 0) != (complaints.Len() == 0) {
			t.Errorf("jq %q: %d %q %q, want %d %q", test.args, code, out.String(), complaints.String(), test.code, test.want)
		}
	}
}

// A page that needs a tool other than juju names it, and where to get it.
func TestPages_NameJQ(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range ours(t) {
		if !strings.Contains(p.text, "| jq ") {
			continue
		}
		seen++
		if !strings.Contains(p.text, "[jq](https://jqlang.org)") {
			t.Errorf("%s uses jq and does not name it", p.path)
		}
	}
	if seen < 5 {
		t.Errorf("only %d pages with jq were found", seen)
	}
}
