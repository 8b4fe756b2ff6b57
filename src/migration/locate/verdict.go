package locate

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// decision decides where one model is, from the record, the source's answer
// through JIMM and the controllers' own.
type decision struct {
	locator
	loc    *Location
	info   facts.Info
	copies map[facts.ControllerUUID]facts.Copy
	name   string // The recorded controller, quoted.
	// destinations are the controllers that the model may have been migrated to, and unread is why JIMM's audit log,
	// which shows them, could not be read; nil if it was, or was not needed.
	destinations []facts.ControllerUUID
	unread       error
}

func (f decision) judge(ctx context.Context) {
	loc, info := f.loc, f.info
	recorded := f.copies[loc.Recorded.UUID]
	switch place := judge.Place(loc.Recorded, f.seen()); place {
	case judge.InUseTwice:
		loc.State = StateConflict
		loc.Proof = "more than one controller hosts the model: " + facts.DescribeCopies(f.controllers, f.copies)
	case judge.Departed:
		f.followRedirect()
	case judge.Moving, judge.MovingElsewhere:
		switch {
		case info.Attempt.Unshown():
			f.exporting()
		case !f.own(ctx):
			f.migratesUnattributed(recorded)
		default:
			f.migrating()
		}
	case judge.LeftOver:
		if info.Kind == facts.InfoListed && !recorded.Has() {
			loc.Drift = recorded.Denies()
			loc.Proof = "JIMM's list shows that a controller could not remove its copy after a migration, but not which controller, nor where the model went"
			return
		}
		f.leftOver()
	case judge.Redirected:
		f.redirected()
	case judge.Absent:
		f.notThere()
	case judge.Undecided:
		loc.Proof = survey.Undecided{Recorded: loc.Recorded, Controllers: f.controllers, Observation: f.seen(), Unread: f.unread}.String()
	case judge.HalfImported, judge.Hosted, judge.Copied, judge.Undescribed, judge.Listed, judge.Unplaced:
		f.unmoved(ctx, place, recorded)
	}
}

// seen is the observation that the location rests on.
func (f decision) seen() facts.Observation {
	return facts.Observation{Info: f.info, Copies: f.copies, Destinations: f.destinations}
}

// unmoved: no answer shows that the model has left the recorded controller, or is leaving it.
func (f decision) unmoved(ctx context.Context, place judge.Placement, recorded facts.Copy) {
	loc := f.loc
	switch {
	case recorded.State == facts.CopyImporting:
		f.halfImported()
	case recorded.Has():
		f.present()
	case place == judge.Hosted:
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof = f.name + " describes the model through JIMM"
	case f.named:
		f.askHost(ctx, recorded)
	default:
		f.unconfirmed(recorded)
	}
}

// own reports whether the migration in JIMM's list is that of the recorded
// controller, and not of another that JIMM has models on too.
func (f decision) own(ctx context.Context) bool {
	switch judge.Attribute(f.loc.Recorded, f.controllers, f.seen()) {
	case judge.EntryOfRecorded:
		return true
	case judge.EntryByLog:
		log, err := f.jaas.Auditor.Audit(ctx, f.loc.Model)
		return err == nil && !log.MayGoTo(f.loc.Attempt, f.loc.Recorded.Name)
	case judge.EntryByLogin:
		if !f.named {
			return false
		}
		host := f.jaas.Witness.Host(ctx, f.loc.Model.UUID, f.loc.Recorded.UUID)
		if report, ok := host.Report(f.info); ok && f.loc.Recorded.ShowsMigrations() {
			return host.Controller == f.loc.Recorded.UUID && report.Migrating()
		}
		return host.Has() && host.Controller == f.loc.Recorded.UUID
	default:
		return false
	}
}

// migratesUnattributed: a controller reports a migration without an end, and it may
// be a controller other than the recorded one.
func (f decision) migratesUnattributed(recorded facts.Copy) {
	loc := f.loc
	loc.State = StateMigrating
	loc.Proof = "JIMM's list reports a running migration, from or to " + f.name + ": " + loc.Attempt.Text.String()
	if !recorded.Denies() {
		return
	}
	loc.Drift = true
	if len(loc.Copies) == 1 && !facts.ParseText(loc.Attempt.Text).PastReturn() {
		loc.Holder = loc.Copies[0]
	}
}

// migrating: the recorded controller reports a migration without an end.
func (f decision) migrating() {
	loc := f.loc
	loc.State, loc.Holder = StateMigrating, loc.Recorded
	loc.Proof = f.name + " reports a running migration: " + loc.Attempt.Text.String()
	if f.copies[loc.Recorded.UUID].Denies() {
		loc.Holder = facts.Controller{} // Its answers contradict each other.
	}
	if !facts.ParseText(loc.Attempt.Text).PastReturn() {
		return
	}
	loc.Holder = facts.Controller{}
	loc.Proof += "; the target already hosts the model"
	if there := f.usable(); len(there) == 1 {
		loc.Holder = there[0]
	}
}

