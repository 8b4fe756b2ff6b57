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
	Inside                *facts.Inventory
}

// VersionHop and Advisories run the checks of these names.
func (m Hop) VersionHop() Finding { return checkVersionHop(m.situation()) }

// Advisories runs the check of that name.
func (m Hop) Advisories() Finding { return checkAdvisories(m.situation()) }

// Units runs the check of that name.
func (m Hop) Units() Finding { return checkUnits(m.situation()) }

// Versions runs the check of that name.
func (m Hop) Versions() Finding { return checkVersions(m.situation()) }

// Facts are what the rules are told.
func (m Hop) Facts() rules.Facts { return Facts(m.situation()) }

func (m Hop) situation() *survey.Survey {
	s := &survey.Survey{
		Source: facts.Controller{Name: "west", AgentVersion: m.Source}, Target: facts.Controller{Name: "east", AgentVersion: m.Target},
		Model: facts.Model{Name: "prod", Owner: "alice@example.com", AgentVersion: m.Model, Type: m.Type, CloudType: m.CloudType, Users: m.Users},
	}
	if m.Inside != nil {
		s.Contents.Inventory, s.Contents.Known = *m.Inside, true
	}
	return s
}
