package controller

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"jimm-migrator/tests/sim/wire"
)

// openLog serves /log (of the controller model) and /model/<uuid>/log: the first message is {} or an error, followed by
// one message per line. How it ends, the texts and the order of the lines were recorded with 4.0-beta8; where earlier
// versions differ it is documented. Messages of the client are ignored.
func (c *Controller) openLog(r *http.Request, conn *wire.Conn, uuid string) wire.Session {
	s := &session{c: c, conn: conn, model: uuid, watchers: map[string]*watcher{}}
	stream := func(ctx context.Context) error {
		query, err := readLogQuery(r.URL.Query(), c.release.has(juju4))
		if err == nil {
			err = s.mayReadLog(ctx, r)
		}
		if err != nil {
			return s.lastWords(ctx, map[string]*wire.Error{"error": wire.AsError(err)})
		}
		if err := s.sendLog(ctx, map[string]any{}); err != nil {
			return err
		}
		return s.tail(ctx, query)
	}
	return wire.Session{
		Begin: func(ctx context.Context) { _ = stream(ctx) }, // the client is gone, or has been told
		Raw:   func(context.Context, []byte) bool { return true },
	}
}

// lastWords sends an error, and a close frame without a status.
func (s *session) lastWords(ctx context.Context, message any) error {
	if err := s.sendLog(ctx, message); err != nil {
		return err
	}
	s.conn.Close(websocket.StatusNoStatusRcvd, "")
	return nil
}

func (s *session) sendLog(ctx context.Context, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return s.conn.Send(ctx, data)
}

// mayReadLog logs in with the header of the request. Superusers may read all logs, other users that of a model that
// they may read (before 3.6.8 all); tokens only count if they are a superuser's.
func (s *session) mayReadLog(ctx context.Context, r *http.Request) error {
	who, err := s.byHeader(ctx, r.Header.Get("Authorization"))
	if err != nil {
		e := wire.AsError(err)
		return &wire.Error{Message: "authentication failed: " + e.Message, Code: e.Code}
	}
	switch access := s.c.controllerAccess(who); {
	case access == "superuser", access != "" && s.c.release.has(openLogs):
		return nil
	}
	if access, ok := s.c.modelAccess(who, s.model); ok && access != "" && !who.token {
		return nil
	}
	denied := wire.AsError(errPermission())
	return &wire.Error{Message: "authorization failed: " + denied.Message, Code: denied.Code}
}

func (s *session) byHeader(ctx context.Context, header string) (*login, error) {
	kind, value, _ := strings.Cut(header, " ")
	switch kind {
	case "Bearer":
		if !s.c.release.has(tokenLogins) || !s.c.config.Tokens.accepted() {
			return nil, wire.Errorf("not found", "authentication not found")
		}
		return s.byToken(ctx, value)
	case "Basic":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, wire.Errorf("", "invalid HTTP auth header")
		}
		tag, password, _ := strings.Cut(string(raw), ":")
		name, err := userTag(tag)
		if err != nil {
			return nil, err
		}
		user, ok := s.c.user(name)
		if !ok || user.Disabled || user.Password != password {
			return nil, errLogin()
		}
		return &login{user: name}, nil
	default:
		return nil, wire.Errorf("no credentials provided", "no credentials provided")
	}
}

// tail sends the lines that the query selects: existing ones and, unless the query excludes them, new ones. A stream
// without a tail ends as if the server had broken the connection.
func (s *session) tail(ctx context.Context, query logQuery) error {
	lines, next, changed := s.c.logFrom(0)
	sent := 0
	for _, line := range query.first(s.c.ofModel(lines, s.model, query)) {
		if err := s.sendLog(ctx, line.show(query.version)); err != nil {
			return err
		}
		sent++
	}
	for !query.noTail && (query.limit == 0 || sent < query.limit) {
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		lines, next, changed = s.c.logFrom(next)
		for _, line := range s.c.ofModel(lines, s.model, query) {
			if err := s.sendLog(ctx, line.show(query.version)); err != nil {
				return err
			}
			sent++
		}
	}
	s.conn.Drop()
	return nil
}
