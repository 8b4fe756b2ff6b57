package jq_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"jimm-migrator/tests/docs/jq"
)

const answer = `{"jimm-migrator/0":{"id":"7","message":"why","results":{"outcome":"aborted","pages":"2","models":` +
	`{"u1":{"recorded-controller":{"name":"west"}},"u2":{"recorded-controller":{"name":"east"}},"u3":{}}},"status":"failed"}}`

// cases are arguments, an input, what is printed, and the exit code.
func cases() [][4]string {
	const list = `.[].results.models // {} | to_entries[] | select(.value["recorded-controller"].name == $name) | .key`
	return [][4]string{
		{".", `{"a":[1,"b",null]}`, "{\n  \"a\": [\n    1,\n    \"b\",\n    null\n  ]\n}\n", "0"},
		{"-r .[].status", answer, "failed\n", "0"},
		{".[].status == \"completed\"", answer, "false\n", "0"},
		{".[]", "{}", "", "0"},
		{".[]", "", "", "0"},
		{"-r --arg name west " + list, answer, "u1\n", "0"},
		{"-r --arg name west " + list, `{"u":{"results":{}}}`, "", "0"},
		{"-r .[].results.pages // 1", answer, "2\n", "0"},
		{"-r .[].results.pages // 1", `{"u":{}}`, "1\n", "0"},
		{`-r [.[]][0] // {} | "\(.status // "no-answer") \(.results.outcome // "none")"`, answer, "failed aborted\n", "0"},
		{`-r [.[]][0] // {} | "\(.status // "no-answer") \(.results.outcome // "none")"`, "{}", "no-answer none\n", "0"},
		{`-r --arg model m .[] | "\($model) \(.results.summary // .message)"`, answer, "m why\n", "0"},
		{"-r .[] | .results.summary // .message // empty", `{"u":{}}`, "", "0"},
		{"-r .[] | .results.summary // .message // empty", `{"u":{"results":{"summary":"so"}}} {"u":{"message":"then"}}`, "so\nthen\n", "0"},
		{".a.b", `{"a":"text"}`, "", "5"},
		{".[]", "3", "", "5"},
		{".", "ERROR", "", "2"},
		{".", `{"a":1`, "", "2"},
	}
}

func arguments(text string) []string {
	var out []string
	for {
		word, rest, _ := strings.Cut(text, " ")
		switch word {
		case "-r":
			out, text = append(out, word), rest
		case "--arg":
			words := strings.SplitN(text, " ", 4)
			out, text = append(out, words[:3]...), words[3]
		default:
			return append(out, text)
		}
	}
}

func TestItDoesWhatTheScriptsNeed(t *testing.T) {
	for _, c := range cases() {
		var out, complaints bytes.Buffer
		code := jq.Run(arguments(c[0]), strings.NewReader(c[1]), &out, &complaints)
		if out.String() != c[2] || string(rune('0'+code)) != c[3] || (code == 0) != (complaints.Len() == 0) {
			t.Errorf("jq %s: %d %q %q, want %s %q", c[0], code, out.String(), complaints.String(), c[3], c[2])
		}
	}
}

// TestTheRealOneDoesTheSame holds the cases against what they stand for.
func TestTheRealOneDoesTheSame(t *testing.T) {
	path, err := exec.LookPath("jq")
	if err != nil {
		t.Log("jq is not installed: it was not compared")
		return
	}
	for _, c := range cases() {
		cmd := exec.CommandContext(t.Context(), path, arguments(c[0])...)
		cmd.Stdin = strings.NewReader(c[1])
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); string(out) != c[2] || (code == 0) != (c[3] == "0") {
			t.Errorf("jq %s: %d %q, want %s %q", c[0], code, out, c[3], c[2])
		}
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	for _, filter := range []string{"", ".a |", "map(.a)", "[.a", "(.a", `"a`, `"\(.a"`, "select .a", "select(.a", ". .", ".a == ", ".[\"a\""} {
		if code := jq.Run([]string{filter}, strings.NewReader("{}"), &bytes.Buffer{}, &bytes.Buffer{}); code != 3 {
			t.Errorf("%q ends with %d", filter, code)
		}
	}
	for _, args := range [][]string{{"-s", "."}, {".", "file"}, {"--arg", "x"}} {
		if code := jq.Run(args, strings.NewReader("{}"), &bytes.Buffer{}, &bytes.Buffer{}); code != 2 {
			t.Errorf("%q end with %d", args, code)
		}
	}
	if code := jq.Run([]string{"$x"}, strings.NewReader("{}"), &bytes.Buffer{}, &bytes.Buffer{}); code == 0 {
		t.Error("a variable that is not there is taken")
	}
}
