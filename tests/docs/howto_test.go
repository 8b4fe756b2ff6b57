package docs_test

import (
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// plain is a world for the how-tos: a model on west that can migrate to east.
const plain = `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models: [{name: prod, owner: alice@example.com, created-here: true}]
speed: 300
`

// The commands of these pages are typed unchanged, in their order, except for placeholders that the reader fills in,
// and for commands to programs other than this charm: JIMM's own charm, users of Juju, and other models.
func TestHowTos_CanBeTyped(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	dir, s := besideJAAS(ctx, t, plain)
	elsewhere := regexp.MustCompile(`^juju (config jimm |grant [a-z]+@|consume |debug-log |integrate jimm-migrator:logging loki-logging)`)
	ours := regexp.MustCompile(`^juju (run|config|add-secret|grant-secret|update-secret|integrate|refresh|status|actions|show-action) `)
	secret := ""
	for _, name := range []string{"grant-access", "rotate-the-secret", "upgrade", "integrate-with-cos", "troubleshoot"} {
		p, typed := find(t, "docs/how-to/"+name+".md"), 0
		for _, f := range p.fences {
			if f.words()[0] == "json" {
				write(t, filepath.Join(dir, "controllers.json"), f.text)
			}
			if f.words()[0] != "sh" {
				continue
			}
			for _, line := range lines(f.text) {
				if elsewhere.MatchString(line) {
					continue
				}
				if !ours.MatchString(line) {
					t.Errorf("%s:%d: %q is not a command of the simulator", p.path, f.line, line)
					continue
				}
				if strings.Contains(line, "--path=./dist/") {
					mustEnter(ctx, t, s, "make charm")
				}
				line = strings.NewReplacer("_amd64.charm", "_"+runtime.GOARCH+".charm", "client-id=ID", "client-id=migrator", "NEW-SECRET", "s3cr3t", "secret:...", secret).Replace(line)
				printed, err := s.enter(ctx, line)
				if err != nil {
					t.Errorf("%s:%d: %s: %v\n%s", p.path, f.line, line, err, indent(printed))
				}
				if uri := regexp.MustCompile(`secret:[0-9a-v]{20}`).FindString(printed); strings.HasPrefix(line, "juju add-secret ") {
					secret = uri
				}
				typed++
			}
		}
		if typed == 0 {
			t.Errorf("%s has nothing to type", p.path)
		}
	}
	status := mustEnter(ctx, t, s, "juju status --relations")
	for _, want := range []string{"jimm-migrator/0*  active", "loki_push_api", "certificate_transfer", "grafana_dashboard"} {
		if !strings.Contains(status, want) {
			t.Errorf("juju status does not show %q:\n%s", want, status)
		}
	}
}
