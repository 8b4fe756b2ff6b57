package actions_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm/charmtest"
)

const (
	noHash       = "0000000000000000000000000000000000000000000000000000000000000000"
	listsModels  = "juju run jimm-migrator/0 list-models"
	listsTargets = "juju run jimm-migrator/0 list-migration-targets model=" + prod
	listsControl = "juju run jimm-migrator/0 list-controllers"
	locates      = "juju run jimm-migrator/0 locate-model model=" + prod
	// Mistakes that every action treats alike: the given value, and the text of the answer about
	// it.
	noModel      = `JIMM has no model "pord"; did you mean alice@example.com/prod?`
	shortUUID    = `JIMM has no model "11111111-1111-4111-8111-11111111111"; a UUID has 36 characters, and this one has 35`
	onePattern   = `"pr*" is a pattern, but one model is needed; did you mean alice@example.com/prod?`
	noController = `JIMM has no controller "esat"; did you mean east?`
	noPage       = "there is no page 7; the last page is 1"
	noDuration   = `cannot use timeout "0s": it must be a duration `
	tooLong      = `cannot use timeout "99999999h": it must be a duration from 1s to 720h`
	tooShort     = `cannot use timeout "10m": a run starts no migration in its last 10 minutes; it must be longer, such as 90m or 4h`
	noPlan       = `cannot read the plan: its first line is "x: [", but this version reads "jimm-migrator plan 1"`
	noCheck      = `cannot ignore check "target-copies": there is no such check; did you mean target-copy?`
	otherUUID    = `confirm is "` + strayed + `", but the UUID of the model is ` + prod
)

// mistake is a wrong value of one parameter of an action.
type mistake struct {
	param, value, says string
	// next is the command that helps, "" if only the value has to be corrected.
	next string
	// completes reports that the action completes and reports that nothing matches.
	completes bool
}

// aModel are the mistakes in a parameter that names one model.
func aModel() []mistake {
	return []mistake{
		{param: "model", value: "pord", says: noModel, next: listsModels},
		{param: "model", value: prod[:35], says: shortUUID, next: listsModels},
		{param: "model", value: "pr*", says: onePattern, next: listsModels},
	}
}

// models are those in a parameter that names models.
func models(param string) []mistake {
	return []mistake{
		{param: param, value: "pord", says: noModel, next: listsModels},
		{param: param, value: "pord*", says: `no model matches the pattern "pord*"`, next: listsModels},
	}
}

func aController(param, next string) []mistake {
	return []mistake{{param: param, value: "esat", says: noController, next: next}}
}

func aTimeout(completes ...mistake) []mistake {
	return append([]mistake{{param: "timeout", value: "0s", says: noDuration}}, completes...)
}

// mistakes are those of each action, with correct other parameters.
func mistakes() map[string]struct {
	right map[string]any
	wrong []mistake
} {
	moves := map[string]any{"model": "prod", "target-controller": "east"}
	holds := map[string]any{"model": "prod", "controller": "east", "confirm": prod}
	long := mistake{param: "timeout", value: "99999999h", says: tooLong}
	short := mistake{param: "timeout", value: "10m", says: tooShort}
	check := mistake{param: "ignore-checks", value: "target-copies", says: noCheck}
	return map[string]struct {
		right map[string]any
		wrong []mistake
	}{
		"locate-model": {map[string]any{"model": "prod"}, slices.Concat(aModel()[:2], []mistake{
			{param: "model", value: "pord*", says: `no model matches the pattern "pord*"`, next: listsModels},
			{param: "page", value: "7", says: noPage, completes: true},
		})},
		"migrate-model":   {moves, slices.Concat(aModel(), aController("target-controller", listsTargets), aTimeout(long, check))},
		"check-migration": {moves, slices.Concat(aModel(), aController("target-controller", listsTargets), aTimeout(long, check))},
		"record-model":    {holds, slices.Concat(aModel(), aController("controller", listsControl), []mistake{{param: "confirm", value: strayed, says: otherUUID, next: locates}})},
		"remove-left-over": {holds, slices.Concat(aModel(), aController("controller", listsControl), []mistake{
			{param: "confirm", value: strayed, says: otherUUID, next: locates},
		})},
		"migration-status":    {map[string]any{"model": "prod", "follow": true}, slices.Concat(aModel(), aTimeout(long))},
		"collect-diagnostics": {wrong: aModel()},
		"list-models": {wrong: slices.Concat(aController("controller", listsControl), []mistake{
			{param: "model", value: "pord", says: noModel, next: listsModels, completes: true},
			{param: "model", value: "pord*", says: `no model matches the pattern "pord*"`, next: listsModels, completes: true},
			{param: "page", value: "7", says: noPage, completes: true},
		})},
		"list-migration-targets": {wrong: aModel()},
		"plan-migrations": {map[string]any{"goal": "move", "models": "prod", "targets": "east"}, slices.Concat(
			models("models"), models("exclude"), aController("from", listsControl), aController("targets", listsControl),
			[]mistake{
				{param: "plan", value: "x: [", says: noPlan},
				{param: "since", value: "0s", says: `cannot use since "0s": it must be a duration such as 24h or 72h`},
				{param: "to-version", value: "soon", says: `to-version must be a version such as 3.6.28, not "soon"`},
				{param: "to-version", value: "3.6", says: `to-version must be a version such as 3.6.28, not "3.6"`},
				{param: "model-timeout", value: "0s", says: `cannot use model-timeout "0s": it must be a duration such as 60m or 2h`},
			},
		)},
		"apply-plan":          {map[string]any{"plan": "x: [", "plan-hash": noHash}, aTimeout(short, mistake{param: "plan", value: "x: [", says: noPlan})},
		"cordon-controller":   {wrong: aController("controller", listsControl)},
		"uncordon-controller": {wrong: aController("controller", listsControl)},
		"drain-controller": {map[string]any{"controller": "west", "targets": "east"}, slices.Concat(
			// A pattern may match nothing: a drain is repeated until all excluded models are gone.
			aController("controller", listsControl), aController("targets", listsControl), models("exclude")[:1], aTimeout(
				short,
				mistake{param: "plan", value: "x: [", says: noPlan},
				mistake{param: "model-timeout", value: "0s", says: `cannot use model-timeout "0s": it must be a duration such as 60m or 2h`},
			),
		)},
		"migration-history": {wrong: []mistake{
			{param: "model", value: "pord", says: noModel, completes: true},
			{param: "controller", value: "esat", says: noController, completes: true},
			{param: "since", value: "tomorrow", says: `cannot use since "tomorrow": it must be a time such as`},
			{param: "until", value: "tomorrow", says: `cannot use until "tomorrow": it must be a time such as`},
			{param: "page", value: "7", says: noPage, completes: true},
		}},
	}
}

