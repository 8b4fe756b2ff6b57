package mongod

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/juju/mgo/v3/bson"
)

const (
	serverVersion = "4.4.30" // the mongod that Juju 3.5 and 3.6 install

	writeConflict     = 112 // the code of a write that another transaction is in the way of
	noSuchTransaction = 251 // the code of a transaction that was aborted: the driver retries it

	lockLimit = 4 * time.Second // how long a write waits for a transaction that has the document
)

func kv(pairs ...any) bson.D {
	d := bson.D{}
	for pair := range slices.Chunk(pairs, 2) {
		d = append(d, bson.DocElem{Name: pair[0].(string), Value: pair[1]})
	}
	return d
}

func docsOf(v any) []bson.D {
	l, _ := v.([]any)
	var out []bson.D
	for _, x := range l {
		if d, ok := x.(bson.D); ok {
			out = append(out, d)
		}
	}
	return out
}

// batch is an answer that contains all documents: there is no cursor for more.
func batch(ns string, docs []bson.D) bson.D {
	l := make([]any, len(docs))
	for i, d := range docs {
		l[i] = d
	}
	return kv("cursor", kv("firstBatch", l, "id", int64(0), "ns", ns))
}

// txnKey identifies the transaction that a command belongs to.
func txnKey(cmd bson.D) string {
	idv, _ := get(getD(cmd, "lsid"), "id")
	_, id := binOf(idv)
	return fmt.Sprintf("%s/%d", hex.EncodeToString(id), getN(cmd, "txnNumber"))
}

// txnOf finds or starts the transaction that a command belongs to.
func (c *conn) txnOf(cmd bson.D) *txn {
	if _, ok := get(cmd, "autocommit"); !ok {
		return nil
	}
	n, k := getN(cmd, "txnNumber"), txnKey(cmd)
	t := c.s.txns[k]
	if getB(cmd, "startTransaction") {
		t = &txn{key: k, number: n, start: c.s.version, over: map[*coll]*overlay{}}
		c.s.txns[k] = t
		c.txns[k] = t
	}
	if t == nil || t.aborted || t.done {
		if t != nil && t.done && cmd[0].Name == "commitTransaction" {
			return t
		}
		panic(fail(noSuchTransaction, "NoSuchTransaction", "Transaction %d has been aborted.", n))
	}
	t.used = time.Now()
	return t
}

// waitFree waits until no transaction has the key locked (it releases the store's lock meanwhile).
func (c *conn) waitFree(t *txn, cl *coll, k string) {
	if t != nil {
		return
	}
	limit := time.NewTimer(lockLimit)
	defer limit.Stop()
	for cl.owner[k] != nil {
		changed := c.s.changed
		c.s.mu.Unlock()
		select {
		case <-changed:
			c.s.mu.Lock()
		case <-limit.C:
			c.s.mu.Lock()
			return
		}
	}
}

// writeEach does each write of a command and returns the failures as a part of its answer, or a conflict that ends the
// transaction.
func writeEach(cmd bson.D, list string, write func(i int, w bson.D)) (bson.D, error) {
	var errs []any
	for i, w := range docsOf(getA(cmd, list)) {
		f := try(func() { write(i, w) })
		if f == nil {
			continue
		}
		if f.code == writeConflict {
			return nil, f
		}
		errs = append(errs, kv("index", i, "code", f.code, "errmsg", f.msg))
		if v, has := get(cmd, "ordered"); !has || truth(v) {
			break
		}
	}
	if errs == nil {
		return nil, nil
	}
	return kv("writeErrors", errs), nil
}

func try(fn func()) (f *failure) {
	defer func() {
		if r := recover(); r != nil {
			x, ok := r.(*failure)
			if !ok {
				panic(r)
			}
			f = x
		}
	}()
	fn()
	return nil
}

