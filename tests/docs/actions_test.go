package docs_test

import (
	"regexp"
	"strings"
	"testing"
)

// asInDocs is a world with the models and controllers that the pages name.
const asInDocs = `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models:
  - {name: prod, owner: alice@example.com, created-here: true, uuid: 6f0e1c5e-2a66-4a3f-9a0e-3b1e0c8d7f11}
  - {name: trial, owner: you@example.com, created-here: true}
  - {name: "12345", owner: alice@example.com, created-here: true}
speed: 300
`

// commandsOf returns the commands that run actions in the blocks of a page that
// nothing else types, fenced or indented, in their order.
func commandsOf(p page) (out []string) {
	text := regexp.MustCompile(`(?m)^    `).ReplaceAllString(p.text, "")
	for _, f := range p.fences {
		if f.file() != "" || f.shell("test") || f.shell("loop") || f.shell("typed") {
			text = strings.ReplaceAll(text, f.text, "")
		}
	}
	text = strings.ReplaceAll(text, "\\\n", "")
	for line := range strings.SplitSeq(text, "\n") {
		// A confirmation is checked twice, two minutes apart: the story record-confirmed does that
		// in virtual time.
		slow := strings.Contains(line, " confirm=")
		if strings.HasPrefix(line, "juju run ") && strings.Contains(line, "jimm-migrator/") && !strings.Contains(line, "…") && !slow {
			out = append(out, line)
		}
	}
	return out
}

// The commands of the pages are run unchanged, beside a simulated JAAS, and each of these actions completes.
func TestPages_RunTheirActions(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	_, s := besideJAAS(ctx, t, asInDocs)
	seen := 0
	for _, p := range ours(t) {
		for _, command := range commandsOf(p) {
			seen++
			printed, err := s.enter(ctx, command)
			if err != nil || regexp.MustCompile(`(?m)^(ERROR|Action id \d+ failed)|failed aborted|^cannot `).MatchString(printed) {
				t.Errorf("%s: %s\n%v\n%s", p.path, command, err, indent(printed))
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands were found", seen)
	}
}