// goals are the goals of plans that read a parameter.
func goals(action, param string) map[string]any {
	if action != "plan-migrations" {
		return nil
	}
	return map[string]map[string]any{
		"from":       {"goal": "drain", "models": ""},
		"plan":       {"goal": "reverse", "models": "", "targets": ""},
		"since":      {"goal": "reverse", "models": "", "targets": ""},
		"to-version": {"goal": "upgrade", "models": "", "from": "west", "targets": ""},
	}[param]
}

// The answer to a mistyped value has the given value, the accepted ones, and the command that lists
// the names, whatever the action. Nothing is changed, and repeating the same command is not
// suggested.
func TestMistakesAreAnswered(t *testing.T) {
	t.Parallel()
	agent, j := unit(t, "2026", "migrator", twoModels)
	for action, c := range mistakes() {
		for _, m := range c.wrong {
			params := maps.Clone(c.right)
			if params == nil {
				params = map[string]any{}
			}
			maps.Copy(params, goals(action, m.param))
			params[m.param] = m.value
			answered(t, run(t, agent, action, params), m)
		}
	}
	for _, call := range []string{"MigrateModel", "UpdateMigratedModel"} {
		if n := j.Count("jimm", "JIMM."+call); n > 0 {
			t.Errorf("%s was called %d times", call, n)
		}
	}
}

func answered(t *testing.T, task charmtest.Task, m mistake) {
	t.Helper()
	what := task.Action + " " + m.param + "=" + m.value
	status := charmtest.TaskFailed
	if m.completes {
		status = charmtest.TaskCompleted
	}
	if task.Status != status {
		t.Errorf("%s: %s", what, task.Status)
	}
	if summary := task.Result("summary"); !strings.Contains(summary, m.says) || !m.completes && !strings.Contains(task.Message, m.says) {
		t.Errorf("%s: it says %q, and the summary %q, not %q", what, task.Message, summary, m.says)
	}
	if next := task.Result("next"); next != m.next {
		t.Errorf("%s: next is %q, not %q", what, next, m.next)
	}
	if again := task.Result("retry-safe"); again == "true" && !m.completes {
		t.Errorf("%s: the same command is said to help", what)
	}
	if hint := task.Result("error.hint"); hint != "" {
		t.Errorf("%s: there is nothing to explain, and the hint is %q", what, hint)
	}
}

// The mistakes of each parameter with a text are in the table, unless every text is valid or Juju
// itself refuses the invalid ones.
func TestEveryParameterHasItsMistakes(t *testing.T) {
	t.Parallel()
	free := map[string]string{
		"reason":           "any text",
		"user":             "the log may name users that JIMM does not know",
		"move-out-of-jimm": "read only where JIMM cannot record the model: out-of-jimm.txtar",
		"plan-hash":        "compared with a plan that can be read: apply-plan.txtar",
		"expect":           "compared with the number of models: drain-counts.txtar",
		"waves":            "compared with a plan that can be read: apply-plan.txtar",
	}
	data, err := os.ReadFile("../../actions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var declared map[string]struct {
		Params map[string]struct {
			Type, Pattern any
			Enum          []string
		}
	}
	if err := yaml.Unmarshal(data, &declared); err != nil {
		t.Fatal(err)
	}
	for action, d := range declared {
		for param, p := range d.Params {
			known := slices.ContainsFunc(mistakes()[action].wrong, func(m mistake) bool { return m.param == param })
			juju := p.Enum != nil || p.Pattern != nil && param != "timeout" && param != "since" && param != "model-timeout" && param != "page"
			if free[param] == "" && !juju && !known {
				t.Errorf("%s %s: what is answered to a mistake in it?", action, param)
			}
		}
	}
}
