package jimm

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// cutTag splits kind-id. Kinds are letters only, so a bare UUID or a name such as my-model is not a tag: "my" is not a
// kind.
func cutTag(tag string) (kind, id string, ok bool) {
	kind, id, ok = strings.Cut(tag, "-")
	if !ok || id == "" {
		return "", "", false
	}
	switch kind {
	case "action", "application", "applicationoffer", "cloud", "cloudcred", "controller", "environment", "group",
		"ipaddress", "machine", "model", "operation", "relation", "role", "serviceaccount", "space", "storage", "subnet",
		"unit", "user", "volume":
		return kind, id, true
	default:
		return "", "", false
	}
}

// isUUID accepts the canonical form only, as Juju's tags do.
func isUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// isUserName follows Juju's rule: letters, digits and . + - inside, and an optional domain.
func isUserName(s string) bool {
	const name = `(?:[a-zA-Z0-9][a-zA-Z0-9.+-]*[a-zA-Z0-9]|[a-zA-Z0-9])`
	return regexp.MustCompile(`^` + name + `(?:@` + name + `)?$`).MatchString(s)
}

func isModelName(s string) bool {
	return regexp.MustCompile(`^[a-z0-9]+(?:-*[a-z0-9]+)*$`).MatchString(s)
}

// compareVersions compares Juju versions by number: 3.6.9 < 3.6.14. A tag (3.6-beta2, 3.6-rc1) is older than the
// release.
func compareVersions(a, b string) int {
	as, bs := versionNumbers(a), versionNumbers(b)
	for i := range as {
		if c := cmp.Compare(as[i], bs[i]); c != 0 {
			return c
		}
	}
	return 0
}

// versionNumbers gives major, minor, tag, patch and build; a tag's number is below zero, no tag is zero.
func versionNumbers(v string) (numbers [5]int) {
	parts := strings.SplitN(v, ".", 4)
	slots := []int{0, 1, 3, 4}
	for i, part := range parts {
		number, tag, tagged := strings.Cut(part, "-")
		numbers[slots[i]], _ = strconv.Atoi(number)
		if !tagged {
			continue
		}
		digits := strings.TrimLeft(tag, "abcdefghijklmnopqrstuvwxyz")
		n, _ := strconv.Atoi(digits)
		rank := map[string]int{"alpha": -30000, "beta": -20000, "rc": -10000}[strings.TrimSuffix(tag, digits)]
		numbers[2] = rank + n
	}
	return numbers
}
