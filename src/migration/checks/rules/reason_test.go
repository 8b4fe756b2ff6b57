package rules_test

import (
	"regexp"
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks/rules"
)

// Whether the same command again can help follows from the words of the refusal.
func TestReasons(t *testing.T) {
	const (
		src, tgt = "source prechecks failed: ", "target prechecks failed: "
		imp      = "model data transfer failed, failed to import model into target controller: "
		blockers = src + "cannot migrate to controller due to issues:\n\"admin/m\":\n- "
	)
	for _, c := range []struct {
		text, id string
		retry    bool
	}{
		{src + "application db has an ongoing scale operation", "scaling", true},
		{src + "application db has an ongoing storage-update operation", "scaling", true},
		{imp + "user \"bob\" not found", "owner", false},
		{"user \"carol\" not found", "unknown-user", false},
		{imp + "granting admin permission to the owner: user \"bob\" is permanently deleted", "owner", false},
		{imp + "credential \"default\" not found (not found)", "credential-missing", false},
		{blockers + "the model hosts deprecated ubuntu machine(s): bionic(1)", "bases", false},
		{blockers + "the model hosts deprecated ubuntu machine(s): ubuntu@18.04(1)", "bases", false},
		{blockers + "the model hosts 2 ubuntu machine(s) with an unsupported base. The supported bases are: ubuntu@22.04", "bases", false},
		{blockers + "the model hosts deprecated ubuntu machine(s): focal(1) noble(1)", "bases-by-mistake", false},
		{blockers + "the model hosts deprecated ubuntu machine(s): ubuntu@24.04(3)\n- LXD version has to be at least \"5.0.0\"", "bases-by-mistake", false},
		{blockers + "the model hosts deprecated ubuntu machine(s): bionic(1) focal(1)", "bases", false},
		{blockers + "xenial is not supported but the model hosts 2 xenial machine(s)", "bases", false},
		{blockers + "windows is not supported but the model hosts 1 windows machine(s)", "windows", false},
		{blockers + "the model hosts deprecated windows machine(s): windows@win2019(1)", "windows", false},
		{blockers + "current model (\"2.9.30\") has to be upgraded to \"2.9.36\" at least", "model-older", false},
		{blockers + "unexpected upgrade series lock found", "series-lock", false},
		{blockers + "LXD version has to be at least \"5.0.0\", but current version is only \"4.0.0\"", "lxd-version", false},
		{src + "machine 0 is dying", "dying", true},
		{src + "application web is dying", "dying", true},
		{src + "unit web/0 is dead", "dying", true},
		{src + "model is dying", "dying", true},
		{src + "model is being imported as part of another migration", "importing-source", false},
		{src + "model unit(s) are not ready for migration:\n- unit \"web/0\" workload not active or viable", "workload", false},
		{src + "model unit(s) are not ready for migration:\n- unit \"web/0\" is not logged into the controller", "not-logged-in", true},
		{src + "unit \"web/0\" agent not idle or executing", "agents-away", true},
		{src + "model machine(s) are not ready for migration:\n- machine \"0\" status is not started", "agents-away", true},
		{src + "model machine(s) are not ready for migration:\n- machine \"0\" instance status is not running", "agents-away", true},
		{tgt + "model machine(s) are not ready for migration:\n- machine \"0\" instance status is not running", "target-machines", true},
		{tgt + "machine 0 not running (pending)", "target-machines", true},
		{tgt + "machine 0 agent binaries don't match model (3.6.27 != 3.6.28)", "target-machines", true},
		{src + "controller: machine 0 agent not functioning at this time (down)", "source-machines", true},
		{src + "controller: machine 1 is dying", "source-machines", true},
		{src + "controller: upgrade in progress", "controller-upgrade", true},
		{src + "some machines have unset statuses", "agents-away", true},
		{src + "there exists machines in the model that are not running the target agent version of the model [0 1]", "agents-upgrading", true},
		{src + "there exists units in the model that are not running the target agent version of the model [web/0]", "agents-upgrading", true},
		{"\"\" is not a valid tag", "blank-owner", false},
		{src + "cleanup needed", "cleanup", true},
		{src + "model has revoked credentials", "revoked-credential", false},
		{"failed to create migration: model is not alive", "dying", true},
		{tgt + "model is dying", "controller-dying", false},
		{src + "controller: model is dead", "controller-dying", false},
		{"missing Password & Macaroons not valid", "target-login", false},
		{"failed to obtain model info during prechecks: odd", "export", false},
		{"processing relations failed, odd", "relations-processing", false},
		{"failed to update the model's migration mode: model is already in migration mode \"migrating-internally\"", "jimm-mode", false},
		{"cannot record model \"c0ffee\" on controller \"east\": user \"carol\" not found", "unknown-user", false},
		{"cannot record model \"c0ffee\" on controller \"east\": controller not found", "target-unregistered", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload agent binaries: Post \"https://10.0.0.1:17070\": net/http: TLS handshake timeout", "target-died", false},
		{src + "controller: pre-checking machine statuses for migration: model machine(s) are not ready for migration:\n- machine \"0\" status is not started", "source-machines", true},
		{src + "controller: there exists machines in the model that are not running the target agent version of the model [0]", "source-machines", true},
		{tgt + "pre-checking machine statuses for migration: some machines have unset statuses", "target-machines", true},
		{tgt + "migration target prechecks failed: there exists machines in the model that are not running the target agent version of the model [0]", "target-machines", true},
		{tgt + "migration target prechecks failed: upgrade in progress", "controller-upgrade", true},
		{"login for user \"admin\" blocked because upgrade is in progress", "controller-upgrade", true},
		{src + "pre-checking applications for migration: checking apps and units are alive: application(s) \"db, web\" are not alive", "dying", true},
		{src + "pre-checking applications for migration: checking apps and units are alive: unit(s) \"db/0\" are not alive", "dying", true},
		{src + "pre-checking machine statuses for migration: model machine(s) are not ready for migration:\n- machine \"0\" status is not started", "agents-away", true},
		{src + "application charm url is nil", "records", false},
		{"cannot migrate model \"c0ffee\" to controller \"east\": permission denied", "source-login", false},
		{"permission denied (unauthorized access)", "source-login", false},
		{"cannot migrate model \"c0ffee\" to controller \"east\": unauthorized access", "jimm-rights", false},
		{"cannot migrate model \"c0ffee\" to controller \"east\": controller not found", "target-removed", false},
		{"cannot record model \"c0ffee\" on controller \"east\": permission denied (unauthorized access)", "record-denied", true},
		{"failed to dial the controller", "source-away", true},
		{"cannot check relation: Post \"http://openfga\": EOF", "jimm-authorization", true},
		{"model activation failed, migration mode for the model is not importing", "activation-refused", false},
		{"model activation failed, model \"c0ffee\" not found", "activation-refused", false},
		{"model activation failed, model not found", "activation-refused", false},
		{"model activation failed, imported model has secret backend references that do not match the secret value refs for 1 revision(s): [\"a\"]", "secret-references", false},
		{"model data transfer failed, failed to migrate binaries: opening object store: odd", "binaries", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload resources: cannot set unit resource: odd", "upload-refused", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload resources: cannot open resource: resource \"x\" not found", "binaries-unread", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload charms: cannot open charm: EOF", "binaries-unread", false},
		{imp + "machines: 0: block device not valid", "import-machines", false},
		{imp + "machines: importing machine \"0\": not valid", "import-machines", false},
		{src + "retrieving unit foo/0 status: connection is shut down", "controller-reading", true},
		{src + "controller: retrieving machine 0 status: EOF", "controller-reading", true},
		{src + "checking cleanups: EOF", "controller-reading", true},
		{src + "getting units that are not running the target agent version for the model: database is locked", "controller-reading", true},
		{src + "model unit(s) are not ready for migration:\n- unit \"db/0\" agent not idle or executing", "agents-away", true},
		{tgt + "retrieving models: EOF", "controller-reading", true},
		{"model data transfer failed, something that Juju says from now on", "transfer", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload agent binaries: cannot upload agent binaries: Post https://10.0.0.2:17070/migrate/tools?binaryVersion=3.5.4-ubuntu-amd64: not today", "agents-refused", false},
		{src + "something that Juju says from now on", "source-prechecks", false},
		{tgt + "something that Juju says from now on", "target-prechecks", false},
		{tgt + "target controller does not support the model migration format; upgrade the target controller to Juju 4.1 or later", "target-envelope", false},
		{tgt + "source payload version \"4.0.6\" predates the 4.0 export format this controller imports (\"4.0.12\"); upgrade the source controller in place to the latest 4.0 release, then retry the migration: not supported", "export-older", false},
		{tgt + "source payload version \"3.6.1\" is older than the oldest export format this controller imports (\"4.0.12\")", "export-older", false},
		{tgt + "source payload version \"9.9.9\" is newer than target \"4.1.0\"; upgrade the target controller first", "export-newer", false},
		{tgt + "model named \"prod\" already exists", "same-name", false},
		{tgt + "model is being migrated out of target controller", "leaving-target", true},
		{tgt + "model's cloud \"aws\" not found on target controller", "cloud", false},
		{imp + "execute operation import cross model relations: no application UUID found for remote application \"database\" with endpoints", "remote-unrelated", false},
		{imp + "CHECK constraint failed: chk_storage_filesystem_obliterate_on_cleanup_set_when_not_alive", "filesystem", false},
		{imp + "FOREIGN KEY constraint failed", "constraint", false},
		{imp + "remoteentitites: offer for app \"c9f6\" not found (not found)", "connected-offers", false},
		{imp + "remoteentitites: \"applicationoffer-postgresql\" is not a valid applicationoffer tag", "offer-tag", false},
		{imp + "interface conversion: interface {} is nil, not string", "offer-description", false},
		{imp + "execute operation import storage: importing storage instances: pool \"kubernetes\" not found for storage instance \"pgdata\"", "storage-pool", false},
		{imp + "user not found when finding user uuid for name \"alice@example.com\"", "external-users", false},
		{imp + "credential attribute mismatch: map[] != map[]", "credential-rbac", false},
		{imp + "execute operation import link layer devices: importing link layer devices: converting device \"lxdbr0\" on machine \"0\": converting address \"10.0.0.1/24\": no subnet found, nor created", "subnet", false},
		{imp + "execute operation import cross model relations: importing remote application consumers: validating relation key: two endpoints provided, expected roles \"provider\" and \"requirer\", got \"provider\" and \"requirer\": not valid", "relation-roles", false},
		{imp + "UNIQUE constraint failed: model_migration_import.model_uuid", "import-left", false},
		{imp + "external controller details do not match", "external-controller", false},
		{imp + "something that Juju says from now on", "import", false},
		{imp + "permission denied", "target-login", false},
		{tgt + "permission denied (unauthorized access)", "target-login", false},
		{tgt + "model user \"bob\" is disabled on the target controller", "disabled-users", false},
		{tgt + "model users \"bob, carol\" are disabled on the target controller", "disabled-users", false},
		{tgt + "model's cloud region \"eu\" not valid for cloud \"aws\" on target controller", "cloud", false},
		{tgt + "model credential \"aws\"/\"bob\"/\"default\" is revoked on the target controller", "revoked-on-target", false},
		{tgt + "model's secret backend \"vault\" not found on target controller", "secret-backends-juju4", false},
		{tgt + "model \"c0ffee\" already exists on this controller (currently importing)", "same-model", false},
		{tgt + "migration target prechecks failed: model qualifier \"\" not valid (not valid)", "model-qualifier", false},
		{tgt + "migration import prechecks: checking model config for fan config: fan networking not supported, remove fan-config \"252.0.0.0/8\" from migrating model config", "networking", false},
		{"model activation failed, imported model references secret backend(s) [\"c0ffee\"] that do not exist on this controller", "secret-references", false},
		{"model activation failed, imported model is missing secret backend references for 2 external secret revision(s): [\"a\" \"b\"]", "secret-references", false},
		{"model activation failed, cannot activate import: cleanup already in progress", "import-cleanup", true},
		{"model activation failed, source controller has no usable API addresses", "source-addresses", false},
		{"model activation failed, api connection dial timed out", "activation", false},
		{"model data transfer failed, failed to migrate binaries: charm local:focal/ubuntu-8 unexpectedly assigned local:focal/ubuntu-7", "charm-revision", false},
		{"model data transfer failed, failed to migrate binaries: cannot open charm: charm \"ch:ubuntu-24\" not found", "binaries-unread", false},
		{"model data transfer failed, failed to connect to target controller: dial tcp 10.0.0.1:17070: connection refused", "target-unreachable", true},
		{"failed to assemble model envelope during prechecks: exporting model: odd", "export", false},
		{"connect to target controller: invalid entity name or password (unauthorized access)", "target-login", false},
		{"connect to target controller: unable to connect to API: x509: certificate signed by unknown authority", "target-certificate", false},
		{"credential \"default\" not valid", "credential-invalid", false},
		{"panic resulted in: interface conversion: interface {} is int64, not *int64", "container-user", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload charms: cannot upload charm: Put \"https://10.0.0.1:17070/migrate/charms/x\": EOF", "target-died", false},
		{"model data transfer failed, failed to migrate binaries: cannot upload resources: cannot upload resource: bad metadata: resource missing description", "upload-refused", false},
		{"model data transfer failed, model export failed: secret[0] consumer (postgresql/1) not valid", "secret-consumers", false},
		{"model data transfer failed, model export failed: odd", "export", false},
		{"machine sanity check failed, 1 error found", "machines", false},
		{"connect to target controller: api connection dial timed out", "target-unreachable", true},
		{"connect to target controller: interaction required but not possible", "target-login", false},
		{"virtual host key[0]: zero length key not valid", "host-key", false},
		{"failed to create migration: already in progress", "running", true},
		{"model \"c0ffee\" already has an active migration: model already has an active migration", "running", true},
	} {
		got, ok := rules.Explain(c.text, rules.Facts{})
		if !ok || got.ID != c.id || got.Retry != c.retry {
			t.Errorf("%q is %q (retry %v), want %q (%v)", c.text, got.ID, got.Retry, c.id, c.retry)
		}
	}
	if got, ok := rules.Explain("words that are not Juju's", rules.Facts{}); ok {
		t.Errorf("unknown words are %q", got.ID)
	}
}

// The same words mean another thing between other versions.
func TestReasonsFitTheVersions(t *testing.T) {
	const (
		description = "target prechecks failed: cannot deserialize model \"UUID\" description during prechecks: version: expected int, got nothing"
		mismatch    = "credential attribute mismatch: map[] != map[]"
		backend     = "secret backend \"k8s\" not found"
		agents      = "model data transfer failed, failed to migrate binaries: cannot upload agent binaries: uploading agent binaries for sha256 \"ab\" and version \"4.0.15-ubuntu-amd64\": not today"
	)
	for _, c := range []struct{ text, source, target, id string }{
		{description, "4.0.5", "4.0.5", "target-description"},
		{description, "3.6.14", "4.0.0", "target-takes-no-juju3"},
		{mismatch, "3.1.9", "3.6.9", "credential"},
		{mismatch, "3.6.28", "4.0.14", "credential-rbac"},
		{backend, "3.6.28", "3.6.28", "secret-backends"},
		{backend, "3.6.28", "4.0.10", "secret-backends-juju4"},
		{agents, "3.6.28", "3.6.28", "agents-refused"},
		{agents, "3.6.28", "4.0.15", "agents-refused-juju4"},
		{"remoteentitites: offer for app \"c9f6\" not found", "3.6.28", "3.6.28", "connected-offers"},
	} {
		if got, _ := rules.Explain(c.text, rules.Facts{Source: c.source, Target: c.target}); got.ID != c.id {
			t.Errorf("%q from %s to %s is %q, want %q", c.text, c.source, c.target, got.ID, c.id)
		}
	}
}

// An explanation fits the versions at hand: where the release that a remedy names runs
// already, the words mean something else.
func TestNoRemedyIsAnUpgradeToWhatRuns(t *testing.T) {
	upgrade := regexp.MustCompile(`upgrade (?:the )?(target|source)[a-z ]* to (?:Juju )?(\d+\.\d+(?:\.\d+)?)`)
	found := 0
	for _, r := range rules.All().Reasons {
		for _, m := range upgrade.FindAllStringSubmatch(r.Do, -1) {
			found++
			version := m[2]
			if strings.Count(version, ".") == 1 {
				version += ".0"
			}
			runs := rules.Facts{Target: version}
			if m[1] == "source" {
				runs = rules.Facts{Source: version}
			}
			if r.Apt(runs) != rules.FitsNot {
				t.Errorf("%s: the remedy is %q, also where the %s runs %s", r.ID, r.Do, m[1], version)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d remedies name a release", found)
	}
}
