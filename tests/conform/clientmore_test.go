package conform_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/conform"
)

// TestMigrateModelTriesTheOtherSpellingOnce replays the JIMM of December 2024 to spring 2025: it offers the facades of
// the old one and expects the spelling of the new one. Its answers are those of the recordings.
func TestMigrateModelTriesTheOtherSpellingOnce(t *testing.T) {
	ca := newCA(t)
	refused := readRelease(t, "jimm2026").exchange(t, "05.01-migratemodel-spellings", 0)
	accepted := readRelease(t, "jimm2026").exchange(t, "05.02-migratemodel-success", 0)
	synctest.Test(t, func(t *testing.T) {
		p := newClientReplay(t, readRelease(t, "jimm2024"), ca)
		p.serve()
		p.logins = []string{p.release.login("admin")}
		client, err := jimm.Connect(t.Context(), p.options("admin"))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		uuid := p.release.world.Model.UUID
		for i, sent := range [][]*exchange{{refused, accepted}, {accepted}} {
			p.pending, p.seen = slices.Clone(sent), 0
			id, err := client.MigrateModel(t.Context(), uuid, "ctl-b")
			if err != nil || id != uuid+":0" {
				t.Errorf("call %d: MigrateModel = %q, %v, want %s:0", i, id, err, uuid)
			}
			if p.seen != len(sent) || len(p.unasked) > 0 {
				t.Errorf("call %d: the client sent %d recorded requests, want %d; others %q", i, p.seen, len(sent), p.unasked)
			}
		}
	})
}

// exchange returns a request of a story and its reply.
func (r release) exchange(t *testing.T, story string, n int) *exchange {
	t.Helper()
	for _, f := range r.fixtures {
		if strings.Contains(f.File, story) {
			var all []*exchange
			for _, s := range sessions(f.Client) {
				all = append(all, slices.Concat(s.batches...)...)
			}
			return all[n]
		}
	}
	t.Fatalf("no story %s", story)
	return nil
}

// TestEveryRecordedRefusalIsUnderstood reads every error that JIMM returned for a model.
func TestEveryRecordedRefusalIsUnderstood(t *testing.T) {
	meant := map[jimm.Answer]int{}
	for _, s := range stories(t) {
		for _, refusal := range refusals(s.fixture) {
			answer := jimm.ReadAnswer(fmt.Errorf("wrapped: %w", refusal))
			meant[answer]++
			if answer == jimm.AnswerUnknown || answer == jimm.AnswerPresent {
				t.Errorf("%s: %q (%s) is answer %d", s.name, refusal.Message, refusal.Code, answer)
			}
		}
	}
	for answer := jimm.AnswerRedirected; answer <= jimm.AnswerUnreachable; answer++ {
		if meant[answer] == 0 {
			t.Errorf("no recording means answer %d", answer)
		}
	}
}

// refusals are the errors about a model in a story.
func refusals(f *conform.Fixture) []*rpc.Error {
	var all []*rpc.Error
	for _, s := range sessions(append(slices.Clone(f.Client), f.Story...)) {
		for _, x := range slices.Concat(s.batches...) {
			if refusal := refusalOf(x); refusal != nil && aboutAModel(x, s.open.Path, refusal) {
				all = append(all, refusal)
			}
		}
	}
	return all
}

// aboutAModel reports whether the refusal says where a model is.
func aboutAModel(x *exchange, path string, refusal *rpc.Error) bool {
	switch {
	case refusal.Code == rpc.CodeNotImplemented, refusal.Code == "bad request", path == "/model/xyz/api":
		return false
	case x.want.Method == "ModelInfo" && x.want.Facade == "ModelManager":
		return true
	case x.want.Method == "FullStatus", strings.HasPrefix(x.want.Method, "LoginWith"):
		return strings.HasPrefix(path, "/model/") && !strings.HasPrefix(refusal.Message, "invalid client credentials") &&
			refusal.Message != "unexpected end of JSON input" // a controller that ignores the protocol
	default:
		return false
	}
}

// refusalOf returns the error of a reply, of the call or of its one item.
func refusalOf(x *exchange) *rpc.Error {
	if x.reply == nil {
		return nil
	}
	e, ok := x.reply.Envelope()
	if !ok {
		return nil
	}
	if e.Error != "" {
		return &rpc.Error{Message: e.Error, Code: rpc.Code(e.ErrorCode), Info: e.ErrorInfo}
	}
	var response struct{ Results []item }
	x.sent = x.reply.Message
	replyOf(x, &response)
	if len(response.Results) == 1 {
		return response.Results[0].Error
	}
	return nil
}

// coverage counts the recorded requests that our client sent, by method.
type coverage struct {
	mu      sync.Mutex
	stories int
	count   map[string]int
	skipped []string // recorded requests that our client does not send, and why
}

func (c *coverage) skip(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skipped = append(c.skipped, line)
}

func (c *coverage) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[name]++
}

// check requires that every call of our client was replayed, in success and failure, unless go test -run left out
// stories.
func (c *coverage) check(t *testing.T) {
	t.Helper()
	all := 0
	for _, dir := range releases() {
		all += len(readRelease(t, dir).fixtures)
	}
	if c.stories < all {
		return
	}
	c.checkSkipped(t)
	names := slices.Collect(maps.Keys(apiCalls()))
	names = append(names, "Admin.LoginWithClientCredentials", "Client.FullStatus")
	for _, name := range names {
		if c.count[name+" ok"] == 0 {
			t.Errorf("%s was never replayed with success", name)
		}
		if c.count[name+" refused"] == 0 && !slices.Contains([]string{
			"JIMM.ListControllers", "JIMM.Version", "ModelManager.ListModelSummaries", "JIMM.FindAuditEvents", // never refused in the recordings
		}, name) {
			t.Errorf("%s was never replayed with a refusal", name)
		}
	}
}

// checkSkipped compares the requests that were not replayed with the known ones, so that none is left out unnoticed.
func (c *coverage) checkSkipped(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile("not-sent.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(string(data)), "\n")
	if diff := cmp.Diff(known, c.skipped); diff != "" {
		t.Errorf("the requests that our client does not send are not those of not-sent.txt (-file +now):\n%s", diff)
	}
}

// outcomeOf is "ok" or "refused".
func outcomeOf(err error) string {
	if err == nil || errors.Is(err, jimm.ErrNotAdministrator) {
		return "ok"
	}
	return "refused"
}
