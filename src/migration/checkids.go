package migration

// The checks that look into the model, at the target, and at what is known of
// the versions. Those with which Juju would refuse the migration by itself can be
// ignored: it has the last word.
const (
	// CheckVersionHop: the versions can migrate to each other.
	CheckVersionHop CheckID = "version-hop"
	// CheckMachines: all machines are alive, running, and their agents there.
	CheckMachines CheckID = "machines"
	// CheckUnits: all units are alive, and their agents there.
	CheckUnits CheckID = "units"
	// CheckApplications: all applications are alive, with the units they want and
	// charms that the target takes.
	CheckApplications CheckID = "applications"
	// CheckUpgrade: no agent is of another version than the model, and no unit of
	// another charm than its application.
	CheckUpgrade CheckID = "upgrade"
	// CheckRelations: all relations are joined.
	CheckRelations CheckID = "relations"
	// CheckCredential: the model's cloud credential is valid.
	CheckCredential CheckID = "credential"
	// CheckUsers: no user of the model is one of the source alone.
	CheckUsers CheckID = "users"
	// CheckCloud: the target knows the model's cloud and region.
	CheckCloud CheckID = "cloud"
	// CheckTargetName: the target has no other model of that name and owner.
	CheckTargetName CheckID = "target-name"
	// CheckTargetAnswers: the target can be reached from here.
	CheckTargetAnswers CheckID = "target-answers"
	// CheckTargetAddresses: the agents can be expected to reach the target.
	CheckTargetAddresses CheckID = "target-addresses"
	// CheckOffers: no other model uses what the model offers.
	CheckOffers CheckID = "offers"
	// CheckRemotes: the model uses no offers of others.
	CheckRemotes CheckID = "remotes"
	// CheckStorage: the model has no storage.
	CheckStorage CheckID = "storage"
	// CheckSecretBackends: the model's secrets are in backends that every
	// controller has.
	CheckSecretBackends CheckID = "secret-backends"
	// CheckMode: JIMM does not believe wrongly that a migration runs.
	CheckMode CheckID = "jimm-mode"
	// CheckHostsJIMM: the model does not host the JIMM that this charm talks to.
	CheckHostsJIMM CheckID = "hosts-jimm"
	// CheckAdvisories: no known bug of Juju is about these versions.
	CheckAdvisories CheckID = "advisories"
	// CheckControllerAccess: the accounts on source and target work.
	CheckControllerAccess CheckID = "controller-access"
	// CheckFacades: the source offers the facades that the target needs.
	CheckFacades CheckID = "facade-support"
	// CheckTargetPrechecks: the target itself would take the model.
	CheckTargetPrechecks CheckID = "target-prechecks"
	// CheckLeftOvers: the target has no half-imported copies of other models.
	CheckLeftOvers CheckID = "left-overs"
)
