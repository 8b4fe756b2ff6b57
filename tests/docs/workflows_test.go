package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is the part of a file in .github/workflows that these tests read: actionlint ("make lint") checks the rest.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Uses        string            `yaml:"uses"`
		Timeout     int               `yaml:"timeout-minutes"`
		Steps       []struct {
			Uses string         `yaml:"uses"`
			With map[string]any `yaml:"with"`
			Run  string         `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func workflows(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	out := map[string]string{}
	for _, path := range paths {
		out[filepath.Base(path)] = read(t, path)
	}
	return out
}

// A tag can be moved to other code, a commit cannot.
func TestWorkflows_PinEveryAction(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^- uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+(\.\d+)*$`)
	seen := map[string]string{}
	for name, text := range workflows(t) {
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSpace(line)
			if !strings.Contains(line, "uses:") || strings.HasPrefix(line, "uses: ./.github/workflows/") {
				continue
			}
			if !pinned.MatchString(line) {
				t.Errorf("%s: not pinned by its commit, with the version behind: %s", name, line)
			}
			action, commit, _ := strings.Cut(line, "@")
			if seen[action] != "" && seen[action] != commit {
				t.Errorf("%s: two versions of one action: %s", name, line)
			}
			seen[action] = commit
		}
	}
}

func TestWorkflows_AskForLittle(t *testing.T) {
	t.Parallel()
	for name, text := range workflows(t) {
		var w workflow
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w.Permissions == nil || len(w.Permissions) != 0 {
			t.Errorf("%s: permissions are not {} to begin with", name)
		}
		for id, job := range w.Jobs {
			if job.Permissions == nil {
				t.Errorf("%s: job %s does not say which permissions it needs", name, id)
			}
			for scope, access := range job.Permissions {
				if access != "read" {
					t.Errorf("%s: job %s asks for %s: %s", name, id, scope, access)
				}
			}
			if job.Uses != "" {
				continue // the job's own file says
			}
			if job.Timeout == 0 {
				t.Errorf("%s: job %s may run for hours", name, id)
			}
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: job %s puts an expression into a script: %s", name, id, step.Run)
				}
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
					t.Errorf("%s: job %s leaves credentials in its clone", name, id)
				}
			}
		}
	}
}
