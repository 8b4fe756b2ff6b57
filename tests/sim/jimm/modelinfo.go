package jimm

import (
	"context"
	"errors"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// modelInfoLimit is JIMM's limit for a whole ModelInfo; most other calls have none.
const modelInfoLimit = time.Minute

// modelInfo is ModelManager.ModelInfo: the controller's own answer with JIMM's owner, credential, users and controller.
func (ss *session) modelInfo(ctx context.Context, req *wire.Request) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	answer := results[itemResult[modelInfo]]{Results: []itemResult[modelInfo]{}}
	for _, e := range params.Entities {
		info, err := ss.oneModelInfo(ctx, e.Tag)
		if err != nil {
			answer.Results = append(answer.Results, itemResult[modelInfo]{Error: itemError(err)})
			continue
		}
		answer.Results = append(answer.Results, itemResult[modelInfo]{Result: info})
	}
	return answer, nil
}

// itemError drops the info: redirect targets do not reach a client on /api.
func itemError(err error) *wire.Error {
	e := wire.AsError(err)
	return &wire.Error{Message: e.Message, Code: e.Code}
}

func (ss *session) oneModelInfo(ctx context.Context, tag string) (*modelInfo, error) {
	uuid, tagErr := modelTag(tag)
	if tagErr != nil {
		return nil, tagErr
	}
	row, ok := ss.s.db.model(uuid)
	if !ok || ss.modelAccess(uuid) == "" {
		return nil, errUnauthorized() // does not reveal whether it exists
	}
	ctx, cancel := context.WithTimeout(ctx, modelInfoLimit)
	defer cancel()
	info, err := ss.s.followModelInfo(ctx, row, ss.caller())
	if err != nil {
		return nil, err
	}
	if row, ok = ss.s.db.model(uuid); !ok {
		return nil, errUnauthorized()
	}
	ss.merge(info, row)
	return info, nil
}

// merge puts JIMM's own values over the controller's.
func (ss *session) merge(info *modelInfo, row Model) {
	user, _ := ss.who()
	access := ss.modelAccess(row.UUID)
	info.ControllerUUID = ss.shownController(row)
	info.OwnerTag = "user-" + row.Owner
	info.CloudCredentialTag = row.credentialTag()
	info.Users = nil
	for _, u := range ss.s.db.modelUsers(row.UUID) {
		if access == accessAdmin || u.name == user {
			info.Users = append(info.Users, modelUser{User: u.name, Access: u.access})
		}
	}
	if access == "read" {
		info.Machines = nil
	}
	if !ss.s.gen.SLA {
		info.SLA, info.SecretBackends, info.DefaultBase = nil, nil, info.DefaultSeries
	}
}

// controllerAnswer is a controller's answer about a model.
type controllerAnswer struct {
	info    *modelInfo
	refused *rpc.Error // by the controller
	whole   bool       // refused is an error of the call, not of the item
	broken  error      // no answer
}

// askModelInfo asks one controller over a connection.
func (b *backing) askModelInfo(ctx context.Context, uuid string) controllerAnswer {
	var reply struct {
		Results []struct {
			Result *modelInfo `json:"result"`
			Error  *rpc.Error `json:"error"`
		} `json:"results"`
	}
	err := b.call(ctx, b.modelManager("ModelInfo"), entities{[]entity{{"model-" + uuid}}}, &reply)
	if refused, ok := errors.AsType[*rpc.Error](err); ok {
		return controllerAnswer{refused: refused, whole: true}
	}
	switch {
	case err != nil:
		return controllerAnswer{broken: &wire.Error{Message: brokenText(err)}}
	case len(reply.Results) != 1:
		return controllerAnswer{broken: &wire.Error{Message: "unexpected number of results"}} // never recorded
	case reply.Results[0].Error != nil:
		return controllerAnswer{refused: reply.Results[0].Error}
	case reply.Results[0].Result == nil:
		return controllerAnswer{info: &modelInfo{}}
	default:
		return controllerAnswer{info: reply.Results[0].Result}
	}
}

