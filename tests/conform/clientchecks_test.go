package conform_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/conform"
)

// replyOf decodes the reply of an exchange as the client received it.
func replyOf(x *exchange, v any) conform.Envelope {
	var e conform.Envelope
	if err := json.Unmarshal([]byte(x.sent), &e); err != nil {
		panic(fmt.Sprintf("reply of a fixture: %v: %s", err, x.sent))
	}
	if v != nil && e.Error == "" {
		if err := json.Unmarshal(e.Response, v); err != nil {
			panic(fmt.Sprintf("response of a fixture: %v: %s", err, e.Response))
		}
	}
	return e
}

// checkError requires err to have exactly the message and code that the server answered.
func checkError(message, code string, err error) string {
	answer, ok := errors.AsType[*rpc.Error](err)
	switch {
	case !ok:
		return fmt.Sprintf("error %v, want an rpc.Error with %q (%s)", err, message, code)
	case answer.Message != message || string(answer.Code) != code:
		return fmt.Sprintf("error %q (%s), want %q (%s)", answer.Message, answer.Code, message, code)
	case strings.Contains(err.Error(), "s3cr3t"):
		return fmt.Sprintf("the error contains the secret: %v", err)
	case !strings.HasPrefix(err.Error(), "cannot "):
		return fmt.Sprintf("error %q, want one that begins with cannot", err)
	}
	return ""
}

// envelopeError checks an error of the whole call; done is false if there is none.
func envelopeError(e conform.Envelope, err error) (diff string, done bool) {
	if e.Error != "" {
		return checkError(e.Error, e.ErrorCode, err), true
	}
	return "", false
}

func checkEmpty(x *exchange, _ any, err error) string {
	e := replyOf(x, nil)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	return unexpected(err)
}

func unexpected(err error) string {
	if err != nil {
		return fmt.Sprintf("error %v, want none", err)
	}
	return ""
}

func checkLogin(x *exchange, result any, err error) string {
	var want struct {
		ControllerTag string `json:"controller-tag"`
		UserInfo      struct {
			Identity string
			Access   string `json:"controller-access"`
		} `json:"user-info"`
		Facades []struct {
			Name     string
			Versions []int
		}
	}
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	if err != nil {
		return unexpected(err)
	}
	client := result.(*jimm.Client)
	facades := juju.FacadeVersions{}
	for _, f := range want.Facades {
		facades[f.Name] = f.Versions
	}
	switch {
	case "user-"+client.Identity() != want.UserInfo.Identity:
		return fmt.Sprintf("identity %q, want %q", client.Identity(), want.UserInfo.Identity)
	case client.Administrator() != (want.UserInfo.Access == "administrator"):
		return fmt.Sprintf("administrator %v, access %q", client.Administrator(), want.UserInfo.Access)
	case "controller-"+client.ControllerUUID() != want.ControllerTag:
		return fmt.Sprintf("controller %q, want %q", client.ControllerUUID(), want.ControllerTag)
	case !maps.EqualFunc(client.Facades(), facades, slices.Equal[[]int]):
		return fmt.Sprintf("facades %v, want %v", client.Facades(), facades)
	}
	return ""
}

func checkModelLogin(x *exchange, result any, err error) string {
	var want struct {
		ControllerTag string `json:"controller-tag"`
		ModelTag      string `json:"model-tag"`
		ServerVersion string `json:"server-version"`
	}
	e := replyOf(x, nil)
	if diff, done := envelopeError(e, err); done {
		return diff + checkRedirect(e, err)
	}
	if err != nil {
		return unexpected(err)
	}
	if err := json.Unmarshal(e.Response, &want); err != nil {
		return err.Error()
	}
	model := result.(*jimm.ModelConn)
	got := [3]string{"controller-" + model.ControllerUUID(), "model-" + model.ModelUUID(), model.ServerVersion()}
	if got != [3]string{want.ControllerTag, want.ModelTag, want.ServerVersion} {
		return fmt.Sprintf("logged in to %q, want %q", got, want)
	}
	return ""
}

