package controller

import (
	"fmt"
	"strings"
)

// FacadesForTest returns the versions of three facades.
func (c *Controller) FacadesForTest() string {
	show := func(name string, versions []int) string {
		return name + " " + strings.Trim(fmt.Sprint(versions), "[]")
	}
	return strings.Join([]string{
		show("ModelManager", c.release.controller["ModelManager"]),
		show("Controller", c.release.controller["Controller"]), show("Client", c.release.model["Client"]),
	}, ", ")
}
