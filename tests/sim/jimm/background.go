package jimm

import (
	"context"
	"time"

	"jimm-migrator/src/rpc"
)

// every runs work once per interval from now on until the context ends.
func every(ctx context.Context, interval time.Duration, work func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			work(ctx)
		}
	}
}

// poll is the poller of newer JIMM's leader: every 60 s from the start it asks ModelInfo for every model, whatever its
// mode, over one connection per controller, and acts on the answers.
func (s *Server) poll(ctx context.Context) { every(ctx, s.gen.PollInterval, s.PollOnce) }

// PollOnce is one round of the poller.
func (s *Server) PollOnce(ctx context.Context) {
	rows := s.db.modelList()
	for _, controller := range s.hosts(rows) {
		_ = s.use(ctx, controller, s.ownUser(), func(b *backing) error {
			for _, row := range rows {
				if row.Controller == controller.Name && ctx.Err() == nil {
					s.pollModel(ctx, b, row)
				}
			}
			return nil
		}) // one that cannot be dialled is skipped
	}
}

// pollModel asks for a model as the round listed it, and acts by the mode that was listed: JIMM does not read the row
// again (PollModels of canonical/jimm, 2025). So a model that is recorded on another controller during the round is
// still asked for on the controller that it has left, and its row is deleted if that controller denies it and the row
// has no mode.
func (s *Server) pollModel(ctx context.Context, b *backing, listed Model) {
	ctx, cancel := context.WithTimeout(ctx, modelInfoLimit)
	defer cancel()
	_, _ = s.actOn(ctx, listed, s.ownUser(), b.askModelInfo(ctx, listed.UUID)) // the result is discarded
}

// watchControllers dials every controller at the start and every ten minutes, which is the only thing that makes a
// controller unavailable or available again in ListControllers, and keeps the long polls of those that answer.
func (s *Server) watchControllers(ctx context.Context) {
	watching := map[string]*backing{}
	round := func(ctx context.Context) {
		for _, row := range s.db.controllerList() {
			if b := watching[row.Name]; b != nil && b.conn.Err() == nil {
				continue
			}
			watching[row.Name] = s.watch(ctx, row)
		}
	}
	round(ctx)
	every(ctx, s.gen.WatchInterval, round)
	for _, b := range watching {
		if b != nil {
			b.close()
		}
	}
}

func (s *Server) watch(ctx context.Context, row Controller) *backing {
	b, err := s.dial(ctx, row, "", s.ownUser())
	s.markAvailable(row.Name, err == nil)
	if err != nil {
		return nil
	}
	for _, method := range s.gen.Watches {
		s.running.Go(func() { b.longPoll(ctx, method) })
	}
	return b
}

// longPoll asks a watcher for changes until the connection or JIMM ends.
func (b *backing) longPoll(ctx context.Context, method string) {
	var watcher struct {
		ID string `json:"watcher-id"`
	}
	if b.call(ctx, b.controller(method), nil, &watcher) != nil {
		return
	}
	next := rpc.Request{Facade: "ModelSummaryWatcher", Version: 1, ID: watcher.ID, Method: "Next"}
	if method == "WatchAllModels" {
		next.Facade, next.Version = "AllModelWatcher", 4
	}
	for b.call(ctx, next, nil, nil) == nil {
		select { // pauses before it asks a controller that answers at once
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func (s *Server) markAvailable(name string, available bool) {
	row, ok := s.db.controller(name)
	if !ok || row.UnavailableSince.IsZero() == available {
		return
	}
	row.UnavailableSince = time.Time{}
	if !available {
		row.UnavailableSince = time.Now().UTC().Truncate(time.Millisecond)
	}
	s.db.putController(row)
}
