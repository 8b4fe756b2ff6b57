package fleet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/fleet"
)

// logged is a request of the log, so many minutes after its beginning.
func logged(minute int, deed fleet.Deed, name, controller string) fleet.Logged {
	l := fleet.Logged{
		At: time.Unix(0, 0).Add(time.Duration(minute) * time.Minute), User: "alice@example.com", Deed: deed, Controller: controller,
		Answered: true, Key: fmt.Sprintf("%04d", minute),
	}
	switch {
	case strings.Contains(name, "/"):
		l.Path = name
	case name != "":
		l.Model = uuid(name)
	}
	return l
}

// rowsOf prints rows, the newest first.
func rowsOf(rows []fleet.Past) []string {
	var out []string
	for _, p := range rows {
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %s before=%s now=%s %s", p.Deed, p.Name, p.Controller, p.Before, p.Now, p.Recorded), " "))
	}
	return out
}

func TestHistoryIsNotMoreThanTheLogShows(t *testing.T) {
	refused := logged(3, fleet.DeedRecord, "a", "north")
	refused.Refused = "permission denied"
	silent := logged(3, fleet.DeedRecord, "a", "north")
	silent.Answered = false
	same := logged(3, fleet.DeedRecord, "a", "north")
	same.At, same.Key = same.At.Add(time.Minute), "0003" // With the next request.
	for name, test := range map[string]struct {
		log  []fleet.Logged
		want []string
	}{
		"recorded, then moved": {
			[]fleet.Logged{logged(1, fleet.DeedRecord, "a", "west"), logged(2, fleet.DeedMigrate, "a", "east")},
			[]string{"migrate a@x/a east before=west now=there east", "record a@x/a west before= now=elsewhere east"},
		},
		"a migration may have moved it": {
			[]fleet.Logged{logged(1, fleet.DeedRecord, "a", "west"), logged(2, fleet.DeedMigrate, "a", "north"), logged(4, fleet.DeedMigrate, "a", "east")},
			[]string{"migrate a@x/a east before= now=there east", "migrate a@x/a north before=west now=elsewhere east", "record a@x/a west before= now=elsewhere east"},
		},
		"a record that was refused": {[]fleet.Logged{refused, logged(4, fleet.DeedMigrate, "a", "east")}, []string{"migrate a@x/a east before= now=there east", "record a@x/a north before= now=elsewhere east"}},
		"a record without answer":   {[]fleet.Logged{silent, logged(4, fleet.DeedMigrate, "a", "east")}, []string{"migrate a@x/a east before= now=there east", "record a@x/a north before= now=elsewhere east"}},
		"in one millisecond":        {[]fleet.Logged{same, logged(4, fleet.DeedMigrate, "a", "east")}, []string{"migrate a@x/a east before= now=there east", "record a@x/a north before= now=elsewhere east"}},
		"another model's record":    {[]fleet.Logged{logged(1, fleet.DeedRecord, "b", "west"), logged(2, fleet.DeedMigrate, "a", "east")}, []string{"migrate a@x/a east before= now=there east", "record b@x/b west before= now=there west"}},
		"an upgrade moves nothing": {
			[]fleet.Logged{logged(1, fleet.DeedImport, "a", "west"), logged(2, fleet.DeedUpgrade, "a", ""), logged(3, fleet.DeedUpgradeTo, "a", "east")},
			[]string{"upgrade-to a@x/a east before=west now=there east", "upgrade a@x/a  before=west now= east", "import a@x/a west before= now=elsewhere east"},
		},
		"a controller":          {[]fleet.Logged{logged(1, fleet.DeedCordon, "", "west")}, []string{"cordon  west before= now="}},
		"forgotten by JIMM":     {[]fleet.Logged{logged(1, fleet.DeedMigrate, "gone", "east")}, []string{"migrate  east before= now=not-in-jimm"}},
		"by its name":           {[]fleet.Logged{logged(1, fleet.DeedMigrate, "a@x/a", "east")}, []string{"migrate a@x/a east before= now=unknown"}},
		"to another controller": {[]fleet.Logged{logged(1, fleet.DeedInitiate, "a", "outside")}, []string{"migrate-out a@x/a outside before= now= east"}},
	} {
		s := jaas(model("a", "east", 1), model("b", "west", 1))
		for i, m := range s.Models {
			s.Models[i].Owner = m.Name + "@x"
		}
		rows, err := fleet.History(test.log, s, fleet.HistoryFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, rowsOf(rows)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHistoryWithGapsDoesNotSayGone(t *testing.T) {
	s := jaas()
	s.Gaps = []string{"one model could not be read"}
	rows, err := fleet.History([]fleet.Logged{logged(1, fleet.DeedMigrate, "gone", "east")}, s, fleet.HistoryFilter{})
	if err != nil || len(rows) != 1 || rows[0].Now != fleet.WhereUnknown {
		t.Errorf("%v %v", rowsOf(rows), err)
	}
}

func TestHistoryIsFiltered(t *testing.T) {
	s := jaas(model("a", "east", 1), model("b", "west", 1))
	bob := logged(5, fleet.DeedMigrate, "a", "north")
	bob.User = "bob@example.com"
	log := []fleet.Logged{
		logged(1, fleet.DeedRecord, "b", "west"), logged(2, fleet.DeedMigrate, "a", "east"), logged(3, fleet.DeedMigrate, "alice@example.com/old", "north"),
		logged(4, fleet.DeedMigrate, "gone", "north"), bob, logged(6, fleet.DeedCordon, "", "north"), logged(7, fleet.DeedMigrate, "b", "east"),
	}
	for name, test := range map[string]struct {
		filter fleet.HistoryFilter
		want   string
	}{
		"all":                     {fleet.HistoryFilter{}, "7 6 5 4 3 2 1"},
		"by UUID":                 {fleet.HistoryFilter{Model: uuid("a")}, "5 2"},
		"by name":                 {fleet.HistoryFilter{Model: "a"}, "5 2"},
		"by a UUID that is gone":  {fleet.HistoryFilter{Model: strings.ToUpper(uuid("gone"))}, "4"},
		"by a name that is gone":  {fleet.HistoryFilter{Model: "alice@example.com/old"}, "3"},
		"by a pattern":            {fleet.HistoryFilter{Model: "ol?"}, "3"},
		"by a controller":         {fleet.HistoryFilter{Controller: "west"}, "7 1"},
		"by an unknown one":       {fleet.HistoryFilter{Controller: "north"}, "6 5 4 3"},
		"by user":                 {fleet.HistoryFilter{User: "bob@example.com"}, "5"},
		"by user and model":       {fleet.HistoryFilter{User: "bob@example.com", Model: "b"}, ""},
		"by a controller's model": {fleet.HistoryFilter{Controller: "east", Model: "a"}, "5 2"},
	} {
		rows, err := fleet.History(log, s, test.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range rows {
			got = append(got, strings.TrimLeft(p.Key, "0"))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
	if _, err := fleet.History(log, s, fleet.HistoryFilter{Model: "[a"}); err == nil {
		t.Error("a broken pattern is taken")
	}
}
