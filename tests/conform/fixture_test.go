package conform_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/tests/conform"
)

// releases are the directories of stories recorded with JIMM.
func releases() []string { return []string{"jimm2024", "jimm2026"} }

// release is one directory, read.
type release struct {
	dir      string
	world    *conform.World
	fixtures []*conform.Fixture
}

func readRelease(t *testing.T, dir string) release {
	t.Helper()
	world, err := conform.ReadWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := conform.ReadAll(dir)
	if err != nil {
		t.Fatal(err)
	}
	return release{dir: dir, world: world, fixtures: fixtures}
}

// story is a fixture of a release; its name is that of a subtest.
type story struct {
	name    string
	release release
	fixture *conform.Fixture
}

// stories are those of all releases.
func stories(t *testing.T) []story {
	t.Helper()
	var all []story
	for _, dir := range releases() {
		r := readRelease(t, dir)
		for _, f := range r.fixtures {
			all = append(all, story{dir + "/" + strings.TrimSuffix(filepath.Base(f.File), ".txtar"), r, f})
		}
	}
	return all
}

func TestFixturesAreWholeAndExplained(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			f := s.fixture
			if !strings.HasPrefix(f.Comment, s.release.world.Release) {
				t.Errorf("the comment does not begin with %q: %s", s.release.world.Release, f.Comment)
			}
			m := newMatcher(s.release.world, madeUpAddresses())
			for _, step := range slices.Concat(f.Before, f.Client, f.Controllers, f.Story) {
				if unknown := m.Unknown(step.Message); unknown != nil {
					t.Errorf("line %d: unknown placeholders %q", step.Line, unknown)
				}
			}
			checkPairs(t, "client", f.Client, conform.Request, conform.Reply)
			checkPairs(t, "story", f.Story, conform.Request, conform.Reply)
			checkPairs(t, "controllers", f.Controllers, conform.ControllerRequest, conform.ControllerReply)
		})
	}
}

// checkPairs reports replies without a request, and connections that end with a request.
func checkPairs(t *testing.T, section string, steps []conform.Step, ask, answer conform.Kind) {
	t.Helper()
	asked := map[string]map[int]bool{} // request ids by connection
	where := ""
	for _, s := range steps {
		switch s.Kind {
		case conform.Connect:
			where = s.Controller + s.Path
			asked[where] = map[int]bool{}
		case ask, answer:
			if s.Controller != "" {
				where = s.Controller + s.Path
			}
			if asked[where] == nil {
				asked[where] = map[int]bool{} // open since before the story
			}
			e, ok := s.Envelope()
			switch {
			case !ok:
				clear(asked[where]) // not JSON, or the end of the connection
			case s.Kind == ask:
				asked[where][e.RequestID] = true
			case !asked[where][e.RequestID]:
				t.Errorf("%s, line %d: answer to %d, which was not asked", section, s.Line, e.RequestID)
			default:
				delete(asked[where], e.RequestID)
			}
		default: // does not depend on requests
		}
	}
	for where, ids := range asked {
		for id := range ids {
			t.Logf("%s: request %d on %s never gets an answer", section, id, where)
		}
	}
}
