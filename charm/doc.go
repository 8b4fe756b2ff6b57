// Package charm is a small framework for Juju charms in Go. It knows what Juju
// gives a charm process and expects from it, and nothing about any particular
// charm.
//
// A charm is an [App]: a function for each action and hook. Its program is one
// call of [Main], and its binary is the charm's dispatch file:
//
//	func main() {
//		charm.Main(charm.App{
//			Actions: map[string]charm.ActionFunc{"backup": backup},
//			Hooks:   map[string]charm.HookFunc{"config-changed": configure},
//		})
//	}
//
// # Actions
//
// A handler decodes its parameters with [Action.Params], shows progress with
// [Action.Log], sets results with [Action.SetResults] and returns an error if
// the action failed:
//
//	func backup(ctx context.Context, a *charm.Action) error {
//		var params struct {
//			Target string `json:"target"`
//		}
//		if err := a.Params(&params); err != nil {
//			return err
//		}
//		a.Log(ctx, "copying to "+params.Target)
//		size, err := copyTo(ctx, params.Target)
//		if err != nil {
//			return fmt.Errorf("cannot back up: %w", err)
//		}
//		return a.SetResults(ctx, map[string]any{"backup": map[string]any{"bytes": size}})
//	}
//
// It never calls action-fail and never exits: the framework does, once, and in
// the one way in which Juju keeps the sentence; see [Dispatch]. Set results
// before you return an error: they are kept, and they are what scripts read.
// Juju ends a cancelled action by SIGKILL, without warning; what must survive
// that belongs in a unit status, or in the systems that the action changes.
//
// # Hooks
//
// Juju runs dispatch for every hook, including those of future versions.
// Hooks without a handler end well, without starting any tool. A charm that
// computes everything from its configuration and relations each time puts one
// function into AnyHook and does not care which hook it is.
//
// What the user must clear is not an error: set [StatusBlocked] with a
// message that says how, and return nil. Return errors for bugs and for what
// may pass by itself; Juju then runs the hook again.
//
// # Tools
//
// [Unit], which [Action] and [Hook] share, has a method for each hook tool. A
// tool is a process and takes some 6 ms; most talk to the agent's memory,
// [Action.Log], [Unit.SetStatus] and [Unit.Secret] also to the controller. They
// answer with a [*ToolError] when Juju refuses. They are called so that no text
// can be mistaken for a flag, and no value is mangled: JSON out, data in on
// stdin, free text after "--".
//
// Juju freezes configuration and relations for the time of a dispatch: an
// action that runs for an hour sees the configuration of its beginning.
//
// # Secrets
//
// Values read with [Unit.Secret] are hidden from then on in everything that
// this package sends out, including errors and panics: a secret can leave a charm
// only by ways that bypass this package. Give other secrets to
// [Unit.Redact].
//
// # Tests
//
// [Dispatch] takes the environment as a value and the tools as an interface of
// one method, [Runner]; package charmtest has one that behaves as Juju does. So
// a whole charm runs in a test, in parallel with others, and in virtual time.
package charm
