package jimm

import (
	"cmp"
	"time"
)

// SetController inserts or replaces a row without asking the controller, and makes JIMM its parent.
func (s *Server) SetController(row Controller) {
	s.db.putController(row)
	s.db.addTuple(Tuple{s.jimmTag(), relController, "controller-" + row.UUID})
}

// Controllers returns the rows, sorted by name.
func (s *Server) Controllers() []Controller { return s.db.controllerList() }

// AddModel inserts a row without asking the controller, with the tuples that ImportModel writes. Empty fields get the
// controller's cloud and plain values. It reports false if the UUID or owner and name are taken.
func (s *Server) AddModel(row Model) bool {
	controller, _ := s.db.controller(row.Controller)
	row.Cloud = cmp.Or(row.Cloud, controller.Cloud)
	row.Region = cmp.Or(row.Region, controller.Region)
	row.Agent = cmp.Or(row.Agent, controller.AgentVersion)
	row.Provider = cmp.Or(row.Provider, "lxd")
	row.Credential = cmp.Or(row.Credential, "default")
	row.Type = cmp.Or(row.Type, "iaas")
	row.Life = cmp.Or(row.Life, "alive")
	row.Series = cmp.Or(row.Series, "jammy")
	row.Status = cmp.Or(row.Status, "available")
	if row.Since.IsZero() {
		row.Since = time.Now().UTC().Truncate(time.Second)
	}
	if !s.db.insertModel(row) {
		return false
	}
	s.modelTuples(row, controller)
	return true
}

func (s *Server) modelTuples(row Model, controller Controller) {
	s.db.addTuple(Tuple{"controller-" + controller.UUID, relController, "model-" + row.UUID})
	s.db.addTuple(Tuple{"user-" + row.Owner, relAdministrator, "model-" + row.UUID})
}

// Model returns a row.
func (s *Server) Model(uuid string) (Model, bool) { return s.db.model(uuid) }

// Models returns all rows in the order in which they were made.
func (s *Server) Models() []Model { return s.db.modelList() }

// UpdateModel changes a row as an administrator with access to the database could. It reports false without a row.
func (s *Server) UpdateModel(uuid string, change func(*Model)) bool {
	return s.db.updateModel(uuid, func(m *Model) bool { change(m); return true })
}

// AddCredential adds a cloud credential.
func (s *Server) AddCredential(c Credential) { s.db.addCredential(c) }

// Grant writes a tuple, e.g. administrator on controller-jimm. It reports false if it already existed.
func (s *Server) Grant(t Tuple) bool { return s.db.addTuple(s.canonical(t)) }

// Revoke deletes a tuple. It reports false if there was none.
func (s *Server) Revoke(t Tuple) bool { return s.db.removeTuple(s.canonical(t)) }

// Tuples returns all tuples in the order in which they were made.
func (s *Server) Tuples() []Tuple { return s.db.tupleList() }
