package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// allMethods are the simulated methods. A facade of the login result whose method is missing here answers "not
// implemented".
func (c *Controller) allMethods() map[string]map[string]method {
	return map[string]map[string]method{
		"Pinger": {"Ping": pong, "Stop": pong},
		"ModelManager": {
			"ModelInfo":          modelInfos,
			"ListModelSummaries": modelSummaries,
			"ListModels":         listModels,
			"ModelStatus":        modelStatus,
			"DumpModels":         dumpModels,
			"CreateModel":        createModel,
		},
		"Controller": {
			"AllModels":                  allModels,
			"ControllerVersion":          controllerVersion,
			"ConfigSet":                  configSet,
			"ControllerConfig":           controllerConfig,
			"IdentityProviderURL":        identityProviderURL,
			"ControllerAPIInfoForModels": apiInfoForModels,
			"CloudSpec":                  cloudSpec,
			"GetControllerAccess":        controllerAccess,
			"MongoVersion":               mongoVersion,
			"ModelStatus":                modelStatus,
			"InitiateMigration":          initiateMigration,
			"ListBlockedModels":          listBlockedModels,
			"WatchAllModels":             watchAllModels,
			"WatchAllModelSummaries":     watchAllModelSummaries,
			"WatchModelSummaries":        watchModelSummaries,
		},
		"AllModelWatcher":     {"Next": watcherNext, "Stop": watcherStop},
		"ModelSummaryWatcher": {"Next": watcherNext, "Stop": watcherStop},
		"AllWatcher":          {"Next": watcherNext, "Stop": watcherStop},
		"NotifyWatcher":       {"Next": watcherNext, "Stop": watcherStop},
		"Cloud": {
			"Clouds": clouds, "Cloud": cloudsByTag, "CloudInfo": cloudInfos,
			"UserCredentials":        userCredentials,
			"Credential":             credentialsByTag,
			"CheckCredentialsModels": checkCredentials, "UpdateCredentialsCheckModels": checkCredentials,
		},
		"SecretBackends":    {"ListSecretBackends": listSecretBackends},
		"ModelConfig":       {"ModelGet": modelGet},
		"ModelUpgrader":     {"UpgradeModel": upgradeModel, "AbortModelUpgrade": abortUpgrade},
		"ApplicationOffers": {"ListApplicationOffers": listOffers},
		"UserManager":       {"UserInfo": userInfos},
		"Client":            {"FullStatus": fullStatus, "WatchAll": watchAll},
		"Application":       {"UnitsInfo": unitsInfo},
		"Block":             {"List": listBlocks},
		"MachineManager":    {"UpgradeSeriesValidate": upgradeSeriesValidate},
		"MigrationTarget": {
			"Prechecks":      targetPrechecks,
			"Import":         importModel,
			"Activate":       activateModel,
			"Abort":          abortImport,
			"CACert":         caCert,
			"CheckMachines":  checkMachines,
			"AdoptResources": adoptResources,
			"LatestLogTime":  latestLogTime,
		},
	}
}

func pong(context.Context, *session, *wire.Request) (any, error) { return nil, nil }

// entities is the params of most bulk calls.
type entities struct {
	Entities []struct {
		Tag string `json:"tag"`
	} `json:"entities"`
}

// result is one item of most bulk answers.
type result struct {
	Result any         `json:"result,omitempty"`
	Error  *wire.Error `json:"error,omitempty"`
}

type results struct {
	Results []result `json:"results"`
}

// each answers a bulk call item by item.
func each(req *wire.Request, answer func(tag string) (any, error)) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := results{Results: []result{}}
	for _, entity := range params.Entities {
		item, err := answer(entity.Tag)
		if err != nil {
			list.Results = append(list.Results, result{Error: wire.AsError(err)})
			continue
		}
		list.Results = append(list.Results, result{Result: item})
	}
	return list, nil
}
