package controller

import (
	"fmt"
	"maps"
	"slices"
)

// trait is a difference between releases of Juju.
type trait string

const (
	// versionGate: clients of another major version are refused most calls (2.9 and 3.0, documented).
	versionGate trait = "version-gate"
	// namedIssues: the text of blockers names the version of the target (2.9 and 3.0, documented).
	namedIssues trait = "named-issues"
	// tokenLogins: Admin.Login knows "token"; older controllers ignore it, so JIMM cannot log in (3.2 on, documented).
	tokenLogins trait = "token-logins"
	// secretBackends: ModelInfo lists them (3.1 on, documented).
	secretBackends trait = "secret-backends"
	// closesModels: the connections of a model that is removed are closed (3.5.5 and 3.6-rc1 to 3.6, documented).
	// In REAP, its ModelStatus says then that the model has been removed (3.6.28, recorded; not 3.5.4, observed).
	closesModels trait = "closes-models"
	// deniesUserless: ModelInfo refuses a model that has no users any more (3.5.4, observed; the same is assumed of
	// earlier releases; 3.6.28 describes it, recorded).
	deniesUserless trait = "denies-userless"
	// skipUserChecks: target-info knows "skip-user-checks" (juju/juju#20085; 4.0-beta8, recorded).
	skipUserChecks trait = "skip-user-checks"
	// dryRun: InitiateMigration knows "dry-run". All other releases ignore the member and migrate for real (3.6.13 on,
	// juju/juju#21552, #22113; 3.6.28, 4.0.15 and 4.1-beta2, recorded; 4.0-beta8 ignores it, recorded; that the releases
	// between and 4.1-beta1 ignore it too is the worst case).
	dryRun trait = "dry-run"
	// redirectsAll: a migrated model redirects every user tag (4.0-beta8, recorded), not only those that had access to
	// the model when the migration was created (2.9 to 3.6, documented; 4.0.15 and 4.1-beta2, recorded).
	redirectsAll trait = "redirects-all"
	// released4: codes, texts and redirects of 4.0.15 and 4.1-beta2 (recorded). The same is assumed of earlier releases
	// of 4.0.
	released4 trait = "released-4"
	// silentSource: the source shows nothing of a migration, neither that it runs nor how it ended; a copy that is
	// being imported has a text of its own and is in every list (4.0.15 and 4.1-beta2, recorded; the same is assumed of
	// earlier releases of 4.0).
	silentSource trait = "silent-source"
	// hiddenCopies: a copy that came in an envelope is in no list and no answer before AdoptResources, which activates
	// it (4.1-beta2, recorded).
	hiddenCopies trait = "hidden-copies"
	// migratesItself: the controller model can be migrated, and while it is, the controller answers fewer calls
	// (4.1-beta2, recorded).
	migratesItself trait = "migrates-itself"
	// juju4: the texts, codes and members of 4.x for which there is no separate trait (4.0-beta8, recorded).
	juju4 trait = "juju4"
	// unfinished: no model can be migrated to or from this controller, and more is missing (4.0-beta8, recorded).
	unfinished trait = "unfinished"
	// takes36: models of 3.6 can be imported (juju/juju#22581, of June 2026).
	takes36 trait = "takes-3.6"
	// envelope: as a source it needs a target with MigrationTarget 8, and its error says so (juju/juju#22659, of June
	// 2026).
	envelope trait = "envelope"
	// plainFormat: that error does not mention an envelope (4.0.15, recorded).
	plainFormat trait = "plain-format"
	// macaroonExchange: as a source it exchanges the password for a macaroon, which a target without MigrationTarget 8
	// cannot do; it reports that first (juju/juju#22675, #23281 with 4.0.14).
	macaroonExchange trait = "macaroon-exchange"
	// lostOffers: an import of a model whose offer is connected fails (3.6.28, recorded; the lookup came with
	// juju/juju#22999 of July 2026, and was fixed by juju/juju#23079 of August, after 3.6.28).
	lostOffers trait = "lost-offers"
	// nullBackends: ModelInfo has no list of secret backends for a model without secrets (3.6.28, recorded; 3.1 on inferred).
	nullBackends trait = "null-backends"
	// reapInPieces: while a source removes a model, ModelInfo and other calls fail in one way after another (3.6.28,
	// recorded; the same is assumed of other releases up to 3.6).
	reapInPieces trait = "reap-in-pieces"
	// noRelationsPhase: PROCESSRELATIONS does not exist (4.1, documented).
	noRelationsPhase trait = "no-relations-phase"
)

// generation describes how releases of Juju from one version on differ from those before.
type generation struct {
	from string // first version

	controller string // changes to the facades of a controller connection
	model      string // changes to the facades of a model connection
	fresh      bool   // the lists are complete, not changes
	anonymous  string // facades of an anonymous model connection

	with    []trait
	without []trait

	// migrates are the versions of MigrationTarget that it supports as a source of migrations, if they change.
	migrates []int
	// oldestModel is the oldest version of a model that it accepts, if that changes (documented).
	oldestModel string
}

