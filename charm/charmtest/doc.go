// Package charmtest is a Juju unit agent without Juju: the agent's side of
// hook tools, hooks and actions, for one unit of one charm, in memory.
//
// One state model is driven in two ways. In process, an [Agent] is a
// [charm.Runner] and runs a [charm.App], so that handlers are unit-tested
// without starting anything, in parallel and under virtual time:
//
//	agent := charmtest.Start(t, charmtest.Options{
//		CharmDir: "../..",
//		App:      &app,
//		Config:   map[string]any{"jimm-url": "wss://jimm.example.com"},
//	})
//	task, err := agent.RunAction(t.Context(), "locate-model", map[string]any{"model": "bob/prod"})
//
// As processes, the real dispatch binary is started as Juju starts it, and the
// hook tools are executables on its PATH that ask the same agent over a
// socket:
//
//	tools, err := charmtest.BuildTools(ctx, dir) // once, in TestMain
//	agent := charmtest.Start(t, charmtest.Options{CharmDir: "../..", Dispatch: binary, Tools: tools})
//
// It enforces what Juju 3.6 was observed to do when its own hook tools, charm
// parser and agent were run: exact texts, exit codes, the argument parser, what
// survives a failure, limits, and how a task ends for each way in which
// dispatch can end. An impossible scenario, such as a hook of a relation that
// does not exist, is refused rather than played.
//
// It has no storage, resources, payloads or metrics, no controller for other
// units, and no retry timer for failed hooks (a test runs the hook again
// itself).
package charmtest
