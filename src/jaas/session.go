package jaas

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/survey"
)

// session is a connection to JIMM that outlives a restart of JIMM: a call that
// finds it lost connects again, at most once, and with growing pauses between
// attempts. JIMM of 2024 stores the secret of every login in its audit log, so
// there is one login for the life of a connection, and few logins to a JIMM
// that breaks every connection.
type session struct {
	settings config.Settings
	first    Account

	// borrowed: the caller closes the connection, and it is not made again.
	borrowed bool

	// rights judges the lists of models.
	rights rights

	// paced, where set, spreads the calls of an action about many models.
	paced *pace

	mu      sync.Mutex
	closed  bool
	client  *jimm.Client
	login   *attempt // under way
	pause   time.Duration
	retryAt time.Time
	lastErr error
}

// upgradedError reports that JIMM is of another generation than at the first
// login: what was read from it so far may mean something else.
type upgradedError struct{ was, is jimm.Generation }

// Error names the generations.
func (e *upgradedError) Error() string {
	return fmt.Sprintf("JIMM changed from %v to %v during the action; run the action again", e.was, e.is)
}

// Account is the account of the charm as JIMM describes it.
type Account struct {
	// Identity is the identity in JIMM, such as ID@serviceaccount.
	Identity string
	// Administrator reports whether it is a JIMM administrator.
	Administrator bool
	// Generation is that of JIMM.
	Generation jimm.Generation
	// Address is where JIMM was reached.
	Address string
}

// accountOf returns the account of a connection.
func accountOf(client *jimm.Client) Account {
	return Account{
		Identity: client.Identity(), Administrator: client.Administrator(),
		Generation: client.Generation(), Address: client.Address().String(),
	}
}

// The limit of an attempt to connect, and the pauses between two attempts.
const (
	loginTimeout = time.Minute
	firstPause   = time.Second
	lastPause    = 30 * time.Second
)

// NotAdministratorError reports that an account is not a JIMM administrator.
type NotAdministratorError struct {
	// Account is the one that lacks the right.
	Account Account
}

// Error names the identity and the command that grants the right.
func (e *NotAdministratorError) Error() string {
	return fmt.Sprintf("%q is not a JIMM administrator: %s (takes effect at the next login)", e.Account.Identity, config.GrantCommand(e.Account.Generation, e.Account.Identity))
}

// Unwrap lets the error match [jimm.ErrNotAdministrator] and [survey.RightsError].
func (e *NotAdministratorError) Unwrap() []error {
	who := e.Account
	return []error{jimm.ErrNotAdministrator, &survey.RightsError{
		Identity: who.Identity, Grant: config.GrantCommand(who.Generation, who.Identity), Revoked: true,
	}}
}

// openSession logs in to JIMM, as an administrator: other accounts cannot see
// the controllers.
func openSession(ctx context.Context, settings config.Settings) (*session, error) {
	client, who, err := LogIn(ctx, settings)
	if err != nil {
		return nil, err
	}
	s := &session{settings: settings, first: who, client: client, pause: firstPause}
	if err := unmask(ctx, client, who); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// LogIn connects to JIMM and returns the account that it reports.
func LogIn(ctx context.Context, settings config.Settings) (*jimm.Client, Account, error) {
	client, err := settings.Connect(ctx)
	if err != nil {
		return nil, Account{}, err
	}
	return client, accountOf(client), nil
}

// unmask makes JIMM show which controller a model is recorded on.
func unmask(ctx context.Context, client *jimm.Client, who Account) error {
	if !who.Administrator {
		return &NotAdministratorError{who}
	}
	return client.DisableControllerUUIDMasking(ctx)
}

// get returns a connection that was alive a moment ago. If it returns an error,
// nothing but logins was sent. The context ends the wait of its caller; it does
// not end a login, for which other callers may be waiting too.
func (s *session) get(ctx context.Context) (*jimm.Client, error) {
	if err := s.paced.wait(ctx); err != nil {
		return nil, err
	}
	client, login, err := s.current(ctx)
	if login == nil {
		return client, err
	}
	select {
	case <-login.done:
		return login.client, login.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// current returns the connection if it is alive, the last error while no new
// attempt is due, or else the attempt to connect that is under way.
func (s *session) current(ctx context.Context) (*jimm.Client, *attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.client != nil && s.client.Err() == nil:
		return s.client, nil, nil
	case s.client != nil:
		s.lastErr, s.client = s.client.Err(), nil
	}
	now := time.Now()
	switch {
	case s.login != nil:
		return nil, s.login, nil
	case s.borrowed, s.closed, now.Before(s.retryAt):
		return nil, nil, s.lastErr
	case now.Sub(s.retryAt) > lastPause:
		s.pause = firstPause // The last connection was used for a while, or this is the first loss.
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
	s.login = &attempt{cancel: cancel, done: make(chan struct{})}
	go s.connect(ctx, s.login)
	return nil, s.login, nil
}

// attempt is an attempt to connect.
type attempt struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the rest is known
	client *jimm.Client
	err    error
}

// connect connects again. It ends with the attempt's context.
func (s *session) connect(ctx context.Context, login *attempt) {
	defer login.cancel()
	login.client, login.err = s.reconnect(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Spread the attempts of several units.
	s.retryAt = time.Now().Add(s.pause + rand.N(s.pause/2)) //nolint:gosec // Not a secret.
	s.pause = min(2*s.pause, lastPause)
	s.client, s.login = login.client, nil
	if login.err != nil {
		s.lastErr = login.err
	}
	close(login.done)
}

func (s *session) reconnect(ctx context.Context) (*jimm.Client, error) {
	client, who, err := LogIn(ctx, s.settings)
	if err != nil {
		return nil, err
	}
	if who.Generation != s.first.Generation {
		err = &upgradedError{s.first.Generation, who.Generation}
	} else {
		err = unmask(ctx, client, who)
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// close ends the connection, unless it is borrowed, and an attempt to connect.
func (s *session) close() {
	s.mu.Lock()
	s.closed = true
	login := s.login
	s.mu.Unlock()
	if login != nil {
		login.cancel()
		<-login.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil && !s.borrowed {
		_ = s.client.Close()
	}
}
