package jimm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/src/jimm"
)

// BenchmarkStatus decodes the status of a model of 1000 units, 1.5 MB.
func BenchmarkStatus(b *testing.B) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(readStatus(b), &whole); err != nil {
		b.Fatal(err)
	}
	var applications map[string]json.RawMessage
	if err := json.Unmarshal(whole["applications"], &applications); err != nil {
		b.Fatal(err)
	}
	many := make(map[string]json.RawMessage)
	for i := range 1000 {
		many[fmt.Sprintf("pg%d", i)] = json.RawMessage(strings.ReplaceAll(string(applications["pg"]), "pg/0", fmt.Sprintf("pg%d/0", i)))
	}
	data, err := json.Marshal(many)
	if err != nil {
		b.Fatal(err)
	}
	whole["applications"] = data
	if data, err = json.Marshal(whole); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jimm.DecodeStatus(data); err != nil {
			b.Fatal(err)
		}
	}
}
