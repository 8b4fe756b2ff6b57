package mongod

import (
	"container/list"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/juju/mgo/v3/bson"
)

// store is the whole server state under one lock.
type store struct {
	log        *slog.Logger
	replicaSet string
	port       int
	started    time.Time
	mu         sync.Mutex
	changed    chan struct{} // closed and renewed at each commit
	dbs        map[string]map[string]*coll
	version    uint64
	txns       map[string]*txn
	events     []event
	dropped    int // events forgotten at the front
	cursors    map[int64]*stream
	nextCur    int64
	users      map[string]*user // "db.user"
	rsConf     bson.D

	beforeRemoval func(collections []string) // may be nil
}

type coll struct {
	db, name string
	order    *list.List // of *entry
	byID     map[string]*list.Element
	vers     map[string]uint64
	owner    map[string]*txn
	indexes  []bson.D
	capped   bool
	maxSize  int64
	maxDocs  int64
	size     int64
	hidden   string // the model with the documents that reads miss; see Server.Hide
}

type entry struct {
	key  string
	doc  bson.D
	size int64
}

type event struct {
	db, coll string
	doc      bson.D
	key      string
	id       any
}

type stream struct {
	db       string
	pos      int
	pipeline []any
	ns       string
}

// txn is a multi-document transaction: its writes are in an overlay until it commits.
type txn struct {
	key     string
	number  int64
	start   uint64
	over    map[*coll]*overlay
	list    []*write
	aborted bool
	done    bool
	used    time.Time
}

type overlay struct {
	writes map[string]*write
	fresh  []*write // those not in the base
}

type write struct {
	c             *coll
	key           string
	id            any
	before, after bson.D
}

func newStore() *store {
	return &store{
		started: time.Now(),
		changed: make(chan struct{}),
		dbs:     map[string]map[string]*coll{},
		txns:    map[string]*txn{},
		cursors: map[int64]*stream{},
		nextCur: 1000,
		users:   map[string]*user{},
	}
}

func (s *store) coll(db, name string, create bool) *coll {
	m := s.dbs[db]
	if m == nil {
		if !create {
			return nil
		}
		m = map[string]*coll{}
		s.dbs[db] = m
	}
	c := m[name]
	if c == nil && create {
		c = &coll{db: db, name: name, order: list.New(), byID: map[string]*list.Element{}, vers: map[string]uint64{}, owner: map[string]*txn{}}
		c.indexes = []bson.D{{{Name: "v", Value: 2}, {Name: "key", Value: bson.D{{Name: "_id", Value: 1}}}, {Name: "name", Value: "_id_"}, {Name: "ns", Value: db + "." + name}}}
		m[name] = c
	}
	return c
}

// scan visits the documents that t (nil: outside transactions) sees, in natural order, until fn says stop.
func (c *coll) scan(t *txn, fn func(k string, d bson.D) bool) {
	if c == nil {
		return
	}
	var o *overlay
	if t != nil {
		o = t.over[c]
	}
	for e := c.order.Front(); e != nil; e = e.Next() {
		en := e.Value.(*entry)
		d := en.doc
		if o != nil {
			if w := o.writes[en.key]; w != nil {
				if w.after == nil {
					continue
				}
				d = w.after
			}
		}
		if !fn(en.key, d) {
			return
		}
	}
	if o != nil {
		for _, w := range o.fresh {
			if w.after != nil && !fn(w.key, w.after) {
				return
			}
		}
	}
}

func (c *coll) get(t *txn, k string) bson.D {
	if c == nil {
		return nil
	}
	if t != nil {
		if o := t.over[c]; o != nil {
			if w := o.writes[k]; w != nil {
				return w.after
			}
		}
	}
	if e := c.byID[k]; e != nil {
		return e.Value.(*entry).doc
	}
	return nil
}

