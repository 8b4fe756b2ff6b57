package controller

import (
	"slices"

	"jimm-migrator/tests/sim/wire"
)

// gateAllows is the version gate of 2.9 and 3.0 (2.9.46 and 3.0.3, documented): a client of another major version may
// make only a few calls. The version is the one that the client sent at login; one that cannot be parsed counts as 2.0.
func (s *session) gateAllows(login *login, req *wire.Request) error {
	server := s.c.release.version
	if !s.c.release.has(versionGate) || login.anonymous {
		return nil
	}
	client, err := parseVersion(login.clientVersion)
	if err != nil {
		client = version{major: 2}
	}
	method := req.Facade + "." + req.Method
	switch {
	case client.major == server.major:
		return nil
	case max(client.major, server.major)-min(client.major, server.major) > 1:
	case req.Facade == "MigrationTarget" || slices.Contains(pastTheGate(), method):
		return nil
	case client.major < server.major && server.minor == 0:
		return nil
	case client.major > server.major && (client.minor == 0 || slices.Contains(upgradeHelpers(), method)):
		return nil
	}
	return &wire.Error{
		Message: "client incompatible with server " + server.String(), Code: "incompatible client",
		Info: map[string]string{"server-version": server.String()},
	}
}

// pastTheGate may always be called, as may MigrationTarget.
func pastTheGate() []string {
	return []string{
		"Client.FullStatus", "UserManager.UserInfo", "ModelManager.ListModels", "ModelManager.ModelInfo",
		"Controller.InitiateMigration", "Controller.IdentityProviderURL", "Pinger.Ping",
	}
}

// upgradeHelpers may be called by newer clients.
func upgradeHelpers() []string {
	return []string{
		"Controller.ControllerVersion", "Controller.ControllerConfig", "ModelUpgrader.UpgradeModel",
		"ModelConfig.ModelGet",
	}
}
