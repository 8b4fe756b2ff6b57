package jimm

import (
	"slices"
	"time"

	"github.com/coder/websocket"
)

// Generation holds the differences between JIMM releases, as data. All releases call the facade JIMM version 4, so a
// client cannot distinguish them by versions. Fields without a source of their own were recorded with a real server of
// that month.
type Generation struct {
	Name    string           // "2024", "2025", "2026"
	Facades map[string][]int // of a login on /api
	Methods []string         // of the facade JIMM

	PingLimit  time.Duration        // /api is closed after this time without Pinger.Ping; other calls do not count
	BadMessage websocket.StatusCode // close status for a frame that is not JSON, and for missing pings

	Refused        string // message of a login with a wrong secret
	RefusedCode    string // its code on /model/<uuid>/api
	SessionCode    string // code of a login with a bad session token
	OldLogin       string // message of Admin.Login
	OldLoginCode   string // its code
	LastLoginNow   bool   // user-info.last-connection is this login, not the one before
	RedactLogins   bool   // the audit log hides the secrets of LoginWithClientCredentials
	RedirectAgents bool   // Admin.Login of an agent on the model proxy is redirected to the controller

	UnknownModel string // message of the model proxy for a model that JIMM does not know
	BadPath      string // message of the model proxy for an invalid path

	ClientVersion string // client-version in JIMM's own logins on controllers
	CacheDials    bool   // one connection per controller is kept and pinged before each use; else one per request
	AsCaller      bool   // ModelInfo, ImportModel and AddController reach the controller under the caller's name
	OwnUser       func(jimmUUID string) string
	ModelManager  []int    // versions that JIMM can speak to a controller, best first
	Controller    []int    // likewise
	Offers        []int    // likewise
	Client        []int    // likewise
	DialTexts     bool     // errors of dialling contain the reason, otherwise only "no urls to dial"
	Watches       []string // methods of Controller that the background watchers call

	BareTargets           bool                         // MigrateModel takes <uuid> and <owner>/<name>, else model-<uuid>
	ControllerAlias       bool                         // target-info carries controller-alias
	MigrationModes        bool                         // rows have a migration mode; ModelInfo completes, fails or deletes them
	LiveRights            bool                         // OpenFGA is asked for rights on models at every call; without an answer the user has none
	Highest               bool                         // a controller is asked in the highest version that it offers
	TiesForward           bool                         // the log, newest first, has a request before its reply; errors of its filters have few details
	Cordons               bool                         // AddModel skips deprecated controllers, and those where the user may not add models
	BlankOffers           bool                         // listed offers lack model and UUID, and filters have two defects, see listOffers
	EmptyIsFirst          bool                         // an empty controller name selects the first controller of the database
	KeepCallCode          bool                         // a call error of InitiateMigration keeps its code in the item
	NoRights              string                       // message of MigrateModel without rights
	LiveLists             bool                         // ListModelSummaries and ListModels ask the controllers
	SummariesUser         func(jimmUUID string) string // user-tag of the former
	ControllerUser        bool                         // ListControllers has "username"
	JAASEntry             bool                         // ListControllers of others shows one controller "jaas"
	EmptyNull             bool                         // ListModelSummaries without results is null
	SLA                   bool                         // ModelInfo and summaries have an sla, secret-backends is not null
	ControllerModelConfig bool                         // Controller.ModelConfig exists, and is not supported (2026 does not have it, source)
	ControllerModel       bool                         // AddController reads the controller model by ModelGet and CloudSpec
	RemoveLive            bool                         // RemoveController takes a live controller without models
	WatchImports          bool                         // ImportModel watches the model once
	FailedAddPrefix       bool                         // errors of AddController begin with "failed to add controller: "
	NamedDuplicates       bool                         // "model \"m\" already exists"
	PollInterval          time.Duration                // interval of the poller; 0: no poller
	WatchInterval         time.Duration                // interval of the background watchers
	UnboundedTimeout      time.Duration                // used where JIMM has no time limit
}

// methods2024 are the simulated methods of the facade JIMM, not all that it has.
func methods2024() []string {
	return []string{
		"AddController", "AddRelation", "CheckRelation", "CrossModelQuery", "DisableControllerUUIDMasking",
		"FindAuditEvents", "FullModelStatus", "GrantAuditLogAccess", "ImportModel", "ListControllers",
		"ListRelationshipTuples", "MigrateModel", "RemoveController", "RemoveRelation", "RevokeAuditLogAccess",
		"SetControllerDeprecated", "UpdateMigratedModel", "Version",
	}
}