// checkRedirect checks the contents of a redirect.
func checkRedirect(e conform.Envelope, err error) string {
	if e.ErrorCode != string(rpc.CodeRedirect) {
		return ""
	}
	redirect, ok := errors.AsType[*juju.RedirectError](err)
	if !ok {
		return fmt.Sprintf("error %v, want a redirect", err)
	}
	var want struct {
		Tag   string `json:"controller-tag"`
		Alias string `json:"controller-alias"`
	}
	_ = json.Unmarshal(e.ErrorInfo, &want)
	if "controller-"+redirect.ControllerUUID != want.Tag || redirect.ControllerAlias != want.Alias {
		return fmt.Sprintf("redirect %+v, want %s", redirect, e.ErrorInfo)
	}
	return ""
}

// checkControllers checks a list of controllers, which only administrators see.
func checkControllers(administrator bool) func(x *exchange, result any, err error) string {
	return func(x *exchange, result any, err error) string {
		if !administrator {
			if !errors.Is(err, jimm.ErrNotAdministrator) || len(result.([]jimm.Controller)) > 0 {
				return fmt.Sprintf("%v, error %v, want ErrNotAdministrator", result, err)
			}
			return ""
		}
		return checkTargets(x, result, err)
	}
}

func checkTargets(x *exchange, result any, err error) string {
	var want struct{ Controllers []any }
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	return unexpected(err) + subset(result, want.Controllers, controllerKeys()...)
}

func checkVersion(x *exchange, result any, err error) string {
	var want struct{ Version, Commit string }
	replyOf(x, &want)
	if got := result.(jimm.ServerInfo); err != nil || got != (jimm.ServerInfo{Version: want.Version, Commit: want.Commit}) {
		return fmt.Sprintf("version %+v, error %v, want %+v", got, err, want)
	}
	return ""
}

// item is an entry of bulk results.
type item struct {
	Result      any
	Error       *rpc.Error
	MigrationID string `json:"migration-id"`
}

func checkSummaries(x *exchange, result any, err error) string {
	var want struct{ Results []item }
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	results := []any{}
	for _, r := range want.Results {
		results = append(results, r.Result)
	}
	return unexpected(err) + subset(result, results, append(modelKeys(), "type", "cloud-tag", "cloud-region")...)
}

func checkModelInfo(x *exchange, result any, err error) string {
	var want struct{ Results []item }
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	if r := want.Results[0]; r.Error != nil {
		return checkError(r.Error.Message, string(r.Error.Code), err)
	}
	return unexpected(err) + subset(result, want.Results[0].Result, modelKeys()...)
}

func checkMigrate(x *exchange, result any, err error) string {
	var want struct{ Results []item }
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	r := want.Results[0]
	if r.Error != nil {
		return checkError(r.Error.Message, string(r.Error.Code), err)
	}
	if result != r.MigrationID {
		return fmt.Sprintf("migration %v, want %q", result, r.MigrationID)
	}
	return unexpected(err)
}

func checkModelController(x *exchange, result any, err error) string {
	var want struct {
		ID string `json:"controller-uuid"`
	}
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	if want.ID == "" { // the controller was removed from JIMM
		if err == nil {
			return "no error for a model without a controller"
		}
		return ""
	}
	got := result.(jimm.ModelController)
	if (got != jimm.ModelController{ControllerUUID: want.ID}) {
		return fmt.Sprintf("%+v, want %+v", got, want)
	}
	return unexpected(err)
}

func checkFullStatus(x *exchange, result any, err error) string {
	var want struct {
		Model struct{ Name, Version string }
	}
	e := replyOf(x, &want)
	if diff, done := envelopeError(e, err); done {
		return diff
	}
	got := result.(jimm.Status)
	if err != nil || got.Model.Name != want.Model.Name || got.Model.Version != want.Model.Version {
		return fmt.Sprintf("status of %+v, error %v, want %+v", got.Model, err, want.Model)
	}
	return ""
}

