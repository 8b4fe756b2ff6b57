package sim

import (
	"embed"
	"fmt"
)

//go:embed worlds/*.yaml
var worlds embed.FS

// Sample returns the YAML of a ready-made world: "2024", "2025" or "2026", by the JIMM in it, with two controllers, west
// and east; "mixed", with controllers from Juju 2.9 to 4.0; or "big", with 10,000 models on 50 controllers.
func Sample(name string) ([]byte, error) {
	data, err := worlds.ReadFile("worlds/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("cannot find the sample world %q: there are 2024, 2025, 2026, mixed and big", name)
	}
	return data, nil
}
