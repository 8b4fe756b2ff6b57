package conform

import "regexp"

// kind is a kind of value that varies from run to run.
type kind struct{ pattern, example string }

// kinds are the placeholders that stand for any value of a kind. All are strings in JSON, except <int> and <any>.
func kinds() map[string]kind {
	return map[string]kind{
		"any":    {`.*`, "any"},
		"string": {`.+`, "string"},
		"int":    {`-?\d+`, "1"},
		"hex":    {`[0-9a-f]+`, "4081c5ba3ecad43c"},
		"uuid":   {`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "838ffa37-2c2d-4ae1-8b11-34f86dcac23e"},
		"time":   {`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)`, "2026-11-22T10:17:47.443Z"},
		"pem":    {`-----BEGIN CERTIFICATE-----\n.+\n-----END CERTIFICATE-----\n?`, examplePEM},
		"token":  {`\S+`, "token"},
	}
}

// examplePEM stands for a CA certificate where no client dials.
const examplePEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

func placeholder() *regexp.Regexp {
	return regexp.MustCompile(`<[a-z][a-z0-9.-]*(?: order)?(?::[a-z0-9]+)?>`)
}

func quotedPlaceholder() *regexp.Regexp { return regexp.MustCompile(`"<[a-z]+>"`) }

func quotedNumber() *regexp.Regexp { return regexp.MustCompile(`"<[a-z0-9-]+\.port>"`) }
