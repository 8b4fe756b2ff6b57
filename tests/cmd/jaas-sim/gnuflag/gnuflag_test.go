package gnuflag_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/cmd/jaas-sim/gnuflag"
)

// given are the values of one option of each kind.
type given struct {
	Text   string
	Toggle bool
	Span   time.Duration
	Number uint
	List   []string
	Words  []string
	Pairs  map[string]string
	Format string
}

func TestOptions_AreReadAsJujuDoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		rest []string
		want given
		err  string
	}{
		{args: "", want: given{Format: "plain"}},
		{args: "unit/0 --wait 5m go a=b -t", rest: []string{"unit/0", "go", "a=b"}, want: given{Span: 5 * time.Minute, Toggle: true, Format: "plain"}},
		{args: "--wait=5m unit/0 -- --wait=7m -x", rest: []string{"unit/0", "--wait=7m", "-x"}, want: given{Span: 5 * time.Minute, Format: "plain"}},
		{args: "-o file - -tofile2", rest: []string{"-"}, want: given{Text: "file2", Toggle: true, Format: "plain"}},
		{args: "--output -t --toggle=false", want: given{Text: "-t", Format: "plain"}},
		{args: "--list a,b --list c --words a,b --words c", want: given{List: []string{"c"}, Words: []string{"a,b", "c"}, Format: "plain"}},
		{args: "--pair a=b=c --pair d= --number 7 --format json", want: given{Pairs: map[string]string{"a": "b=c", "d": ""}, Number: 7, Format: "json"}},
		{args: "--frob", err: "option provided but not defined: --frob"},
		{args: "-tx", err: "option provided but not defined: -x"},
		{args: "a -o", err: "option needs an argument: -o"},
		{args: "--wait 5", err: `invalid value "5" for option --wait: time: missing unit in duration "5"`},
		{args: "--toggle=maybe", err: `invalid value "maybe" for option --toggle: strconv.ParseBool: parsing "maybe": invalid syntax`},
		{args: "--number=-1", err: `invalid value "-1" for option --number: strconv.ParseUint: parsing "-1": invalid syntax`},
		{args: "--pair a", err: `invalid value "a" for option --pair: expected KEY=VALUE`},
		{args: "--format xml", err: `invalid value "xml" for option --format: unknown format "xml"`},
		{args: "a --help", err: "help requested"},
		{args: "-h", err: "help requested"},
	} {
		got := given{Format: "plain"}
		var set gnuflag.Set
		set.Text(&got.Text, "FILE", "", "o", "output")
		set.Toggle(&got.Toggle, "", "t", "toggle")
		set.Duration(&got.Span, "", "wait")
		set.Number(&got.Number, "", "number")
		set.List(&got.List, "A,…", "", "list")
		set.Words(&got.Words, "A", "", "words")
		pairs := map[string]string{}
		set.Pairs(pairs, "KEY=VALUE", "", "pair")
		set.Choice(&got.Format, "plain", "json")
		rest, err := set.Parse(strings.Fields(test.args))
		if len(pairs) > 0 {
			got.Pairs = pairs
		}
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: got error %v, want %s", test.args, err, test.err)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%q: error %v, options (-want +got):\n%s", test.args, err, diff)
		}
		if diff := cmp.Diff(test.rest, rest); diff != "" {
			t.Errorf("%q: arguments (-want +got):\n%s", test.args, diff)
		}
	}
}
