package controller

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// version is a Juju version: "3.6.14", "3.6-rc1", "3.6-beta2.1".
type version struct {
	major, minor, patch int
	tag                 string // "rc", "beta" or empty
}

func parseVersion(text string) (version, error) {
	bad := func() (version, error) { return version{}, fmt.Errorf("cannot read %q as a Juju version", text) }
	major, rest, _ := strings.Cut(text, ".")
	minor, patch, hasPatch := strings.Cut(rest, ".")
	var v version
	if before, after, ok := strings.Cut(minor, "-"); ok { // 3.6-rc1
		minor = before
		patch = strings.TrimLeft(after, "abcdefghijklmnopqrstuvwxyz")
		v.tag = strings.TrimSuffix(after, patch)
		patch, _, _ = strings.Cut(patch, ".")
		hasPatch = true
	}
	patch, _, _ = strings.Cut(patch, ".") // a build number
	if !hasPatch {
		patch = "0"
	}
	for _, part := range []struct {
		text  string
		value *int
	}{{major, &v.major}, {minor, &v.minor}, {patch, &v.patch}} {
		n, err := strconv.Atoi(part.text)
		if err != nil || n < 0 {
			return bad()
		}
		*part.value = n
	}
	return v, nil
}

// String prints the version as Juju does.
func (v version) String() string {
	if v.tag != "" {
		return fmt.Sprintf("%d.%d-%s%d", v.major, v.minor, v.tag, v.patch)
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// compare orders versions; a tagged one precedes the release of the same major and minor.
func (v version) compare(w version) int {
	release := func(tag string) int {
		if tag == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(v.major, w.major),
		cmp.Compare(v.minor, w.minor),
		cmp.Compare(release(v.tag), release(w.tag)),
		cmp.Compare(v.tag, w.tag),
		cmp.Compare(v.patch, w.patch),
	)
}

// majorMinor drops patch and tag.
func (v version) majorMinor() version { return version{major: v.major, minor: v.minor} }
