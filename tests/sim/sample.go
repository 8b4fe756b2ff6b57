package sim

import (
	"embed"
	"fmt"
)

//go:embed worlds/*.yaml
var worlds embed.FS

// Sample returns the YAML of a ready-made world with two controllers, west and east: "2024" or "2026", by the JIMM in it.
func Sample(name string) ([]byte, error) {
	data, err := worlds.ReadFile("worlds/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("cannot find the sample world %q: there are 2024 and 2026", name)
	}
	return data, nil
}
