package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// links returns the targets of the Markdown links in a text.
func links(text string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`\]\(([^()\s]+)\)`).FindAllStringSubmatch(text, -1) {
		out = append(out, found[1])
	}
	return out
}

// anchors returns the anchors of a page's headings, as GitHub makes them.
func anchors(p page) map[string]bool {
	out := map[string]bool{}
	for line := range strings.SplitSeq(p.prose(), "\n") {
		title, isHeading := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !isHeading || !strings.HasPrefix(line, "#") {
			continue
		}
		out[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, strings.TrimSpace(title))] = true
	}
	return out
}

func TestPages_LinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range pages(t) {
		for _, link := range links(p.prose()) {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			seen++
			target, anchor, _ := strings.Cut(link, "#")
			to := p.path
			if target != "" {
				to = path.Join(path.Dir(p.path), target)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: the link %q leads nowhere", p.path, link)
				continue
			}
			if anchor != "" && !anchors(readPage(t, to))[anchor] {
				t.Errorf("%s: %s has no heading %q", p.path, to, anchor)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d links were found", seen)
	}
}

// Every page below docs/ can be reached from the index, link by link.
func TestPages_AreReachedFromTheIndex(t *testing.T) {
	t.Parallel()
	const index = "docs/index.md"
	reached := map[string]bool{index: true}
	for queue := []string{index}; len(queue) > 0; queue = queue[1:] {
		for _, link := range links(readPage(t, queue[0]).prose()) {
			target, _, _ := strings.Cut(link, "#")
			to := path.Join(path.Dir(queue[0]), target)
			if path.Ext(to) == ".md" && strings.HasPrefix(to, "docs/") && !reached[to] {
				reached[to] = true
				queue = append(queue, to)
			}
		}
	}
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "docs/") && !reached[p.path] {
			t.Errorf("%s cannot be reached from %s", p.path, index)
		}
	}
}

// Pages do not depend on where they are read.
func TestPages_NameNoFolderOfAMachine(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`(^|[\s"'(=` + "`" + `])(/work|/root|/home|/Users|/tmp)(/|\b)`)
	for _, p := range pages(t) {
		for i, line := range strings.Split(p.text, "\n") {
			if found := place.FindString(line); found != "" {
				t.Errorf("%s:%d: names %q", p.path, i+1, strings.TrimSpace(found))
			}
		}
	}
}