// find returns the documents that match, in natural order (or by _id when the filter names one).
func (c *coll) find(t *txn, filter bson.D, limit int) []bson.D {
	var out []bson.D
	if c == nil {
		return nil
	}
	if ids, ok := idsOf(filter); ok {
		for _, k := range ids {
			if d := c.get(t, k); d != nil && c.shows(t, d) && match(filter, d) {
				out = append(out, d)
				if limit > 0 && len(out) >= limit {
					break
				}
			}
		}
		return out
	}
	c.scan(t, func(_ string, d bson.D) bool {
		if c.shows(t, d) && match(filter, d) {
			out = append(out, d)
		}
		return limit <= 0 || len(out) < limit
	})
	return out
}

// idsOf finds the keys that a filter restricts _id to.
func idsOf(filter bson.D) ([]string, bool) {
	v, ok := get(filter, "_id")
	if !ok {
		if l := getA(filter, "$and"); l != nil {
			for _, x := range l {
				if d, is := x.(bson.D); is {
					if ids, ok := idsOf(d); ok {
						return ids, true
					}
				}
			}
		}
		return nil, false
	}
	switch x := v.(type) {
	case bson.RegEx, nil:
		return nil, false
	case bson.D:
		if o, is := isOps(x); is {
			if w, ok := get(o, "$eq"); ok {
				return []string{key(w)}, true
			}
			if arr := getA(o, "$in"); arr != nil {
				var ids []string
				for _, w := range arr {
					if _, re := w.(bson.RegEx); re {
						return nil, false
					}
					if k := key(w); !slices.Contains(ids, k) {
						ids = append(ids, k)
					}
				}
				slices.Sort(ids)
				return ids, true
			}
			return nil, false
		}
	}
	return []string{key(v)}, true
}

// put writes one document (new nil: delete), in t's overlay or at once.
func (s *store) put(t *txn, c *coll, k string, id any, before, after bson.D) {
	if after != nil {
		s.unique(t, c, k, after)
	}
	if t == nil {
		s.apply([]*write{{c: c, key: k, id: id, before: before, after: after}}, nil)
		return
	}
	if own := c.owner[k]; own != nil && own != t || c.vers[k] > t.start {
		s.abort(t)
		panic(&failure{code: 112, name: "WriteConflict", msg: "WriteConflict error: this operation conflicted with another operation. Please retry your operation or multi-document transaction.", label: "TransientTransactionError"})
	}
	c.owner[k] = t
	o := t.over[c]
	if o == nil {
		o = &overlay{writes: map[string]*write{}}
		t.over[c] = o
	}
	w := &write{c: c, key: k, id: id, before: before, after: after}
	if prev := o.writes[k]; prev != nil {
		prev.after = after
		return
	}
	o.writes[k] = w
	t.list = append(t.list, w)
	if c.byID[k] == nil {
		o.fresh = append(o.fresh, w)
	}
}

func (s *store) abort(t *txn) {
	t.aborted = true
	s.release(t)
}

func (s *store) release(t *txn) {
	for c, o := range t.over {
		for k := range o.writes {
			if c.owner[k] == t {
				delete(c.owner, k)
			}
		}
	}
	t.over = map[*coll]*overlay{}
	t.list = nil
	s.wake()
}

func (s *store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *store) commit(t *txn) {
	l := t.list
	t.done = true
	s.apply(l, t)
	s.release(t)
}

// apply makes writes visible and appends their change events.
func (s *store) apply(ws []*write, t *txn) {
	s.version++
	for _, w := range ws {
		c := w.c
		c.vers[w.key] = s.version
		el := c.byID[w.key]
		var old bson.D
		if el != nil {
			old = el.Value.(*entry).doc
		}
		switch {
		case w.after == nil && el == nil:
			continue
		case w.after == nil:
			c.size -= el.Value.(*entry).size
			c.order.Remove(el)
			delete(c.byID, w.key)
		case el != nil:
			en := el.Value.(*entry)
			en.doc = w.after
			n := sizeOf(w.after)
			c.size += n - en.size
			en.size = n
		default:
			en := &entry{key: w.key, doc: w.after, size: sizeOf(w.after)}
			c.byID[w.key] = c.order.PushBack(en)
			c.size += en.size
			for c.capped && (c.size > c.maxSize || c.maxDocs > 0 && int64(c.order.Len()) > c.maxDocs) && c.order.Len() > 1 {
				f := c.order.Front()
				fe := f.Value.(*entry)
				c.order.Remove(f)
				delete(c.byID, fe.key)
				c.size -= fe.size
			}
		}
		s.record(w, old, t)
	}
	s.wake()
}

