package jimm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// visibleModels are the rows that the user may read.
func (ss *session) visibleModels() []Model {
	return slices.DeleteFunc(ss.s.db.modelList(), func(m Model) bool { return ss.modelAccess(m.UUID) == "" })
}

// listModelSummaries is ModelManager.ListModelSummaries. Its params are ignored.
func (ss *session) listModelSummaries(ctx context.Context, _ *wire.Request) (any, error) {
	rows := ss.visibleModels()
	answer := results[itemResult[modelSummary]]{}
	if !ss.s.gen.EmptyNull {
		answer.Results = []itemResult[modelSummary]{}
	}
	live := map[string]modelSummary{}
	if ss.s.gen.LiveLists {
		live = ss.s.liveSummaries(ctx, rows)
	}
	for _, row := range rows {
		summary := ss.summary(row)
		if ss.s.gen.LiveLists {
			ss.mergeSummary(&summary, live[row.UUID])
		}
		answer.Results = append(answer.Results, itemResult[modelSummary]{Result: &summary})
	}
	return answer, nil
}

// summary is the record from JIMM's database.
func (ss *session) summary(row Model) modelSummary {
	return modelSummary{
		Name: row.Name, UUID: row.UUID, Type: row.Type, ControllerUUID: ss.shownController(row),
		ProviderType: row.Provider, DefaultSeries: row.Series,
		CloudTag: "cloud-" + row.Cloud, CloudRegion: row.Region, CloudCredentialTag: row.credentialTag(),
		OwnerTag: "user-" + row.Owner, Life: row.Life,
		Status:     entityStatus{Status: row.Status, Info: row.StatusInfo, Since: pointer(row.Since)},
		UserAccess: ss.modelAccess(row.UUID),
		Counts: []entityCount{
			{"machines", int64(row.Machines)}, {"cores", int64(row.Cores)}, {"units", int64(row.Units)},
		},
		SLA: &sla{Level: "unsupported"}, AgentVersion: &row.Agent,
	}
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// mergeSummary merges the controller's answer into the record (2026). A model that its controller does not list, or
// that is on a controller that did not answer, is "unavailable" and has no type.
func (ss *session) mergeSummary(record *modelSummary, live modelSummary) {
	record.SLA = nil
	if live.UUID == "" {
		record.Type, record.DefaultSeries, record.Counts, record.AgentVersion = "", "", nil, nil
		record.Status = entityStatus{Status: "unavailable"}
		return
	}
	record.Type, record.DefaultSeries, record.Counts = live.Type, live.DefaultSeries, live.Counts
	record.Status, record.Migration, record.Life = live.Status, live.Migration, live.Life
	record.AgentVersion, record.IsController = live.AgentVersion, live.IsController
}

// liveSummaries asks the controllers that host these models, all at once. For a model that two of them list, the
// controller that is later by name wins.
func (s *Server) liveSummaries(ctx context.Context, rows []Model) map[string]modelSummary {
	hosts := s.hosts(rows)
	replies := make([]results[itemResult[modelSummary]], len(hosts))
	var asked sync.WaitGroup
	for i, controller := range hosts {
		asked.Go(func() {
			err := s.use(ctx, controller, s.ownUser(), func(b *backing) error {
				return b.call(ctx, b.modelManager("ListModelSummaries"), summariesRequest{
					UserTag: s.gen.SummariesUser(s.opts.UUID), All: true,
				}, &replies[i])
			})
			if err != nil {
				replies[i].Results = nil // one that does not answer is left out
			}
		})
	}
	asked.Wait()
	live := map[string]modelSummary{}
	for _, reply := range replies {
		for _, item := range reply.Results {
			if item.Result != nil {
				live[item.Result.UUID] = *item.Result
			}
		}
	}
	return live
}

type summariesRequest struct {
	UserTag string `json:"user-tag"`
	All     bool   `json:"all"`
}

// hosts are the controllers of these rows, by name.
func (s *Server) hosts(rows []Model) []Controller {
	used := map[string]bool{}
	for _, row := range rows {
		used[row.Controller] = true
	}
	return slices.DeleteFunc(s.db.controllerList(), func(c Controller) bool { return !used[c.Name] })
}

// listModels is ModelManager.ListModels: the database in 2024; in 2026 the controllers are asked too, and one that
// does not know the method makes the whole call fail.
func (ss *session) listModels(ctx context.Context, _ *wire.Request) (any, error) {
	rows := ss.visibleModels()
	if ss.s.gen.LiveLists {
		for _, controller := range ss.s.hosts(rows) {
			if err := ss.s.askListModels(ctx, controller); err != nil {
				return nil, err
			}
		}
	}
	return userModels(rows, true), nil
}

func (s *Server) askListModels(ctx context.Context, controller Controller) error {
	err := s.use(ctx, controller, s.ownUser(), func(b *backing) error {
		return b.call(ctx, b.modelManager("ListModels"), entity{"user-admin"}, nil)
	})
	if refused, ok := errors.AsType[*rpc.Error](err); ok {
		return wrapf("failed to list models: %s", withCode(refused))
	}
	return nil // one that cannot be reached is skipped (source)
}

// allModels is Controller.AllModels, from the database. Newer JIMM leaves the type empty.
func (ss *session) allModels(_ context.Context, _ *wire.Request) (any, error) {
	return userModels(ss.visibleModels(), !ss.s.gen.LiveLists), nil
}

func userModels(rows []Model, typed bool) any {
	var list []userModel // null if there is none (2026, recorded)
	for _, row := range rows {
		name := modelName{Name: row.Name, UUID: row.UUID, OwnerTag: "user-" + row.Owner}
		if typed {
			name.Type = row.Type
		}
		list = append(list, userModel{Model: name})
	}
	return map[string][]userModel{"user-models": list}
}

// modelController is an answer of ModelControllerInfo and an entry of JIMM.ListModels.
type modelController struct {
	Model          string `json:"model-name"`
	ModelUUID      string `json:"model-uuid"`
	Controller     string `json:"controller-name"`
	ControllerUUID string `json:"controller-uuid"`
}

func (s *Server) modelController(row Model) modelController {
	c, _ := s.db.controller(row.Controller)
	return modelController{row.Name, row.UUID, c.Name, c.UUID}
}

// listModelControllers is JIMM.ListModels.
func (ss *session) listModelControllers(_ context.Context, _ *wire.Request) (any, error) {
	list := []modelController{}
	for _, row := range ss.visibleModels() {
		list = append(list, ss.s.modelController(row))
	}
	return map[string][]modelController{"models": list}, nil
}

// modelControllerInfo is JIMM.ModelControllerInfo, from the database, for administrators of the model. Every user can
// learn whether a model exists.
func (ss *session) modelControllerInfo(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Model string `json:"model"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	row, ok := Model{}, false
	if owner, name, named := strings.Cut(params.Model, "/"); named {
		row, ok = ss.s.db.modelNamed(owner, name)
	} else {
		id, err := uuid.Parse(params.Model)
		if err != nil {
			return nil, wire.Errorf(codeBadRequest, "invalid model UUID: %v", err)
		}
		row, ok = ss.s.db.model(id.String())
	}
	if !ok {
		return nil, wire.Errorf(codeNotFound, "model not found")
	}
	if ss.modelAccess(row.UUID) != accessAdmin {
		return nil, errUnauthorized()
	}
	return ss.s.modelController(row), nil
}

// modelStatus is Controller.ModelStatus. In the recordings the controllers answered under another key, hence the two
// kinds of empty answer.
func (ss *session) modelStatus(ctx context.Context, req *wire.Request) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := []modelStatus{}
	for _, e := range params.Entities {
		status, err := ss.oneModelStatus(ctx, e.Tag)
		status.Error = wire.AsError(err)
		list = append(list, status)
	}
	return map[string][]modelStatus{"models": list}, nil
}

type modelStatus struct {
	ModelTag     string      `json:"model-tag"`
	Life         string      `json:"life"`
	Type         string      `json:"type"`
	Machines     int         `json:"hosted-machine-count"`
	Applications int         `json:"application-count"`
	Units        int         `json:"unit-count"`
	OwnerTag     string      `json:"owner-tag"`
	Error        *wire.Error `json:"error,omitempty"`
}

func (ss *session) oneModelStatus(ctx context.Context, tag string) (status modelStatus, err error) {
	id, tagErr := modelTag(tag)
	if tagErr != nil {
		return status, tagErr
	}
	row, ok := ss.s.db.model(id)
	if !ok || ss.modelAccess(id) != accessAdmin {
		return status, errUnauthorized()
	}
	var reply struct {
		Models []modelStatus `json:"models"`
	}
	err = ss.s.use(ctx, ss.s.hosting(row), ss.caller(), func(b *backing) error {
		return b.call(ctx, b.modelManager("ModelStatus"), entities{[]entity{{tag}}}, &reply)
	})
	switch {
	case err != nil:
		return status, asClientError(err)
	case len(reply.Models) == 1:
		return reply.Models[0], nil
	case ss.s.gen.LiveLists:
		return status, wrapf("%d results, expected 1", len(reply.Models))
	default:
		return status, nil
	}
}

// asClientError turns the error of a failed call on a controller into JIMM's usual answer: text and code of the
// controller.
func asClientError(err error) error {
	if refused, ok := errors.AsType[*rpc.Error](err); ok {
		return wire.Errorf(string(refused.Code), "%s", withCode(refused))
	}
	if _, ok := errors.AsType[*wire.Error](err); ok {
		return err
	}
	return &wire.Error{Message: brokenText(err)}
}

// fullModelStatus is JIMM.FullModelStatus; the params have Go's names. The connection to the model stays open (both
// years, source): every call leaks one. Here it is closed with JIMM.
func (ss *session) fullModelStatus(ctx context.Context, req *wire.Request) (any, error) {
	var params struct {
		ModelTag string
		Patterns []string
	}
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	row, err := ss.s.tagged(params.ModelTag, codeModelNotFound)
	if err != nil {
		return nil, err
	}
	b, err := ss.s.dial(ctx, ss.s.hosting(row), row.UUID, ss.s.ownUser())
	if err != nil {
		return nil, err
	}
	defer b.close()
	var reply map[string]any
	call := rpc.Request{Facade: "Client", Version: b.best("Client", ss.s.gen.Client), Method: "FullStatus"}
	if err := b.call(ctx, call, map[string][]string{"patterns": params.Patterns}, &reply); err != nil {
		return nil, asClientError(err)
	}
	return fullStatus(reply), nil
}

// fullStatus adds what the structs of JIMM's libraries always write.
func fullStatus(reply map[string]any) map[string]any {
	model, _ := reply["model"].(map[string]any)
	status, _ := model["model-status"].(map[string]any)
	always := func(in map[string]any, key string, value any) {
		if _, there := in[key]; in != nil && !there {
			in[key] = value
		}
	}
	always(model, "available-version", "")
	always(model, "meter-status", map[string]string{"color": "", "message": ""})
	always(model, "sla", "")
	for _, key := range []string{"kind", "version", "life"} {
		always(status, key, "")
	}
	return reply
}