func (c *conn) run(db string, cmd bson.D) (bson.D, error) {
	s := c.s
	name := cmd[0].Name
	arg := cmd[0].Value
	cname, _ := arg.(string)
	switch name {
	case "ismaster", "isMaster", "hello":
		d := kv("ismaster", true, "maxBsonObjectSize", 16777216, "maxMessageSizeBytes", 48000000, "maxWriteBatchSize", 100000,
			"localTime", time.Now(), "logicalSessionTimeoutMinutes", 30, "minWireVersion", 0, "maxWireVersion", 9, "readOnly", false)
		if s.replicaSet != "" {
			if s.rsConf == nil {
				d[0].Value = false
				d = append(d, kv("secondary", false, "isreplicaset", true, "info", "Does not have a valid replica set config")...)
			} else {
				var hosts []any
				for _, m := range docsOf(getA(s.rsConf, "members")) {
					hosts = append(hosts, getS(m, "host"))
				}
				d = append(d, kv("secondary", false, "setName", s.replicaSet, "setVersion", 1, "hosts", hosts, "primary", hosts[0], "me", hosts[0])...)
			}
		}
		return d, nil
	case "ping", "endSessions", "logout", "setParameter", "fsync", "fsyncUnlock", "profile", "setFeatureCompatibilityVersion", "compact", "killSessions", "refreshSessions", "logRotate":
		return bson.D{}, nil
	case "buildInfo", "buildinfo":
		return kv("version", serverVersion, "gitVersion", "0", "sysInfo", "deprecated", "versionArray", []any{4, 4, 30, 0}, "bits", 64, "debug", false, "maxBsonObjectSize", 16777216, "storageEngines", []any{"wiredTiger"}), nil
	case "getnonce":
		b := make([]byte, 8)
		rand.Read(b)
		return kv("nonce", hex.EncodeToString(b)), nil
	case "startSession":
		b := make([]byte, 16)
		rand.Read(b)
		return kv("id", kv("id", bson.Binary{Kind: 4, Data: b}), "timeoutMinutes", 30), nil
	case "commitTransaction":
		t := c.txnOf(cmd)
		if !t.done {
			s.commit(t)
		}
		delete(c.txns, t.key)
		return bson.D{}, nil
	case "abortTransaction":
		t := c.txnOf(cmd)
		s.abort(t)
		delete(s.txns, t.key)
		delete(c.txns, t.key)
		return bson.D{}, nil
	case "insert":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		n := 0
		errs, conflict := writeEach(cmd, "documents", func(_ int, d bson.D) {
			id, ok := get(d, "_id")
			if !ok {
				id = bson.NewObjectId()
			}
			k := key(id)
			c.waitFree(t, cl, k)
			if cl.get(t, k) != nil {
				s.dup(t, cl, "_id_", k)
			}
			s.put(t, cl, k, id, nil, idFirst(id, d))
			n++
		})
		return append(kv("n", n), errs...), conflict
	case "update":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		n, mod := 0, 0
		var ups []any
		errs, conflict := writeEach(cmd, "updates", func(i int, u bson.D) {
			q, up, limit := getD(u, "q"), getD(u, "u"), 1
			if getB(u, "multi") {
				limit = 0
			}
			matched := cl.find(t, q, limit)
			if t == nil {
				for _, d := range matched {
					id, _ := get(d, "_id")
					c.waitFree(t, cl, key(id))
				}
				matched = cl.find(t, q, limit)
			}
			for _, d := range matched {
				id, _ := get(d, "_id")
				n++
				nd := change(d, up)
				if set, rem := diff(d, nd); len(set)+len(rem) == 0 {
					continue
				}
				mod++
				s.put(t, cl, key(id), id, d, nd)
			}
			if len(matched) == 0 && getB(u, "upsert") {
				id := c.upsert(t, cl, q, up)
				n++
				ups = append(ups, kv("index", i, "_id", id))
			}
		})
		r := kv("n", n, "nModified", mod)
		if ups != nil {
			r = append(r, bson.DocElem{Name: "upserted", Value: ups})
		}
		return append(r, errs...), conflict
	case "delete":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		n := 0
		errs, conflict := writeEach(cmd, "deletes", func(_ int, u bson.D) {
			for _, d := range cl.find(t, getD(u, "q"), int(getN(u, "limit"))) {
				id, _ := get(d, "_id")
				c.waitFree(t, cl, key(id))
				if cl.get(t, key(id)) == nil {
					continue
				}
				n++
				s.put(t, cl, key(id), id, d, nil)
			}
		})
		return append(kv("n", n), errs...), conflict
	case "findAndModify", "findandmodify":
		for _, option := range []string{"sort", "remove", "fields", "new"} {
			if v, _ := get(cmd, option); truth(v) {
				return nil, fail(2, "BadValue", "findAndModify with %s is not served", option)
			}
		}
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		q, up := getD(cmd, "query"), getD(cmd, "update")
		docs := cl.find(t, q, 1)
		if len(docs) == 0 && !getB(cmd, "upsert") {
			return kv("lastErrorObject", kv("n", 0, "updatedExisting", false), "value", nil), nil
		}
		if len(docs) == 0 {
			id := c.upsert(t, cl, q, up)
			return kv("lastErrorObject", kv("n", 1, "updatedExisting", false, "upserted", id), "value", nil), nil
		}
		id, _ := get(docs[0], "_id")
		nd := change(docs[0], up)
		if set, rem := diff(docs[0], nd); len(set)+len(rem) > 0 {
			s.put(t, cl, key(id), id, docs[0], nd)
		}
		return kv("lastErrorObject", kv("n", 1, "updatedExisting", true), "value", docs[0]), nil
	case "find":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, false)
		lim := int(getN(cmd, "limit"))
		if lim < 0 {
			lim = -lim
		}
		if getB(cmd, "singleBatch") && lim == 0 {
			lim = int(getN(cmd, "batchSize"))
		}
		skip := int(getN(cmd, "skip"))
		by := getD(cmd, "sort")
		stop := 0
		if len(by) == 0 && lim > 0 {
			stop = lim + skip
		}
		docs := cl.find(t, getD(cmd, "filter"), stop)
		sortDocs(docs, by)
		docs = docs[min(skip, len(docs)):]
		if lim > 0 && len(docs) > lim {
			docs = docs[:lim]
		}
		if sel := getD(cmd, "projection"); len(sel) > 0 {
			out := make([]bson.D, len(docs))
			for i, d := range docs {
				out[i] = project(d, sel)
			}
			docs = out
		}
		return batch(db+"."+cname, docs), nil
	case "count":
		cl := s.coll(db, cname, false)
		n := len(cl.find(nil, getD(cmd, "query"), 0))
		n = max(0, n-int(getN(cmd, "skip")))
		if l := int(getN(cmd, "limit")); l != 0 {
			n = min(n, max(l, -l))
		}
		return kv("n", n), nil
	case "distinct":
		cl := s.coll(db, cname, false)
		out := []any{}
		for _, d := range cl.find(nil, getD(cmd, "query"), 0) {
			vals, _ := lookup(d, path(getS(cmd, "key")))
			each(vals, func(v any) {
				if _, list := v.([]any); !list && !slices.ContainsFunc(out, func(x any) bool { return equal(x, v) }) {
					out = append(out, v)
				}
			})
		}
		return kv("values", out), nil
	case "aggregate":
		stages := getA(cmd, "pipeline")
		if len(stages) > 0 {
			if d, ok := stages[0].(bson.D); ok && len(d) > 0 && d[0].Name == "$changeStream" {
				st := &stream{db: db, pos: len(s.events) + s.dropped, pipeline: stages[1:], ns: db + ".$cmd.aggregate"}
				if getD(d[0].Value.(bson.D), "resumeAfter") != nil {
					return nil, fail(286, "ChangeStreamHistoryLost", "change streams are not resumed here")
				}
				s.nextCur++
				s.cursors[s.nextCur] = st
				return kv("cursor", kv("firstBatch", []any{}, "id", s.nextCur, "ns", st.ns, "postBatchResumeToken", token(st.pos))), nil
			}
		}
		var docs []bson.D
		if cl := s.coll(db, cname, false); cl != nil {
			docs = cl.find(nil, nil, 0)
		}
		return batch(db+"."+cname, runStages(docs, stages)), nil
	case "getMore":
		id := getN(cmd, "getMore")
		st := s.cursors[id]
		if st == nil {
			return nil, fail(43, "CursorNotFound", "cursor id %d not found", id)
		}
		end := time.Now().Add(time.Duration(getN(cmd, "maxTimeMS")) * time.Millisecond)
		lim := int(getN(cmd, "batchSize"))
		if lim == 0 {
			lim = 100
		}
		for {
			docs := s.next(st, lim)
			left := time.Until(end)
			if len(docs) > 0 || left <= 0 || s.cursors[id] == nil {
				l := []any{}
				for _, d := range docs {
					l = append(l, d)
				}
				return kv("cursor", kv("nextBatch", l, "id", id, "ns", st.ns, "postBatchResumeToken", token(st.pos))), nil
			}
			ch := s.changed
			s.mu.Unlock()
			select {
			case <-ch:
			case <-time.After(left):
			case <-c.gone:
			}
			s.mu.Lock()
		}
	case "killCursors":
		for _, v := range getA(cmd, "cursors") {
			n, _ := toInt(v)
			delete(s.cursors, n)
		}
		s.wake()
		return kv("cursorsKilled", getA(cmd, "cursors"), "cursorsNotFound", []any{}, "cursorsAlive", []any{}), nil
	case "createIndexes":
		cl := s.coll(db, cname, true)
		before := len(cl.indexes)
		for _, ix := range docsOf(getA(cmd, "indexes")) {
			nm := getS(ix, "name")
			if !slices.ContainsFunc(cl.indexes, func(x bson.D) bool { return getS(x, "name") == nm }) {
				if _, ok := get(ix, "v"); !ok {
					ix = append(bson.D{{Name: "v", Value: 2}}, ix...)
				}
				cl.indexes = append(cl.indexes, ix)
			}
		}
		return kv("numIndexesBefore", before, "numIndexesAfter", len(cl.indexes), "createdCollectionAutomatically", false), nil
	case "create":
		if s.coll(db, cname, false) != nil {
			return nil, fail(48, "NamespaceExists", "Collection already exists. NS: %s.%s", db, cname)
		}
		cl := s.coll(db, cname, true)
		cl.capped, cl.maxSize, cl.maxDocs = getB(cmd, "capped"), getN(cmd, "size"), getN(cmd, "max")
		return bson.D{}, nil
	case "drop":
		if s.coll(db, cname, false) == nil {
			return nil, fail(26, "NamespaceNotFound", "ns not found")
		}
		delete(s.dbs[db], cname)
		return kv("ns", db+"."+cname), nil
	case "collStats", "collstats":
		scale := max(1, getN(cmd, "scale"))
		cl := s.coll(db, cname, false)
		if cl == nil {
			return kv("ns", db+"."+cname, "size", 0, "count", 0, "storageSize", 0, "nindexes", 0, "totalIndexSize", 0), nil
		}
		d := kv("ns", db+"."+cname, "size", int(cl.size/scale), "count", cl.order.Len(), "storageSize", int(cl.size/scale), "nindexes", len(cl.indexes), "totalIndexSize", 0, "capped", cl.capped)
		if cl.capped {
			d = append(d, kv("max", int(cl.maxDocs), "maxSize", int(cl.maxSize/scale))...)
		}
		return d, nil
	case "replSetInitiate":
		if s.rsConf != nil {
			return nil, fail(23, "AlreadyInitialized", "already initialized")
		}
		conf, _ := arg.(bson.D)
		if conf == nil {
			conf = kv("_id", s.replicaSet, "version", 1, "protocolVersion", int64(1), "members", []any{kv("_id", 1, "host", fmt.Sprintf("localhost:%d", s.port), "tags", kv("juju-machine-id", "0"))})
		}
		s.setConf(conf)
		return bson.D{}, nil
	case "replSetGetStatus":
		if s.rsConf == nil {
			return nil, fail(94, "NotYetInitialized", "no replset config has been received")
		}
		var ms []any
		for i, m := range docsOf(getA(s.rsConf, "members")) {
			id, _ := get(m, "_id")
			st, str := 1, "PRIMARY"
			if i > 0 {
				st, str = 2, "SECONDARY"
			}
			ms = append(ms, kv("_id", id, "name", getS(m, "host"), "health", 1.0, "state", st, "stateStr", str, "uptime", int(time.Since(s.started).Seconds())+1, "optimeDate", time.Now(), "electionDate", s.started, "self", i == 0, "configVersion", 1))
		}
		return kv("set", s.replicaSet, "date", time.Now(), "myState", 1, "members", ms), nil
	}
	return nil, fail(59, "CommandNotFound", "no such command: '%s'", name)
}