// exporting: the recorded controller reports that a migration is moving the model away,
// and shows nothing of it.
func (f decision) exporting() {
	loc := f.loc
	loc.Proof = f.name + " reports that a migration is moving the model away"
	if loc.Recorded.ShowsMigrations() {
		// Up to Juju 3.6, a controller reports the same about a copy that a migration has left behind.
		loc.Proof += ", or has left this copy behind"
	} else {
		loc.State, loc.Holder = StateMigrating, loc.Recorded
	}
	if len(loc.Silent) > 0 {
		loc.Holder = facts.Controller{}
	}
	there := slices.DeleteFunc(f.usable(), func(c facts.Controller) bool { return f.copies[c.UUID].State != facts.CopyActive })
	if len(there) == 1 {
		loc.Holder = there[0]
		loc.Proof += "; " + strconv.Quote(there[0].Name) + " reports that it hosts the model"
	}
}

// usable are the other controllers whose copies may be in use. Those that are
// half imported, or moved away themselves, are not.
func (f decision) usable() facts.Controllers {
	return slices.DeleteFunc(slices.Clone(f.loc.Copies), func(c facts.Controller) bool {
		state := f.copies[c.UUID].State
		return state == facts.CopyImporting || state == facts.CopyExporting
	})
}

// halfImported: JIMM records a controller that has only a half-imported copy, of
// a running migration or of one that was aborted.
func (f decision) halfImported() {
	loc := f.loc
	proof := f.name + " reports that it has only a half-imported copy"
	loc.Drift = true
	for _, c := range loc.Copies {
		own := f.copies[c.UUID].Info
		if f.copies[c.UUID].State == facts.CopyExporting && !own.ReapFailed() && !own.Migrating() && !c.ShowsMigrations() {
			own = facts.Info{Kind: facts.InfoLive, Attempt: facts.Unshown()}
		}
		if own.Migrating() {
			loc.State, loc.Holder, loc.Attempt = StateMigrating, c, own.Attempt.Redacted()
			loc.Proof = proof + "; " + strconv.Quote(c.String()) + " reports a running migration: " + loc.Attempt.Text.String()
			return
		}
	}
	there := f.usable()
	if len(there) == 1 && f.copies[there[0].UUID].State == facts.CopyActive {
		f.setMoved(there[0], proof+"; "+strconv.Quote(there[0].Name)+" reports that it hosts the model")
		return
	}
	loc.Proof = proof + "; " + cmp.Or(facts.DescribeCopies(loc.Copies, f.copies), "no other controller reports that it has one")
}

// leftOver: the recorded controller has moved the model away and kept a copy.
func (f decision) leftOver() {
	proof := f.name + " reports that it could not remove its copy after the migration"
	if there := f.usable(); len(there) == 1 {
		f.setMoved(there[0], proof+"; "+strconv.Quote(there[0].Name)+" reports that it has the model")
		return
	}
	f.loc.Drift = true
	f.loc.Proof = proof + "; it is not known which controller it went to"
}

// redirected: the recorded controller reports through JIMM that the model moved.
func (f decision) redirected() {
	proof := f.name + " reports through JIMM that it has moved the model"
	silent := slices.ContainsFunc(f.loc.Silent, func(c facts.Controller) bool { return c.UUID != f.loc.Recorded.UUID })
	if there := f.usable(); len(there) == 1 && !silent {
		f.setMoved(there[0], proof+"; of the other controllers, only "+strconv.Quote(there[0].Name)+" reports that it has the model")
		return
	}
	f.loc.Drift = true
	f.loc.Proof = proof + ", but not where to"
}

// present: the recorded controller reports that it has a copy.
func (f decision) present() {
	loc := f.loc
	loc.Proof = f.name + " reports that it has the model"
	others := facts.Controllers(loc.Copies).Names()
	switch kind := f.info.Kind; {
	case f.copies[loc.Recorded.UUID].State == facts.CopyActive:
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof = f.name + " reports that it hosts the model"
		if others != "" {
			loc.Proof += "; " + facts.DescribeCopies(loc.Copies, f.copies)
		}
	case kind == facts.InfoDenied, kind == facts.InfoBroken:
		loc.Proof = f.name + " reports that it has a copy, but does not describe it to JIMM: a migration away from it is ending, or could not remove the copy"
	case !f.info.Described() && kind != facts.InfoNotAsked && len(loc.Silent) > 0 && others == "":
		loc.Proof += ", but JIMM cannot describe it, and not every other controller answered"
	case others == "":
		loc.State, loc.Holder = StateActive, loc.Recorded
	case kind == facts.InfoLive && !f.info.Importing():
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof += " and describes it as in use; a second copy is on " + others + ", left over from a migration or being imported by one"
	default:
		loc.Proof += ", and so does " + others + ": a migration is running, or one copy is left over"
	}
}

