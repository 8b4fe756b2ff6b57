package juju

import (
	"encoding/json"
	"fmt"
	"slices"

	"jimm-migrator/src/rpc"
)

// FacadeVersions are the facades that a server offers, with their versions, as
// a login's answer lists them.
type FacadeVersions map[string][]int

// Best returns the highest of the known versions that the server offers too.
// It returns false if there is none.
func (f FacadeVersions) Best(name string, known ...int) (int, bool) {
	best, found := 0, false
	for _, version := range f[name] {
		if (!found || version > best) && slices.Contains(known, version) {
			best, found = version, true
		}
	}
	return best, found
}

// UnmarshalJSON decodes [{"name":…,"versions":[…]},…]. Null is no facades.
func (f *FacadeVersions) UnmarshalJSON(data []byte) error {
	var list []struct {
		Name     string `json:"name"`
		Versions []int  `json:"versions"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("cannot decode facade list: %w", err)
	}
	*f = make(FacadeVersions, len(list))
	for _, facade := range list {
		(*f)[facade.Name] = append((*f)[facade.Name], facade.Versions...)
	}
	return nil
}

// Union returns the versions that either of two servers offers, in order.
func (f FacadeVersions) Union(other FacadeVersions) FacadeVersions {
	out := make(FacadeVersions, len(f)+len(other))
	for _, list := range []FacadeVersions{f, other} {
		for name, versions := range list {
			all := slices.Concat(out[name], versions)
			slices.Sort(all)
			out[name] = slices.Compact(all)
		}
	}
	return out
}

// choose is Best with an error that says what the server offers.
func (f FacadeVersions) choose(name string, known ...int) (int, error) {
	version, ok := f.Best(name, known...)
	switch {
	case ok:
		return version, nil
	case len(f[name]) == 0:
		return 0, fmt.Errorf("cannot use facade %s: the server does not offer it: %w", name, rpc.CodeNotSupported)
	}
	return 0, fmt.Errorf("cannot use facade %s: the server offers versions %v, but this client knows only %v: %w",
		name, f[name], known, rpc.CodeNotSupported)
}