// Generation2024 is JIMM of October 2024 (f89b63e3, 16 days after v3.1.12).
func Generation2024() Generation {
	return Generation{
		Name: "2024",
		Facades: map[string][]int{
			"ApplicationOffers": {4}, "Cloud": {7}, "Controller": {11}, "JIMM": {4}, "ModelManager": {9},
			"ModelSummaryWatcher": {1}, "Pinger": {1}, "UserManager": {3},
		},
		Methods:               methods2024(),
		PingLimit:             90 * time.Second,
		BadMessage:            websocket.StatusNoStatusRcvd,
		Refused:               "invalid client credentials",
		RefusedCode:           codeUnauthorized,
		SessionCode:           "session token invalid",
		OldLogin:              "JIMM does not support login from old clients (not supported)",
		UnknownModel:          "model not found",
		BadPath:               "invalid path",
		ClientVersion:         "3.2.4",
		CacheDials:            true,
		OwnUser:               func(string) string { return "admin" },
		ModelManager:          []int{9},
		Controller:            []int{11},
		Client:                []int{6},
		Watches:               []string{"WatchAllModelSummaries", "WatchAllModels"},
		LiveRights:            true,
		TiesForward:           true,
		EmptyIsFirst:          true,
		ControllerModelConfig: true,
		NoRights:              "unauthorized access",
		ControllerUser:        true,
		JAASEntry:             true,
		EmptyNull:             true,
		SLA:                   true,
		WatchImports:          true,
		WatchInterval:         10 * time.Minute,
		UnboundedTimeout:      24 * time.Hour,
	}
}

// Generation2025 is JIMM of February 2025, between the releases that were recorded. It is JIMM of October 2024 with the
// changes that the project's history dates before (the number is that of the pull request): lists from the controllers
// (#1488, 2024-12-11), no WatchAllModels (#1478, 2024-12-10), MigrateModel of a bare UUID or owner/name (#1500,
// 2024-12-19). All later changes are missing: longer pings (#1565, March 2025), dials per request (#1611, June), errors
// for empty names (#1658, July), modes and the poller (#1670, August). Where no date is known it is as in 2024
// (inferred).
func Generation2025() Generation {
	g := Generation2024()
	g.Name = "2025"
	g.Watches = []string{"WatchAllModelSummaries"}
	g.BareTargets = true
	g.LiveLists = true
	g.SummariesUser = func(string) string { return "user-admin" } // inferred: that of AddController
	return g
}

// Generation2026 is JIMM of July 2026 (branch v3 at 8bfc88e1, 2026-07-01).
func Generation2026() Generation {
	return Generation{
		Name: "2026",
		Facades: map[string][]int{
			"ApplicationOffers": {5}, "Cloud": {7}, "Controller": {11, 12}, "JIMM": {4}, "MigrationTarget": {6},
			"ModelConfig": {3}, "ModelManager": {9, 10}, "ModelSummaryWatcher": {1}, "ModelUpgrader": {1},
			"Pinger": {1}, "UserManager": {3},
		},
		Methods: slices.Concat(methods2024(), []string{
			"AddModelToController", "CheckRelations", "ListJobs", "ListMigrationTargets", "ListModels", "ListUserClouds",
			"ModelControllerInfo", "ShowController",
		}),
		PingLimit:        180 * time.Second,
		BadMessage:       websocket.StatusNormalClosure,
		Refused:          `invalid client credentials: oauth2: "invalid_client" "Invalid client or Invalid client credentials"`,
		RefusedCode:      "fatal login error",
		SessionCode:      "fatal login error",
		OldLogin:         "JIMM does not support login from old clients",
		OldLoginCode:     "not supported",
		LastLoginNow:     true,
		RedactLogins:     true,
		RedirectAgents:   true,
		UnknownModel:     "failed to find model: model not found",
		BadPath:          "error parsing path: invalid path",
		ClientVersion:    "3.6.12",
		AsCaller:         true,
		OwnUser:          func(uuid string) string { return "jaas-" + uuid + "@external" },
		ModelManager:     []int{10, 9},
		Controller:       []int{12, 11},
		Offers:           []int{5},
		Client:           []int{8, 7, 6},
		DialTexts:        true,
		Highest:          true,
		Cordons:          true,
		BlankOffers:      true,
		Watches:          []string{"WatchAllModelSummaries"},
		BareTargets:      true,
		ControllerAlias:  true,
		MigrationModes:   true,
		KeepCallCode:     true,
		NoRights:         "unauthorized",
		LiveLists:        true,
		SummariesUser:    func(uuid string) string { return "user-user-jaas-" + uuid + "@external" }, // doubled by JIMM
		ControllerModel:  true,
		RemoveLive:       true,
		FailedAddPrefix:  true,
		NamedDuplicates:  true,
		PollInterval:     time.Minute,
		WatchInterval:    10 * time.Minute,
		UnboundedTimeout: 24 * time.Hour,
	}
}
