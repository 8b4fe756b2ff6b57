package jimm_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
)

func readStatus(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/fullstatus.json")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestStatusKeepsWhatChecksNeed(t *testing.T) {
	s, err := jimm.DecodeStatus(readStatus(t))
	if err != nil {
		t.Fatal(err)
	}
	since := time.Date(2026, 5, 2, 10, 11, 30, 0, time.UTC)
	if diff := cmp.Diff(jimm.ModelStatus{
		Name: "prod", Type: "iaas", Version: "3.6.14",
		Status: jimm.DetailedStatus{Status: "busy", Info: "migrating: exporting model", Since: jimm.Time{Time: since}},
	}, s.Model); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
	machine := s.Machines["0"]
	if machine.Agent.Status != "started" || machine.Agent.Version != "3.6.14" || machine.Instance.Status != "running" ||
		machine.Base.String() != "ubuntu@22.04/stable" || machine.InstanceID != "juju-0" {
		t.Errorf("machine %+v", machine)
	}
	if machine.Constraints != "mem=2048M spaces=dmz" || len(machine.LXDProfiles) != 1 || machine.LXDProfiles["juju-prod-pg-3"] == nil {
		t.Errorf("constraints %q, profiles %v", machine.Constraints, machine.LXDProfiles)
	}
	if container := machine.Containers["0/lxd/0"]; container.Agent.Status != "down" || container.Agent.Life != "dying" {
		t.Errorf("container %+v", container)
	}
	pg := s.Applications["pg"]
	if pg.Charm != "ch:amd64/jammy/postgresql-288" || pg.Life != "" || pg.Base.String() != "ubuntu@22.04/stable" || pg.CharmProfile != "juju-prod-pg-3" || pg.ErrorText() != "" {
		t.Errorf("application %+v", pg)
	}
	unit := pg.Units["pg/0"]
	if unit.Agent.Status != "idle" || unit.Agent.Version != "3.6.14" || unit.Workload.Status != "active" || unit.Machine != "0" {
		t.Errorf("unit %+v", unit)
	}
	if nrpe := unit.Subordinates["nrpe/0"]; nrpe.Agent.Status != "lost" || nrpe.Workload.Info != "agent lost" {
		t.Errorf("subordinate %+v", nrpe)
	}
	if nrpe := s.Applications["nrpe"]; len(nrpe.Units) > 0 || nrpe.Life != "dying" {
		t.Errorf("application %+v", nrpe)
	}
	if broken := s.Applications["broken"]; broken.ErrorText() != "application is on fire" {
		t.Errorf("application %+v", broken)
	}
	if remote := s.RemoteApplications["mysql"]; remote.OfferURL != "jaas:bob@example.com/db.mysql" || remote.Status.Status != "active" {
		t.Errorf("remote application %+v", remote)
	}
	if offer := s.Offers["pg"]; offer.Application != "pg" || offer.ActiveConnected != 1 || offer.TotalConnected != 2 {
		t.Errorf("offer %+v", offer)
	}
	if len(s.Relations) != 1 || s.Relations[0].Key != "app:db pg:db" || s.Relations[0].Status.Status != "joined" || s.Relations[0].Endpoints[1].Application != "pg" {
		t.Errorf("relations %+v", s.Relations)
	}
	if len(s.Unread) > 0 {
		t.Errorf("unread %v", s.Unread)
	}
}

func TestStatusOfJuju4(t *testing.T) {
	// Recorded: 4.0-beta8. There is null where others have lists.
	s, err := jimm.DecodeStatus([]byte(`{"model":{"name":"prod","type":"iaas","cloud-tag":"cloud-dummy","region":"dummy-region","version":"4.0-beta8","available-version":"","model-status":{"status":"available","info":"","data":null,"since":"2026-11-22T11:45:18.332622307Z","kind":"","version":"","life":""}},"machines":{},"applications":{},"remote-applications":{},"offers":{},"relations":null,"controller-timestamp":"2026-11-22T11:45:18.332623158Z","branches":null}`))
	if err != nil || s.Model.Version != "4.0-beta8" || s.Applications != nil || s.Relations != nil || len(s.Unread) > 0 {
		t.Errorf("status %+v, error %v", s, err)
	}
}

// An entity in a new form is named and does not affect the others; its readable
// fields are kept.
func TestStatusSurvivesOddEntities(t *testing.T) {
	odd := strings.NewReplacer(
		`"exposed": true, "life": ""`, `"exposed": true, "life": 14`,
		`"since": "2026-05-02T10:11:30Z"`, `"since": "a while ago"`,
		`"constraints": "mem=2048M spaces=dmz"`, `"constraints": ["mem=2048M"]`,
		`"key": "app:db pg:db"`, `"key": {"app": "db"}`,
	).Replace(string(readStatus(t)))
	s, err := jimm.DecodeStatus([]byte(odd))
	if err != nil {
		t.Fatal(err)
	}
	if pg := s.Applications["pg"]; pg.Charm == "" || pg.Life != "" || pg.Units["pg/0"].Machine != "0" {
		t.Errorf("application %+v", pg)
	}
	if !s.Model.Status.Since.IsZero() || s.Machines["0"].InstanceID != "juju-0" || len(s.Applications) != 4 {
		t.Errorf("status %+v", s)
	}
	var names []string
	for _, line := range s.Unread {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	if want := []string{"machines/0", "applications/pg", "relations/0"}; !slices.Equal(names, want) {
		t.Errorf("unread %q, want %q", s.Unread, want)
	}
}

// The names are those of Juju's own client: the scale of a Kubernetes
// application is called "int".
func TestStatusReadsScaleAndStorage(t *testing.T) {
	s, err := jimm.DecodeStatus([]byte(`{"model":{"name":"prod","type":"caas"},
		"applications":{"web":{"charm":"ch:web-1","int":3}},
		"storage":[
			{"storage-tag":"storage-pg-data-0","kind":2,"persistent":true},
			{"storage-tag":"storage-disk-7","kind":1},
			{"storage-tag":"storage-odd-1","kind":9}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if web := s.Applications["web"]; web.Scale != 3 {
		t.Errorf("scale %d, want 3", web.Scale)
	}
	var got []string
	for _, storage := range s.Storage {
		got = append(got, storage.ID()+" "+storage.Kind.String())
	}
	if diff := cmp.Diff([]string{"pg-data/0 filesystem", "disk/7 block", "odd/1 "}, got); diff != "" || s.Unread != nil {
		t.Errorf("storage (-want +got):\n%s\nunread %q", diff, s.Unread)
	}
}