func checkAudit(x *exchange, result any, err error) string {
	var want struct {
		Events []struct {
			Facade   string `json:"facade-name"`
			Method   string `json:"facade-method"`
			User     string `json:"user-tag"`
			Message  uint64 `json:"message-id"`
			Response bool   `json:"is-response"`
			Params   struct {
				Specs  []struct{}
				Target string `json:"target-controller"`
			}
			Errors struct{ Results []struct{ Error rpc.Error } }
		}
	}
	replyOf(x, &want)
	got := result.([]jimm.AuditEvent)
	if err != nil || len(got) != len(want.Events) {
		return fmt.Sprintf("%d events, error %v, want %d", len(got), err, len(want.Events))
	}
	for i, w := range want.Events {
		g := got[i]
		requests := len(w.Params.Specs)
		if w.Params.Target != "" {
			requests = 1
		}
		code := rpc.Code("")
		for _, r := range w.Errors.Results {
			code = r.Error.Code
		}
		switch {
		case g.Facade != w.Facade, g.Method != w.Method, "user-"+g.User != w.User, g.MessageID != w.Message,
			g.Response != w.Response, g.Time.IsZero(), g.ConversationID == "":
			return fmt.Sprintf("event %+v, want %+v", g, w)
		case len(g.Migrations) != requests, code != "" && !errors.Is(g.Error, code), code == "" && g.Error != nil:
			return fmt.Sprintf("event %+v, want %d migrations and code %q", g, requests, code)
		case strings.Contains(fmt.Sprintf("%+v", g), "s3cr3t"):
			return fmt.Sprintf("the event contains the secret: %+v", g)
		}
	}
	return ""
}

// modelKeys are the keys of ModelInfo and, among others, of a summary that our client must not lose.
func modelKeys() []string {
	return []string{
		"name", "uuid", "controller-uuid", "is-controller", "owner-tag", "life", "status", "migration", "agent-version",
	}
}

// controllerKeys are the keys of a controller that our client must not lose.
func controllerKeys() []string {
	return []string{
		"name", "uuid", "public-address", "api-addresses", "ca-certificate", "cloud-tag", "cloud-region", "agent-version", "status",
	}
}

// subset checks that everything the client decoded from an answer is in the answer: a value of the same name and
// content. Other fields must have their zero value. Of the answer's own keys those in keep must have been decoded.
func subset(result, answer any, keep ...string) string {
	got, err := asAny(result)
	if err != nil {
		return err.Error()
	}
	diffs := subsetOf("", got, answer)
	gots, isList := got.([]any)
	answers, _ := answer.([]any)
	if !isList {
		gots, answers = []any{got}, []any{answer}
	}
	for i := range min(len(gots), len(answers)) {
		g, _ := gots[i].(map[string]any)
		a, _ := answers[i].(map[string]any)
		for _, key := range keep {
			if a[key] != nil && a[key] != "" {
				diffs = append(diffs, subsetOf(fmt.Sprintf("[%d] lost %s", i, key), a[key], g[key])...)
			}
		}
	}
	return strings.Join(diffs, "\n")
}

func asAny(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var a any
	return a, json.Unmarshal(data, &a)
}

func subsetOf(path string, got, answer any) []string {
	switch g := got.(type) {
	case map[string]any:
		a, _ := answer.(map[string]any)
		var diffs []string
		for _, key := range slices.Sorted(maps.Keys(g)) {
			diffs = append(diffs, subsetOf(path+"."+key, g[key], a[key])...)
		}
		return diffs
	case []any:
		a, _ := answer.([]any)
		if len(a) != len(g) {
			return []string{fmt.Sprintf("%s: client has %d elements, answer %d", path, len(g), len(a))}
		}
		var diffs []string
		for i := range g {
			diffs = append(diffs, subsetOf(fmt.Sprintf("%s[%d]", path, i), g[i], a[i])...)
		}
		return diffs
	default:
		if answer == nil && (g == nil || g == "" || g == false || g == float64(0)) || g == answer {
			return nil
		}
		return []string{fmt.Sprintf("%s: client has %v, answer %v", path, g, answer)}
	}
}
