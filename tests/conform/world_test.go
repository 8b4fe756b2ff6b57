package conform_test

import (
	"encoding/json"
	"maps"
	"net"
	"regexp"
	"slices"

	"jimm-migrator/tests/conform"
)

// madeUpAddresses are addresses of the controllers for replays in which no client dials them.
func madeUpAddresses() map[string]string {
	return map[string]string{"ctl-a": "10.0.0.1:17070", "ctl-b": "10.0.0.2:17070"}
}

// newMatcher has the placeholders of a release; addresses are host:port by controller.
func newMatcher(world *conform.World, addresses map[string]string) *conform.Matcher {
	m := &conform.Matcher{
		Vars: map[string]string{},
		Docs: map[string]string{"facades": facades(world.Facades)},
	}
	for name, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			panic(err)
		}
		m.Vars[name+".addr"] = address
		m.Vars[name+".public"] = address
		m.Vars[name+".host"] = host
		m.Vars[name+".port"] = port
		m.Vars[name+".password"] = world.Controllers[name].Password
	}
	return m
}

func facades(versions map[string][]int) string {
	type facade struct {
		Name     string `json:"name"`
		Versions []int  `json:"versions"`
	}
	list := []facade{}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		list = append(list, facade{Name: name, Versions: versions[name]})
	}
	data, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// isUUID reports whether s is a UUID as JIMM writes it.
func isUUID(s string) bool {
	return regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`).MatchString(s)
}