// setConf stores a replica set's configuration, also where clients look it up.
func (s *store) setConf(conf bson.D) {
	s.rsConf = conf
	id, _ := get(conf, "_id")
	s.put(nil, s.coll("local", "system.replset", true), key(id), id, nil, conf)
}

func (c *conn) upsert(t *txn, cl *coll, q, up bson.D) any {
	d := change(upsertBase(q), up)
	id, ok := get(d, "_id")
	if !ok {
		id = bson.NewObjectId()
	}
	d = idFirst(id, d)
	k := key(id)
	if cl.get(t, k) != nil {
		c.s.dup(t, cl, "_id_", k)
	}
	c.s.put(t, cl, k, id, nil, d)
	return id
}

// idFirst is a document with its _id as the first field.
func idFirst(id any, d bson.D) bson.D {
	others := slices.DeleteFunc(slices.Clone(d), func(e bson.DocElem) bool { return e.Name == "_id" })
	return append(bson.D{{Name: "_id", Value: id}}, others...)
}

// next takes up to lim events that pass a stream's pipeline.
func (s *store) next(st *stream, lim int) []bson.D {
	var out []bson.D
	for st.pos < len(s.events)+s.dropped && len(out) < lim {
		i := st.pos - s.dropped
		st.pos++
		if i < 0 {
			continue
		}
		ev := s.events[i]
		if ev.db != st.db {
			continue
		}
		d := ev.doc
		if op := getS(d, "operationType"); op == "update" {
			if cl := s.coll(ev.db, ev.coll, false); cl != nil {
				if cur := cl.get(nil, ev.key); cur != nil {
					d = append(slices.Clone(d), bson.DocElem{Name: "fullDocument", Value: cur})
				}
			}
		}
		out = append(out, runStages([]bson.D{d}, st.pipeline)...)
	}
	return out
}