func sizeOf(d bson.D) int64 {
	b, err := bson.Marshal(d)
	if err != nil {
		return 0
	}
	return int64(len(b))
}

func (s *store) record(w *write, old bson.D, t *txn) {
	c := w.c
	if c.db == "local" || c.db == "config" || c.db == "admin" {
		return
	}
	n := len(s.events) + s.dropped + 1
	ev := bson.D{{Name: "_id", Value: token(n)}}
	op := "insert"
	switch {
	case w.after == nil:
		op = "delete"
	case old != nil:
		op = "update"
	}
	ev = append(ev, bson.DocElem{Name: "operationType", Value: op},
		bson.DocElem{Name: "clusterTime", Value: bson.MongoTimestamp(time.Now().Unix() << 32)})
	if t != nil {
		ev = append(ev, bson.DocElem{Name: "txnNumber", Value: t.number})
	}
	if op == "insert" {
		ev = append(ev, bson.DocElem{Name: "fullDocument", Value: w.after})
	}
	ev = append(ev, bson.DocElem{Name: "ns", Value: bson.D{{Name: "db", Value: c.db}, {Name: "coll", Value: c.name}}},
		bson.DocElem{Name: "documentKey", Value: bson.D{{Name: "_id", Value: w.id}}})
	if op == "update" {
		set, rem := diff(old, w.after)
		if len(set) == 0 && len(rem) == 0 {
			return
		}
		ev = append(ev, bson.DocElem{Name: "updateDescription", Value: bson.D{{Name: "updatedFields", Value: set}, {Name: "removedFields", Value: rem}}})
	}
	s.events = append(s.events, event{db: c.db, coll: c.name, doc: ev, key: w.key, id: w.id})
	if len(s.events) > 50000 {
		s.events = append([]event(nil), s.events[10000:]...)
		s.dropped += 10000
	}
}

// unique panics when new would break a unique index.
func (s *store) unique(t *txn, c *coll, k string, after bson.D) {
	for _, ix := range c.indexes {
		if !getB(ix, "unique") {
			continue
		}
		if pf := getD(ix, "partialFilterExpression"); pf != nil && !match(pf, after) {
			continue
		}
		spec := getD(ix, "key")
		sparse := getB(ix, "sparse")
		mine, some := indexKey(spec, after)
		if sparse && !some {
			continue
		}
		bad := false
		c.scan(t, func(k2 string, d bson.D) bool {
			if k2 == k {
				return true
			}
			if pf := getD(ix, "partialFilterExpression"); pf != nil && !match(pf, d) {
				return true
			}
			theirs, some := indexKey(spec, d)
			if sparse && !some {
				return true
			}
			bad = theirs == mine
			return !bad
		})
		if bad {
			s.dup(t, c, getS(ix, "name"), mine)
		}
	}
}

func (s *store) dup(t *txn, c *coll, index, k string) {
	if t != nil {
		s.abort(t)
	}
	panic(fail(11000, "DuplicateKey", "E11000 duplicate key error collection: %s.%s index: %s dup key: { : %q }", c.db, c.name, index, k))
}

func indexKey(spec, d bson.D) (string, bool) {
	some := false
	var parts []string
	for _, f := range spec {
		part := key(nil)
		if vals, _ := lookup(d, path(f.Name)); len(vals) > 0 {
			some, part = true, key(vals[0])
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\x00"), some
}

// user is a database user. It is never used to log in, but Juju makes it.
type user struct {
	name, password string
	roles          any
}
