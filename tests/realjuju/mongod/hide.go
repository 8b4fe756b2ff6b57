package mongod

import (
	"maps"
	"slices"

	"github.com/juju/mgo/v3/bson"
)

// modelField is the field that names the model of a document, where a collection has those of many models.
const modelField = "model-uuid"

// Collections returns the names of the collections of all databases that have documents of a model, sorted.
func (m *Server) Collections(model string) []string {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	names := map[string]bool{}
	for _, collections := range m.store.dbs {
		for name, c := range collections {
			if len(c.find(nil, bson.D{{Name: modelField, Value: model}}, 1)) > 0 {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Hide makes reads outside transactions miss a model's documents in a collection, as if they had been removed, until it
// is called again; an empty name hides nothing.
func (m *Server) Hide(model, collection string) {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	for _, collections := range m.store.dbs {
		for name, c := range collections {
			c.hidden = ""
			if name == collection {
				c.hidden = model
			}
		}
	}
}

// shows reports whether a read, in a transaction or outside one, sees a document.
func (c *coll) shows(t *txn, d bson.D) bool {
	return t != nil || c.hidden == "" || getS(d, modelField) != c.hidden
}
