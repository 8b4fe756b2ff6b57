package migration

import "testing"

// RedactShapes is Redact without its quick look.
func RedactShapes(text string) string { return redactShapes(text) }

// KnownFiles returns the data files by name.
func KnownFiles(t *testing.T) map[string][]byte {
	t.Helper()
	entries, err := knownFiles.ReadDir("known")
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d data files, %v", len(entries), err)
	}
	_ = knowledge() // panics if it cannot read them
	out := map[string][]byte{}
	for _, e := range entries {
		if out[e.Name()], err = knownFiles.ReadFile("known/" + e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// VersionHop runs the check of that name.
func VersionHop(source, target, model string, i *Inventory) Finding {
	s := &situation{
		source: Controller{AgentVersion: source}, target: Controller{AgentVersion: target},
		model: Model{AgentVersion: model, Type: "iaas"},
	}
	if i != nil {
		s.inside.Inventory, s.inside.known = *i, true
	}
	return checkVersionHop(s)
}

// InRange tells whether a range of a data file takes a version.
func InRange(bounds, text string) string {
	var r versions
	if bounds != "" && r.UnmarshalText([]byte(bounds)) != nil {
		return "error"
	}
	switch r.take(text) {
	case fits:
		return "yes"
	case fitUnknown:
		return "unknown"
	default:
		return "no"
	}
}
