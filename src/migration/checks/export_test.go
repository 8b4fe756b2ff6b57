package checks

import (
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Hop is a migration from one controller to another, for the checks of
// versions and contents.
type Hop struct {
	Source, Target, Model string // Versions.
	Type, CloudType       string
	Users                 []string
	Contents              *facts.Inventory
}

// VersionHop and Advisories run the checks of these names.
func (m Hop) VersionHop() Finding { return checkVersionHop(m.survey()) }

// Advisories runs the check of that name.
func (m Hop) Advisories() Finding { return checkAdvisories(m.survey()) }

// Units runs the check of that name.
func (m Hop) Units() Finding { return checkUnits(m.survey()) }

// Applications runs the check of that name.
func (m Hop) Applications() Finding { return checkApplications(m.survey()) }

// Versions runs the check of that name.
func (m Hop) Versions() Finding { return checkVersions(m.survey()) }

// SecretBackends runs the check of that name for a model with secrets in vault, with what the accounts
// on the controllers list.
func (m Hop) SecretBackends(source, target map[string]string) Finding {
	s := m.survey()
	s.Observation.Info.BackendsReported = true
	s.Observation.Info.Backends = []facts.Backend{{Name: "vault", Type: "vault", Secrets: 2}}
	s.Reports.Backends, s.Reports.TargetBackends = source, target
	return checkSecretBackends(s)
}

// Facts are the facts that the rules get.
func (m Hop) Facts() rules.Facts { return Facts(m.survey()) }

func (m Hop) survey() *survey.Survey {
	s := &survey.Survey{
		Source: facts.Controller{Name: "west", AgentVersion: m.Source}, Target: facts.Controller{Name: "east", AgentVersion: m.Target},
		Model: facts.Model{Name: "prod", Owner: "alice@example.com", AgentVersion: m.Model, Type: m.Type, CloudType: m.CloudType, Users: m.Users},
	}
	if m.Contents != nil {
		s.Contents.Inventory, s.Contents.Known = *m.Contents, true
	}
	return s
}
