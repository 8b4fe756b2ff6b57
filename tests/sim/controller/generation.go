package controller

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// generation is how releases of Juju from one version on differ from others, as data. Facade lists are
// "Name version version; …".
type generation struct {
	from string // first version

	controllerFacades string // changes to the list of a controller connection
	modelFacades      string // changes to the list of a model connection

	// dryRun: InitiateMigration knows "dry-run". Older controllers ignore the member and migrate for real
	// (juju/juju#21552, #22113).
	dryRun bool
	// skipUserChecks: target-info knows "skip-user-checks" (juju/juju#20085).
	skipUserChecks bool
	// closesModels: the server closes the connections of a model that is removed (3.5.5 and 3.6-rc1 on, documented).
	closesModels bool
	// redirectAnyUser: a migrated model redirects every user tag (Juju 4.0-beta8, measured), not only those who were
	// users of the model when the migration was created (Juju 2.9 to 3.6, documented).
	redirectAnyUser bool
}

// Facades that Juju 3.1 lists for users, per kind of connection (Juju's facade registry, documented).
const (
	baseControllerFacades = `AllModelWatcher 4; ApplicationOffers 4; Bundle 6; Cloud 7; Controller 11; CrossController 1;
		HighAvailability 2; MigrationTarget 1 2 3; ModelConfig 3; ModelManager 9; ModelSummaryWatcher 1;
		ModelUpgrader 1; NotifyWatcher 1; Pinger 1; SecretBackends 1; UserManager 3`
	baseModelFacades = `Action 7; AllWatcher 3; Annotations 2; Application 15 16 17; Backups 3; Block 2; Bundle 6;
		Charms 5 6; Client 6; HighAvailability 2; ImageMetadataManager 1; KeyManager 1; MachineManager 9;
		MetricsDebug 2; ModelConfig 3; NotifyWatcher 1; Payloads 1; Pinger 1; Resources 3; Secrets 1; Spaces 6;
		SSHClient 3 4; Storage 6; Subnets 5`
	anonymousControllerFacades = `CrossController 1; NotifyWatcher 1`
	anonymousModelFacades      = `CrossModelRelations 2; NotifyWatcher 1; OfferStatusWatcher 1; RelationStatusWatcher 1;
		RelationUnitsWatcher 1; RemoteRelationWatcher 1; StringsWatcher 1`
)

// generations lists what changed, oldest first; each entry holds what the ones before it say unless it says otherwise.
func generations() []generation {
	return []generation{
		{from: "3.1-beta1"},
		{from: "3.3-beta1", modelFacades: `Client 6 7; Application 15 16 17 18 19; Charms 5 6 7`},
		{from: "3.5-beta1", controllerFacades: `ModelManager 9 10; ApplicationOffers 4 5`},
		{from: "3.5.5", closesModels: true},
		{
			from: "3.6-rc1", controllerFacades: `Controller 11 12; ModelManager 9 10`,
			modelFacades: `Client 6 7 8; Application 15 16 17 18 19 20; Secrets 1 2; Storage 6 7`,
		},
		{from: "3.6.8", skipUserChecks: true},
		{from: "3.6.13", dryRun: true},
	}
}

// release is one version of Juju: the sum of its generations.
type release struct {
	version         version
	controller      map[string][]int
	model           map[string][]int
	dryRun          bool
	skipUserChecks  bool
	redirectAnyUser bool
	closesModels    bool
}

func releaseOf(text string) (release, error) {
	v, err := parseVersion(text)
	if err != nil {
		return release{}, err
	}
	r := release{
		version:    v,
		controller: facadeList(baseControllerFacades),
		model:      facadeList(baseModelFacades),
	}
	known := false
	for _, g := range generations() {
		from, err := parseVersion(g.from)
		if err != nil {
			return release{}, err
		}
		if v.compare(from) < 0 {
			break
		}
		known = true
		maps.Copy(r.controller, facadeList(g.controllerFacades))
		maps.Copy(r.model, facadeList(g.modelFacades))
		r.dryRun = r.dryRun || g.dryRun
		r.skipUserChecks = r.skipUserChecks || g.skipUserChecks
		r.closesModels = r.closesModels || g.closesModels
		r.redirectAnyUser = r.redirectAnyUser || g.redirectAnyUser
	}
	if !known || v.major > 3 {
		return release{}, fmt.Errorf("cannot simulate Juju %q: only 3.1 to 3.6 are known", text)
	}
	return r, nil
}

func facadeList(text string) map[string][]int {
	list := map[string][]int{}
	for entry := range strings.SplitSeq(text, ";") {
		fields := strings.Fields(entry)
		for _, field := range fields[min(1, len(fields)):] {
			n, err := strconv.Atoi(field)
			if err != nil {
				panic(fmt.Sprintf("facade list %q: %v", text, err))
			}
			list[fields[0]] = append(list[fields[0]], n)
		}
	}
	return list
}

type facadeVersions struct {
	Name     string `json:"name"`
	Versions []int  `json:"versions"`
}

// listing is the facade list of a login result, sorted by name.
func listing(facades map[string][]int) []facadeVersions {
	var list []facadeVersions
	for _, name := range slices.Sorted(maps.Keys(facades)) {
		list = append(list, facadeVersions{Name: name, Versions: facades[name]})
	}
	return list
}
