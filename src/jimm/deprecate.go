package jimm

import (
	"context"
	"fmt"
)

// SetControllerDeprecated sets or removes JIMM's mark "deprecated" on a controller,
// and returns the controller as JIMM answers (JIMM 4
// SetControllerDeprecated). For JIMM administrators.
//
// This is a write. JIMM of July 2026 places no new models on such a controller; JIMM of
// 2024 still does (both recorded). No command-line tool of JIMM can remove the mark. To
// set a mark that is set already is not an error. While JIMM reports the controller as
// unavailable, the answer and the list hide the mark.
//
// The field deprecated is always sent, because JIMM takes a missing one for false.
// The name is never empty: with an empty name, JIMM of 2024 marks the first
// controller of its database (recorded).
func (c *Client) SetControllerDeprecated(ctx context.Context, name string, deprecated bool) (Controller, error) {
	var reply Controller
	err := checkController(name)
	if err == nil {
		params := struct {
			Name       string `json:"name"`
			Deprecated bool   `json:"deprecated"`
		}{name, deprecated}
		err = c.call(ctx, "SetControllerDeprecated", 0, params, &reply)
	}
	if err == nil && reply.Name != name {
		err = fmt.Errorf("unexpected answer: it is about %q", reply.Name)
	}
	if err != nil {
		return Controller{}, fmt.Errorf("cannot set deprecated to %t for controller %q: %w", deprecated, name, err)
	}
	return reply, nil
}
