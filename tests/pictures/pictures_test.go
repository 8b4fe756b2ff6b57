//go:build pictures

package pictures_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	mermaid  = flag.String("mermaid", "", "path of mermaid.min.js")
	chromium = flag.String("chromium", "", "path of Chromium or Chrome")
	out      = flag.String("out", "", "directory for the pictures, as PNG; default none")
)

const (
	root  = "../.."
	limit = 2 * time.Minute // for the browser, even on a busy machine
)

// picture is a picture on a page.
type picture struct {
	Name    string // the page and a number, as a file name
	Page    string // the page and the line, for people
	Diagram string // in Mermaid, or ""
	File    string // URL of a file in SVG, or ""
}

// drawn is the browser's report on a picture.
type drawn struct {
	Name   string  `json:"name"`
	Error  string  `json:"error"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// pictures returns the pictures of all pages, in their order.
func pictures(t *testing.T) []picture {
	t.Helper()
	var all []picture
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "dist" || name == "testdata" || path != root && strings.HasPrefix(name, ".")):
			return fs.SkipDir
		case filepath.Ext(name) != ".md":
			return nil
		}
		data, err := os.ReadFile(path)
		all = append(all, onPage(t, path, string(data))...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// onPage returns the pictures of one page.
func onPage(t *testing.T, path, text string) []picture {
	t.Helper()
	page, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	var all []picture
	add := func(at int, p picture) {
		p.Name = fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", ".md", "").Replace(page), len(all)+1)
		p.Page = fmt.Sprintf("%s:%d", page, strings.Count(text[:at], "\n")+1)
		all = append(all, p)
	}
	found := regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```$|\\]\\(([^()\\s]+\\.svg)\\)").FindAllStringSubmatchIndex(text, -1)
	for _, at := range found {
		if at[2] >= 0 {
			add(at[0], picture{Diagram: text[at[2]:at[3]]})
			continue
		}
		file, err := filepath.Abs(filepath.Join(filepath.Dir(path), text[at[4]:at[5]]))
		if err != nil {
			t.Fatal(err)
		}
		add(at[0], picture{File: "file://" + file})
	}
	return all
}

// sheet is the page that the browser draws: each picture, then the reports.
const sheet = `<!doctype html>
<html><head><meta charset="utf-8"><style>body { margin: 16px; font-family: sans-serif } img { max-width: 100% } pre { display: none }</style></head>
<body><script src="{{.Mermaid}}"></script>
<script>
const show = async (picture) => {
  const place = document.body.appendChild(document.createElement("div"));
  if (picture.File) {
    const image = place.appendChild(new Image());
    image.src = picture.File;
    await image.decode();
    return image;
  }
  place.innerHTML = (await mermaid.render("drawing-" + picture.Name, picture.Diagram)).svg;
  return place.firstElementChild;
};
(async () => {
  mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true });
  const results = [];
  for (const picture of {{.Pictures}}) {
    try {
      const { width, height } = (await show(picture)).getBoundingClientRect();
      results.push({ name: picture.Name, width, height });
    } catch (error) {
      results.push({ name: picture.Name, error: String(error.message || error) });
    }
  }
  document.body.appendChild(document.createElement("pre")).id = "results";
  document.getElementById("results").textContent = "RESULTS:" + btoa(unescape(encodeURIComponent(JSON.stringify(results)))) + ":";
})();
</script></body></html>
`

// browse writes a sheet with the pictures and has the browser draw it.
func browse(t *testing.T, all []picture, args ...string) string {
	t.Helper()
	if *mermaid == "" || *chromium == "" {
		t.Fatal("this test needs -mermaid and -chromium: run make pictures")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sheet.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	script, err := filepath.Abs(*mermaid)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]any{"Mermaid": template.URL("file://" + script), "Pictures": all}
	if err := template.Must(template.New("sheet").Parse(sheet)).Execute(file, content); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	args = append(args,
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
		"--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", // asks no network
		"--user-data-dir="+filepath.Join(dir, "profile"), "--virtual-time-budget=60000", "file://"+path)
	cmd := exec.CommandContext(ctx, *chromium, args...)
	cmd.WaitDelay = limit
	var stderr strings.Builder
	cmd.Stderr = &stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", *chromium, err, stderr.String())
	}
	return string(printed)
}

// draw draws the pictures and returns the report on each, by name.
func draw(t *testing.T, all []picture) map[string]drawn {
	t.Helper()
	_, text, _ := strings.Cut(browse(t, all, "--dump-dom", "--window-size=1012,800"), `id="results">RESULTS:`)
	text, _, found := strings.Cut(text, ":")
	data, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil {
		t.Fatalf("the browser has not drawn the pictures: %v", err)
	}
	var results []drawn
	if err := json.Unmarshal(data, &results); err != nil {
		t.Fatal(err)
	}
	named := map[string]drawn{}
	for _, one := range results {
		named[one.Name] = one
	}
	return named
}

// Every picture of the documentation can be drawn.
func TestPictures_CanBeDrawn(t *testing.T) {
	all := pictures(t)
	if len(all) < 5 {
		t.Errorf("only %d pictures were found", len(all))
	}
	results := draw(t, all)
	for _, p := range all {
		result := results[p.Name]
		if result.Error != "" || result.Width < 50 || result.Height < 50 {
			t.Errorf("%s: %.0f by %.0f %s", p.Page, result.Width, result.Height, result.Error)
		}
		if *out != "" {
			size := fmt.Sprintf("--window-size=1012,%.0f", result.Height+40)
			shot, err := filepath.Abs(filepath.Join(*out, p.Name+".png"))
			if err != nil {
				t.Fatal(err)
			}
			browse(t, []picture{p}, "--screenshot="+shot, size, "--force-device-scale-factor=1.5")
		}
	}
}

// A diagram that cannot be parsed is reported, and so is a missing file.
func TestPictures_SeesTheBroken(t *testing.T) {
	results := draw(t, []picture{
		{Name: "good", Diagram: "flowchart LR\n  a --> b\n"},
		{Name: "broken", Diagram: "flowchart LR\n  a -->\n"},
		{Name: "missing", File: "file:///there/is/no/such/picture.svg"},
	})
	if results["good"].Error != "" || results["broken"].Error == "" || results["missing"].Error == "" {
		t.Errorf("the browser says %+v", results)
	}
}