// generations lists the changes, oldest first; each entry inherits what the entries before it set. Of 4.0.0 and later,
// 4.0.15 and 4.1-beta2 were recorded; other releases follow their sources and issues (documented), and otherwise the
// recorded ones (inferred).
func generations() []generation {
	return []generation{
		{
			from: "2.9.0", controller: controllerFacades29, model: modelFacades29, fresh: true,
			anonymous: anonymousModelFacades, migrates: []int{1, 2}, with: []trait{versionGate, namedIssues, reapInPieces, deniesUserless},
		},
		{from: "3.0-beta1", controller: controllerFacades30, model: modelFacades30, fresh: true, oldestModel: "2.9.36"},
		{
			from: "3.1-beta1", controller: `MigrationTarget 1 2 3; SecretBackends 1`,
			model: `Application 15 16 17; Charms 5 6`, migrates: []int{1, 2, 3},
			with: []trait{secretBackends, nullBackends}, without: []trait{versionGate, namedIssues},
		},
		{from: "3.2-beta1", with: []trait{tokenLogins}},
		{
			from: "3.3-beta1", model: `Client 6 7; Application 15 16 17 18 19; Charms 5 6 7`, oldestModel: "2.9.43",
		},
		{
			from: "3.5-beta1", controller: `ModelManager 9 10; ApplicationOffers 4 5`, model: modelFacades35,
			anonymous: anonymousModelFacades35,
		},
		{from: "3.5.5", with: []trait{closesModels}},
		{
			from: "3.6-rc1", controller: `Controller 11 12; ModelManager 9 10`,
			model:   `Client 6 7 8; Application 15 16 17 18 19 20; Secrets 1 2; Storage 6 7`,
			without: []trait{deniesUserless},
		},
		{from: "3.6.8", with: []trait{skipUserChecks}},
		{from: "3.6.13", with: []trait{dryRun}, migrates: []int{1, 2, 3, 4, 5, 6, 7}},
		{
			// The facades were recorded with 3.6.28; in which release before it each version came is not known.
			from: "3.6.28", controller: `MigrationTarget 1 2 3 4 5 6`, model: `Application 15 16 17 18 19 20 21 22`,
			with: []trait{lostOffers},
		},
		{from: "3.6.29", without: []trait{lostOffers}},
		{
			from: "4.0-beta1", controller: controllerFacades40, model: modelFacades40, fresh: true,
			anonymous: anonymousModelFacades40, migrates: []int{4, 5, 6, 7},
			with:    []trait{juju4, redirectsAll, unfinished, takes36},
			without: []trait{closesModels, dryRun, lostOffers, nullBackends, reapInPieces},
		},
		{
			from: "4.0.0", controller: `Cloud 7 8; ModelUpgrader 2`, with: []trait{released4, silentSource},
			without: []trait{unfinished, takes36, redirectsAll}, oldestModel: "3.6.0",
		},
		{from: "4.0.10", controller: `Controller 12 13 14`},
		{from: "4.0.12", with: []trait{takes36, envelope}, migrates: []int{4, 5, 6, 7, 8}},
		{from: "4.0.14", with: []trait{macaroonExchange}},
		{from: "4.0.15", with: []trait{dryRun, plainFormat}},
		{
			from: "4.1-beta1", controller: `MigrationTarget 4 5 6 7 8`,
			with: []trait{noRelationsPhase, migratesItself, hiddenCopies}, without: []trait{dryRun},
		},
		{from: "4.1-beta2", with: []trait{dryRun}},
	}
}

// release is one version of Juju: the sum of its generations.
type release struct {
	version     version
	controller  map[string][]int
	model       map[string][]int
	anonymous   map[string][]int // on a model connection
	traits      map[trait]bool
	migrates    []int
	oldestModel version
}

func (r *release) has(t trait) bool { return r.traits[t] }

// releaseOf adds up the generations.
func releaseOf(text string) (release, error) {
	v, err := parseVersion(text)
	if err != nil {
		return release{}, err
	}
	r := release{version: v, traits: map[trait]bool{}}
	for _, g := range generations() {
		from, err := parseVersion(g.from)
		if err != nil {
			return release{}, err
		}
		if v.compare(from) < 0 {
			break
		}
		if err := r.add(g); err != nil {
			return release{}, err
		}
	}
	if r.controller == nil || v.major == 2 && v.minor > 9 || v.major == 3 && v.minor > 6 || v.major > 4 {
		return release{}, fmt.Errorf("cannot simulate Juju %q: only 2.9 to 3.6 and 4.x are known", text)
	}
	return r, nil
}

func (r *release) add(g generation) (err error) {
	if g.fresh {
		r.controller, r.model = map[string][]int{}, map[string][]int{}
	}
	maps.Copy(r.controller, facadeList(g.controller))
	maps.Copy(r.model, facadeList(g.model))
	if g.anonymous != "" {
		r.anonymous = facadeList(g.anonymous)
	}
	for _, t := range g.with {
		r.traits[t] = true
	}
	for _, t := range g.without {
		delete(r.traits, t)
	}
	if g.migrates != nil {
		r.migrates = slices.Clone(g.migrates)
	}
	if g.oldestModel != "" {
		r.oldestModel, err = parseVersion(g.oldestModel)
	}
	return err
}
