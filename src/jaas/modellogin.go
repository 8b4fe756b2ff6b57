package jaas

import (
	"context"
	"errors"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// modelLogin is the connection of an action to the one model that it works on,
// through JIMM. It is kept: JIMM of 2024 writes the secret of every login into
// its audit log, so there is never a second login with such a JIMM. Newer JIMM
// writes "redacted"; there, keeping it only saves work.
type modelLogin struct {
	session *session

	turn turn // Taken by the caller that reads or changes the rest.
	conn *jimm.ModelConn
	made bool
}

// newModelLogin returns one that has not logged in; made: nor may it, if JIMM stores secrets.
func newModelLogin(s *session, made bool) *modelLogin {
	return &modelLogin{session: s, turn: newTurn(), made: made}
}

// errOneLogin reports that the action has used up its login to the model.
var errOneLogin = errors.New("this action has already logged in to the model, and JIMM would store the secret again")

// dial logs in to the model again and keeps the connection.
func (l *modelLogin) dial(ctx context.Context, model string) (*jimm.ModelConn, error) {
	if err := l.turn.take(ctx); err != nil {
		return nil, err
	}
	defer l.turn.end()
	return l.dialLocked(ctx, model)
}

// to returns a connection that the controller has answered: the one that is
// kept, if it is alive, or a new one, which another controller may answer.
func (l *modelLogin) to(ctx context.Context, model string, controller facts.ControllerUUID) (*jimm.ModelConn, error) {
	if err := l.turn.take(ctx); err != nil {
		return nil, err
	}
	defer l.turn.end()
	if c := l.conn; c != nil && c.Err() == nil && c.ModelUUID() == model && c.ControllerUUID() == string(controller) {
		return c, nil
	}
	return l.dialLocked(ctx, model)
}

func (l *modelLogin) dialLocked(ctx context.Context, model string) (*jimm.ModelConn, error) {
	if l.made && l.session.first.Generation != jimm.Generation2025 {
		return nil, errOneLogin
	}
	client, err := l.session.get(ctx)
	if err != nil {
		return nil, err
	}
	l.closeLocked()
	l.made = true
	if l.conn, err = client.DialModel(ctx, model); err != nil {
		l.conn = nil
		return nil, err
	}
	return l.conn, nil
}

func (l *modelLogin) close() {
	l.turn <- struct{}{} // A login that is under way has a limit.
	defer l.turn.end()
	l.closeLocked()
}

func (l *modelLogin) closeLocked() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}
