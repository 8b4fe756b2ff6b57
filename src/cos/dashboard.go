package cos

import (
	"bytes"
	"context"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"jimm-migrator/src/config"
)

// dashboards is what Grafana's charm reads (grafana_dashboard, library v0 of
// 2026). The charm reads it again only if the whole text differs; the uuid is
// there to make sure, and is that of the content here, so that the text differs
// exactly when a dashboard does.
type dashboards struct {
	Templates map[string]dashboard `json:"templates"`
	UUID      string               `json:"uuid"`
}

type dashboard struct {
	Charm           string   `json:"charm"`
	Content         string   `json:"content"` // base64 of xz of JSON
	JujuTopology    topology `json:"juju_topology"`
	InjectDropdowns bool     `json:"inject_dropdowns"`
	AltUID          string   `json:"dashboard_alt_uid"`
}

// OfferDashboards gives Grafana the dashboards of the archive.
func OfferDashboards(ctx context.Context, u config.Unit, id string) error {
	t := topologyOf(u.Env())
	t.CharmName = ""
	all, err := readDashboards(os.DirFS(u.Env().CharmDir), t)
	if err != nil {
		return err
	}
	text, err := PlainJSON(all)
	if err != nil {
		return err
	}
	return u.SetRelationData(ctx, id, t.Application, map[string]string{"dashboards": text})
}

func readDashboards(archive fs.FS, t topology) (dashboards, error) {
	files, err := fs.Glob(archive, dashboardsFolder+"/*.json")
	if err != nil || len(files) == 0 {
		return dashboards{}, fmt.Errorf("cannot find dashboards in %q: %w", dashboardsFolder, orMissing(err))
	}
	out := dashboards{Templates: map[string]dashboard{}}
	sum := sha3.NewSHAKE256()
	for _, name := range files {
		raw, err := fs.ReadFile(archive, name)
		if err != nil {
			return dashboards{}, fmt.Errorf("cannot read a file of the charm: %w", err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return dashboards{}, fmt.Errorf("cannot read %q of the charm: %w", path.Base(name), err)
		}
		id := "file:" + strings.TrimSuffix(path.Base(name), ".json")
		out.Templates[id] = dashboard{
			Charm:           charmName,
			Content:         base64.StdEncoding.EncodeToString(stored(compact.Bytes())),
			JujuTopology:    t,
			InjectDropdowns: false, // They would list the applications in Prometheus, and this charm is never there.
			AltUID:          hex.EncodeToString(sha3.SumSHAKE256([]byte(charmName+"-"+id), 8)),
		}
		fmt.Fprintf(sum, "%s %d\n%s", id, compact.Len(), compact.Bytes())
	}
	digest := make([]byte, 16)
	_, _ = sum.Read(digest)
	out.UUID = fmt.Sprintf("%x-%x-%x-%x-%x", digest[:4], digest[4:6], digest[6:8], digest[8:10], digest[10:])
	return out, nil
}
