package main

import "context"

// jujuMajor is the release of Juju whose behaviour is shown.
const jujuMajor = 3

func (p *program) serve(context.Context, []string) error { return nil }
func (p *program) demo(context.Context, []string) error  { return nil }