// passed is what a client sees of an answer that JIMM passes on: "not found" is shown as missing rights.
func (a controllerAnswer) passed() (*modelInfo, error) {
	switch {
	case a.broken != nil:
		return nil, a.broken
	case a.refused == nil:
		return a.info, nil
	case a.refused.Code == codeNotFound:
		return nil, errUnauthorized()
	case a.whole:
		return nil, wire.Errorf(string(a.refused.Code), "%s", withCode(a.refused))
	default:
		return nil, wire.Errorf(string(a.refused.Code), "%s", a.refused.Message)
	}
}

// followModelInfo asks the hosting controller and, where JIMM has migration modes, acts on the answer.
func (s *Server) followModelInfo(ctx context.Context, row Model, user string) (info *modelInfo, err error) {
	err = s.use(ctx, s.hosting(row), user, func(b *backing) (err error) {
		answer := b.askModelInfo(ctx, row.UUID)
		if s.gen.MigrationModes {
			info, err = s.actOn(ctx, row, user, answer)
		} else {
			info, err = answer.passed()
		}
		return err
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = &wire.Error{Message: context.DeadlineExceeded.Error()} // while dialling, too
	}
	return info, err
}

// internalError is the only answer that a client gets while a model is stuck in its migration mode.
func internalError() error { return &wire.Error{Message: "internal server error"} }

// actOn is the table of what a controller's answer does to a row (2026). It is the same for the poller and for the
// ModelInfo of any client:
//
//	answer                      | migrating-internally    | no mode         | exporting
//	result without an end       | passed                  | passed          | passed
//	result with migration.end   | passed, mode cleared    | passed          | passed
//	redirect, alias known       | completed, target asked | passed          | passed
//	redirect, otherwise         | internal server error   | passed          | passed
//	not found                   | internal server error   | row deleted     | passed
//	unauthorized access         | internal server error   | passed, deleted | passed
//	other errors                | internal server error   | passed          | passed
//	no answer                   | passed                  | passed          | passed
func (s *Server) actOn(ctx context.Context, row Model, user string, answer controllerAnswer) (*modelInfo, error) {
	if answer.broken != nil {
		return answer.passed()
	}
	switch row.Mode {
	case ModeInternal:
		return s.actOnMigrating(ctx, row, user, answer)
	case ModeNone:
		if answer.refused != nil && (answer.refused.Code == codeNotFound || answer.refused.Code == codeUnauthorized) {
			s.db.deleteModel(row.UUID)
			if s.opts.Forgot != nil {
				s.opts.Forgot(row, user)
			}
		}
	default:
	}
	return answer.passed()
}

func (s *Server) actOnMigrating(
	ctx context.Context, row Model, user string, answer controllerAnswer,
) (*modelInfo, error) {
	if answer.refused == nil {
		if answer.info.Migration != nil && answer.info.Migration.End != nil { // whatever the text says
			s.setMode(row.UUID, ModeNone)
		}
		return answer.passed()
	}
	target, ok := s.redirectTarget(answer)
	if !ok {
		return nil, internalError()
	}
	record := func() {
		s.db.updateModel(row.UUID, func(m *Model) bool {
			m.Controller, m.Mode = target.Name, ModeNone
			return true
		})
	}
	// The row is updated before the target is asked (recorded with targets of 3.6). The JIMM that cannot read the
	// owners of Juju 4 leaves the mode unchanged there, so it must ask first; the order is inferred.
	asksFirst := s.gen.Highest && !s.opts.Mended
	if !asksFirst {
		record()
	}
	var info *modelInfo
	err := s.use(ctx, target, user, func(b *backing) (err error) {
		info, err = b.askModelInfo(ctx, row.UUID).passed() // deletes nothing: the next one does
		return err
	})
	if info != nil && info.parseOwner() != nil { // the mode stays (recorded; the answer is inferred)
		return nil, internalError()
	}
	if asksFirst {
		record()
	}
	return info, err
}

// redirectTarget finds the controller of a redirect by its alias, JIMM's own name for it. Only an item error counts.
func (s *Server) redirectTarget(answer controllerAnswer) (Controller, bool) {
	var info struct {
		Alias string `json:"controller-alias"`
	}
	if answer.whole || answer.refused.Code != codeRedirect || answer.refused.DecodeInfo(&info) != nil || info.Alias == "" {
		return Controller{}, false
	}
	return s.db.controller(info.Alias)
}

func (s *Server) setMode(uuid string, mode Mode) {
	s.db.updateModel(uuid, func(m *Model) bool { m.Mode = mode; return true })
}