// notThere: the recorded controller reports that it does not have the model.
func (f decision) notThere() {
	loc := f.loc
	denies := f.name + " reports that it does not have the model"
	there := f.usable()
	switch {
	case f.info.Kind == facts.InfoLive:
		loc.Proof = denies + ", and describes it through JIMM"
		return
	case len(there) == 1 && len(there) == len(loc.Copies):
		f.setMoved(there[0], denies+"; "+strconv.Quote(there[0].Name)+" reports that it has")
		return
	case len(loc.Copies) > 0:
		loc.Proof = denies + "; " + facts.DescribeCopies(loc.Copies, f.copies)
	case len(loc.Silent) > 0 || loc.Asked < len(f.controllers):
		loc.Proof = denies + "; not every other controller could be asked"
	default:
		loc.State = StateAbsent
		loc.Proof = "every controller reports that it does not have the model"
	}
	loc.Drift = true
}

// followRedirect follows the recorded controller's redirect to where the model is.
func (f decision) followRedirect() {
	names := []string{f.loc.Recorded.String()}
	var to facts.Controller
	for _, uuid := range judge.Trail(f.loc.Recorded, f.seen()) {
		to = f.controllers.ByUUID(uuid)
		names = append(names, orUnknown(to))
		if to.Name == "" {
			break
		}
	}
	proof := strings.Join(names, " redirects to ")
	last := f.copies[to.UUID]
	switch {
	case to.Name == "":
		f.loc.Drift, f.loc.Proof = true, proof+": JIMM does not know that controller"
	case last.State == facts.CopyMoved:
		f.loc.Drift, f.loc.Proof = true, proof+": the redirects form a loop"
	case last.Has() && last.State != facts.CopyImporting:
		f.setMoved(to, proof+", which reports that it has the model")
	default:
		f.loc.Drift, f.loc.Proof = true, proof+", which did not confirm that it has the model"
	}
}

func orUnknown(c facts.Controller) string {
	if !c.Known() {
		return "an unnamed controller"
	}
	return c.String()
}

// setMoved: a controller other than the recorded one has the model.
func (f decision) setMoved(to facts.Controller, proof string) {
	loc := f.loc
	loc.State, loc.Holder, loc.Drift, loc.Proof = StateMoved, to, true, proof
	if to.Name != "" {
		loc.Repair = f.jaas.Traits.UpdateCommand(to, loc.Model.UUID)
	}
	loc.Copies = slices.DeleteFunc(loc.Copies, func(c facts.Controller) bool { return c.UUID == to.UUID })
}

// askHost logs in to the model through JIMM: the last witness, asked once.
func (f decision) askHost(ctx context.Context, recorded facts.Copy) {
	loc := f.loc
	host := f.login(ctx, loc.Model, recorded)
	switch {
	case host.Kind == facts.HostServes && host.Controller == loc.Recorded.UUID && (host.Info.Kind != facts.InfoNotAsked || f.info.Kind == facts.InfoListed):
		f.served(host)
	case host.Kind == facts.HostServes && host.Controller == loc.Recorded.UUID && (f.info.Importing() || f.info.Kind == facts.InfoDenied):
		loc.Proof = "a login to the model through JIMM was answered by " + f.name + ", which does not describe it as in use"
	case host.Kind == facts.HostServes && host.Controller == loc.Recorded.UUID:
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof = "a login to the model through JIMM was answered by " + f.name
	case host.Kind == facts.HostServes:
		// JIMM asks the controller on record: the record has changed, or an
		// address leads to a controller other than JIMM thinks.
		loc.Holder = f.controllers.ByUUID(host.Controller)
		loc.Proof = "JIMM recorded " + f.name + ", but a login to the model through JIMM was answered by " + strconv.Quote(loc.Holder.String())
	case host.Kind == facts.HostRefused:
		loc.Proof = "JIMM records " + f.name + ", which refuses logins to the model: it may have moved"
	default:
		f.unconfirmed(recorded)
	}
}

// served: the recorded controller serves the model, and JIMM's list may have the
// entry of another: a copy that is half imported, leaves, or could not be removed serves
// logins, too. What the controller says over the login distinguishes them.
func (f decision) served(host facts.Host) {
	served := "a login to the model through JIMM was answered by " + f.name
	report, ok := host.Report(f.info)
	if !ok {
		f.loc.Proof = served + ", which did not describe the model: " + host.Info.Answer()
		return
	}
	f.info, f.loc.Attempt = report, report.Attempt.Redacted()
	switch {
	case report.Migrating():
		f.migrating()
	case report.ReapFailed():
		f.leftOver()
	case report.Importing():
		f.loc.Proof = served + ", which is still importing it"
	default:
		f.loc.State, f.loc.Holder, f.loc.Proof = StateActive, f.loc.Recorded, served
	}
}

func (f decision) unconfirmed(recorded facts.Copy) {
	why := "controllers are not asked (probe-controllers=false)"
	if f.probe {
		why = "the controller did not answer: " + redact.Error(recorded.Err)
	}
	f.loc.Proof = "JIMM records " + f.name + "; this was not confirmed: " + why
}
