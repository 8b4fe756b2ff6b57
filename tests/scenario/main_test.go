package scenario_test

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

const (
	charmDir        = "../.."
	dispatchPackage = "jimm-migrator/tests/scenario/dispatch"
	// atOnce is how many stories run at the same time. They mostly wait, so it does not depend on the number of
	// processors.
	atOnce = "24"
)

// built holds what all stories share; TestMain makes it.
var built struct {
	dispatch string
	tools    *charmtest.Tools
	ca       *wire.CA
	keys     *jimm.Keys
}

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", atOnce)
	}
	dir, err := build(context.Background())
	if err == nil {
		m.Run() // the exit code is its own
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
}

// build makes the binaries, in a folder that the charm's user can enter.
func build(ctx context.Context) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "scenario-"); err != nil {
		return "", err
	}
	if err = os.Chmod(dir, 0o755); err != nil {
		return dir, err
	}
	built.dispatch = filepath.Join(dir, "dispatch")
	if err = charmtest.Build(ctx, "", dispatchPackage, built.dispatch); err != nil {
		return dir, err
	}
	if built.tools, err = charmtest.BuildTools(ctx, dir); err != nil {
		return dir, err
	}
	built.keys = jimm.NewQuickKeys()
	built.ca, err = wire.NewCA("simulated JAAS")
	return dir, err
}

// TestStories plays each story with the whole program in real time: dispatch and the hook tools are processes, and the
// servers are on loopback. It uses JIMM of 2024 and 2026 and controllers of 3.6, and plays a few stories in all ages.
// TestAges plays all of them in all ages.
func TestStories(t *testing.T) {
	t.Parallel()
	for name, story := range stories(t) {
		for _, a := range story.ages() {
			usual := a.year != "2025" && a.pair() == usualPair
			if !usual && !story.everywhere {
				continue
			}
			t.Run(name+"/"+a.String(), func(t *testing.T) {
				t.Parallel()
				play(t, story, a, processes{})
			})
		}
	}
}

// stories are all stories, by name.
func stories(t *testing.T) map[string]story {
	t.Helper()
	files, err := filepath.Glob("stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	list := map[string]story{}
	for _, file := range files {
		story, err := readStory(file)
		if err != nil {
			t.Error(err)
			continue
		}
		list[strings.TrimSuffix(filepath.Base(file), ".txtar")] = story
	}
	return list
}
