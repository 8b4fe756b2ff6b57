package mongod

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/juju/mgo/v3/bson"
)

const (
	serverVersion = "4.4.30" // the mongod that Juju 3.5 and 3.6 install

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

func writeErr(i int, f *failure) bson.D {
	return kv("index", i, "code", f.code, "errmsg", f.msg)
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
	case "getParameter":
		return kv("featureCompatibilityVersion", kv("version", "4.4")), nil
	case "buildInfo", "buildinfo":
		return kv("version", serverVersion, "gitVersion", "0", "sysInfo", "deprecated", "versionArray", []any{4, 4, 30, 0}, "bits", 64, "debug", false, "maxBsonObjectSize", 16777216, "storageEngines", []any{"wiredTiger"}), nil
	case "getCmdLineOpts":
		return kv("argv", []any{"mongod"}, "parsed", bson.D{}), nil
	case "hostInfo", "whatsmyuri", "connectionStatus", "features":
		return kv("you", "127.0.0.1:1", "authInfo", kv("authenticatedUsers", []any{}, "authenticatedUserRoles", []any{})), nil
	case "getnonce":
		b := make([]byte, 8)
		rand.Read(b)
		return kv("nonce", hex.EncodeToString(b)), nil
	case "serverStatus":
		return kv("host", "localhost", "version", serverVersion, "process", "mongod", "pid", int64(os.Getpid()), "uptime", time.Since(s.started).Seconds(),
			"storageEngine", kv("name", "wiredTiger"), "connections", kv("current", 1, "available", 1000), "mem", kv("resident", 100, "virtual", 200), "ok", 1.0), nil
	case "getLastError", "getlasterror":
		return kv("connectionId", 1, "n", 0, "err", nil), nil
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
		var errs []any
		for i, d := range docsOf(getA(cmd, "documents")) {
			id, ok := get(d, "_id")
			if !ok {
				id = bson.NewObjectId()
				d = append(bson.D{{Name: "_id", Value: id}}, d...)
			} else if d[0].Name != "_id" {
				d = append(bson.D{{Name: "_id", Value: id}}, without(d, "_id")...)
			}
			k := key(id)
			f := try(func() {
				c.waitFree(t, cl, k)
				if cl.get(t, k) != nil {
					s.dup(t, cl, "_id_", k)
				}
				s.put(t, cl, k, id, nil, d)
			})
			if f != nil {
				if f.code == 112 {
					return nil, f
				}
				errs = append(errs, writeErr(i, f))
				if v, has := get(cmd, "ordered"); !has || truth(v) {
					break
				}
				continue
			}
			n++
		}
		r := kv("n", n)
		if errs != nil {
			r = append(r, bson.DocElem{Name: "writeErrors", Value: errs})
		}
		return r, nil
	case "update":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		n, mod := 0, 0
		var errs, ups []any
		for i, u := range docsOf(getA(cmd, "updates")) {
			q, up := getD(u, "q"), getD(u, "u")
			multi, upsert := getB(u, "multi"), getB(u, "upsert")
			f := try(func() {
				matched := cl.find(t, q, limitOf(multi))
				if t == nil {
					for _, d := range matched {
						id, _ := get(d, "_id")
						c.waitFree(t, cl, key(id))
					}
					matched = cl.find(t, q, limitOf(multi))
				}
				for _, d := range matched {
					id, _ := get(d, "_id")
					n++
					nd := change(d, up, false, q, time.Now())
					if set, rem := diff(d, nd); len(set)+len(rem) == 0 {
						continue
					}
					mod++
					s.put(t, cl, key(id), id, d, nd)
				}
				if len(matched) == 0 && upsert {
					id := c.upsert(t, cl, q, up)
					n++
					ups = append(ups, kv("index", i, "_id", id))
				}
			})
			if f != nil {
				if f.code == 112 {
					return nil, f
				}
				errs = append(errs, writeErr(i, f))
				if v, has := get(cmd, "ordered"); !has || truth(v) {
					break
				}
			}
		}
		r := kv("n", n, "nModified", mod)
		if ups != nil {
			r = append(r, bson.DocElem{Name: "upserted", Value: ups})
		}
		if errs != nil {
			r = append(r, bson.DocElem{Name: "writeErrors", Value: errs})
		}
		return r, nil
	case "delete":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		n := 0
		var errs []any
		for i, u := range docsOf(getA(cmd, "deletes")) {
			q := getD(u, "q")
			f := try(func() {
				lim := int(getN(u, "limit"))
				for _, d := range cl.find(t, q, lim) {
					id, _ := get(d, "_id")
					c.waitFree(t, cl, key(id))
					if cl.get(t, key(id)) == nil {
						continue
					}
					n++
					s.put(t, cl, key(id), id, d, nil)
				}
			})
			if f != nil {
				if f.code == 112 {
					return nil, f
				}
				errs = append(errs, writeErr(i, f))
				break
			}
		}
		r := kv("n", n)
		if errs != nil {
			r = append(r, bson.DocElem{Name: "writeErrors", Value: errs})
		}
		return r, nil
	case "findAndModify", "findandmodify":
		t := c.txnOf(cmd)
		cl := s.coll(db, cname, true)
		q, up := getD(cmd, "query"), getD(cmd, "update")
		docs := cl.find(t, q, 0)
		if by := getD(cmd, "sort"); by != nil {
			sortDocs(docs, by)
		}
		sel := getD(cmd, "fields")
		if len(docs) == 0 {
			if !getB(cmd, "upsert") {
				return kv("lastErrorObject", kv("n", 0, "updatedExisting", false), "value", nil), nil
			}
			id := c.upsert(t, cl, q, up)
			var v any
			if getB(cmd, "new") {
				v = project(cl.get(t, key(id)), sel)
			}
			return kv("lastErrorObject", kv("n", 1, "updatedExisting", false, "upserted", id), "value", v), nil
		}
		d := docs[0]
		id, _ := get(d, "_id")
		if getB(cmd, "remove") {
			s.put(t, cl, key(id), id, d, nil)
			return kv("lastErrorObject", kv("n", 1), "value", project(d, sel)), nil
		}
		nd := change(d, up, false, q, time.Now())
		if set, rem := diff(d, nd); len(set)+len(rem) > 0 {
			s.put(t, cl, key(id), id, d, nd)
		}
		v := d
		if getB(cmd, "new") {
			v = nd
		}
		return kv("lastErrorObject", kv("n", 1, "updatedExisting", true), "value", project(v, sel)), nil
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
			add := func(v any) {
				if !slices.ContainsFunc(out, func(x any) bool { return equal(x, v) }) {
					out = append(out, v)
				}
			}
			for _, v := range vals {
				if l, ok := v.([]any); ok {
					for _, x := range l {
						add(x)
					}
					continue
				}
				add(v)
			}
		}
		return kv("values", out), nil
	case "aggregate":
		stages := getA(cmd, "pipeline")
		if len(stages) > 0 {
			if d, ok := stages[0].(bson.D); ok && len(d) > 0 && d[0].Name == "$changeStream" {
				st := &stream{db: db, pos: len(s.events) + s.dropped, pipeline: stages[1:], ns: db + ".$cmd.aggregate"}
				if ra := getD(d[0].Value.(bson.D), "resumeAfter"); ra != nil {
					st.pos = untoken(ra)
					if st.pos < s.dropped {
						return nil, fail(286, "ChangeStreamHistoryLost", "Resume of change stream was not possible, as the resume point may no longer be in the oplog.")
					}
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
	case "listIndexes":
		cl := s.coll(db, cname, false)
		if cl == nil {
			return nil, fail(26, "NamespaceNotFound", "ns does not exist: %s.%s", db, cname)
		}
		return batch(db+".$cmd.listIndexes."+cname, cl.indexes), nil
	case "dropIndexes", "deleteIndexes":
		cl := s.coll(db, cname, false)
		if cl == nil {
			return nil, fail(26, "NamespaceNotFound", "ns not found")
		}
		nm := getS(cmd, "index")
		n := len(cl.indexes)
		cl.indexes = slices.DeleteFunc(cl.indexes, func(x bson.D) bool {
			return getS(x, "name") != "_id_" && (nm == "*" || getS(x, "name") == nm)
		})
		if len(cl.indexes) == n && nm != "*" {
			return nil, fail(27, "IndexNotFound", "index not found with name [%s]", nm)
		}
		return kv("nIndexesWas", n), nil
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
	case "dropDatabase":
		delete(s.dbs, db)
		return kv("dropped", db), nil
	case "renameCollection":
		from, to := cname, getS(cmd, "to")
		fd, fc, _ := strings.Cut(from, ".")
		td, tc, _ := strings.Cut(to, ".")
		cl := s.coll(fd, fc, false)
		if cl == nil {
			return nil, fail(26, "NamespaceNotFound", "source namespace does not exist")
		}
		delete(s.dbs[fd], fc)
		s.coll(td, tc, true)
		cl.db, cl.name = td, tc
		s.dbs[td][tc] = cl
		return bson.D{}, nil
	case "listCollections":
		var out []bson.D
		f := getD(cmd, "filter")
		for _, n := range sorted(s.dbs[db]) {
			cl := s.dbs[db][n]
			o := bson.D{}
			if cl.capped {
				o = kv("capped", true, "size", int(cl.maxSize))
			}
			d := kv("name", n, "type", "collection", "options", o, "info", kv("readOnly", false), "idIndex", cl.indexes[0])
			if match(f, d) {
				out = append(out, d)
			}
		}
		return batch(db+".$cmd.listCollections", out), nil
	case "listDatabases":
		var out []any
		for _, n := range []string{"admin", "config", "local"} {
			if len(s.dbs[n]) == 0 {
				out = append(out, kv("name", n, "sizeOnDisk", 4096.0, "empty", false))
			}
		}
		for n, m := range s.dbs {
			if len(m) > 0 {
				out = append(out, kv("name", n, "sizeOnDisk", 4096.0, "empty", false))
			}
		}
		return kv("databases", out, "totalSize", 4096.0), nil
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
	case "dbStats", "dbstats":
		n, size := 0, int64(0)
		for _, cl := range s.dbs[db] {
			n += cl.order.Len()
			size += cl.size
		}
		return kv("db", db, "collections", len(s.dbs[db]), "objects", n, "dataSize", float64(size), "storageSize", float64(size), "indexes", 0, "indexSize", 0.0), nil
	case "convertToCapped":
		cl := s.coll(db, cname, false)
		if cl == nil {
			return nil, fail(26, "NamespaceNotFound", "database %s not found", db)
		}
		cl.capped, cl.maxSize = true, getN(cmd, "size")
		return bson.D{}, nil
	case "emptycapped":
		cl := s.coll(db, cname, false)
		if cl != nil {
			for _, d := range cl.find(nil, nil, 0) {
				id, _ := get(d, "_id")
				s.put(nil, cl, key(id), id, d, nil)
			}
		}
		return bson.D{}, nil
	case "createUser", "updateUser":
		k := db + "." + cname
		u := s.users[k]
		if name == "updateUser" && u == nil {
			return nil, fail(11, "UserNotFound", "User %s@%s not found", cname, db)
		}
		if name == "createUser" && u != nil {
			return nil, fail(51003, "Location51003", "User %q already exists", cname+"@"+db)
		}
		if u == nil {
			u = &user{name: cname}
			s.users[k] = u
		}
		if p, ok := get(cmd, "pwd"); ok {
			u.password, _ = p.(string)
		}
		if r, ok := get(cmd, "roles"); ok {
			u.roles = r
		}
		return bson.D{}, nil
	case "dropUser":
		k := db + "." + cname
		if s.users[k] == nil {
			return nil, fail(11, "UserNotFound", "User '%s@%s' not found", cname, db)
		}
		delete(s.users, k)
		return bson.D{}, nil
	case "usersInfo":
		l := []any{}
		for k, u := range s.users {
			d, n, _ := strings.Cut(k, ".")
			l = append(l, kv("_id", k, "user", n, "db", d, "roles", u.roles))
		}
		return kv("users", l), nil
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
	case "replSetGetConfig":
		if s.rsConf == nil {
			return nil, fail(94, "NotYetInitialized", "no replset config has been received")
		}
		return kv("config", s.rsConf), nil
	case "replSetReconfig":
		if conf, ok := arg.(bson.D); ok {
			s.setConf(conf)
		}
		return bson.D{}, nil
	case "replSetStepDown":
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
	case "currentOp":
		return kv("inprog", []any{}), nil
	case "validate":
		return kv("valid", true), nil
	}
	return nil, fail(59, "CommandNotFound", "no such command: '%s'", name)
}

func limitOf(multi bool) int {
	if multi {
		return 0
	}
	return 1
}

func fullConf(conf bson.D) bson.D {
	out := copyValue(conf).(bson.D)
	if _, ok := get(out, "protocolVersion"); !ok {
		out = append(out, bson.DocElem{Name: "protocolVersion", Value: int64(1)})
	}
	return out
}

// setConf stores a replica set's configuration, also where clients look it up.
func (s *store) setConf(conf bson.D) {
	s.rsConf = fullConf(conf)
	cl := s.coll("local", "system.replset", true)
	for _, d := range cl.find(nil, nil, 0) {
		id, _ := get(d, "_id")
		s.put(nil, cl, key(id), id, d, nil)
	}
	id, _ := get(s.rsConf, "_id")
	s.put(nil, cl, key(id), id, nil, s.rsConf)
}

func (c *conn) upsert(t *txn, cl *coll, q, up bson.D) any {
	base := upsertBase(q)
	d := change(base, up, true, q, time.Now())
	id, ok := get(d, "_id")
	if !ok {
		id = bson.NewObjectId()
	}
	d = append(bson.D{{Name: "_id", Value: id}}, without(d, "_id")...)
	k := key(id)
	if cl.get(t, k) != nil {
		c.s.dup(t, cl, "_id_", k)
	}
	c.s.put(t, cl, k, id, nil, d)
	return id
}

func without(d bson.D, name string) bson.D {
	out := bson.D{}
	for _, e := range d {
		if e.Name != name {
			out = append(out, e)
		}
	}
	return out
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

func sorted(m map[string]*coll) []string {
	var l []string
	for n := range m {
		l = append(l, n)
	}
	sort.Strings(l)
	return l
}
