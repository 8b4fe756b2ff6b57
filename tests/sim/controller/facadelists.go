package controller

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Facade lists have the form "Name version version; …". They come from Juju's facade registry for users, one per kind
// of connection (documented), and hold the facades that a client here calls.
const (
	controllerFacades29 = `AllModelWatcher 2 3 4; ApplicationOffers 1 2 3 4; Bundle 1 2 3 4 5 6; Cloud 1 2 3 4 5 6 7;
		Controller 3 4 5 6 7 8 9 10 11; CrossController 1; HighAvailability 2; MigrationTarget 1 2; ModelConfig 1 2;
		ModelManager 2 3 4 5 6 7 8 9; ModelSummaryWatcher 1; ModelUpgrader 1; NotifyWatcher 1; Pinger 1;
		UserManager 1 2 3`
	modelFacades29 = `Action 2 3 4 5 6 7; AllWatcher 1 2; Annotations 2; Application 1 2 3 4 5 6 7 8 9 10 11 12 13;
		Backups 1 2; Block 2; Bundle 1 2 3 4 5 6; Charms 2 3 4; Client 1 2 3 4 5 6; HighAvailability 2;
		ImageMetadataManager 1; KeyManager 1; MachineManager 2 3 4 5 6 7; MetricsDebug 2; ModelConfig 1 2;
		NotifyWatcher 1; Payloads 1; Pinger 1; Resources 1 2; Spaces 2 3 4 5 6; SSHClient 1 2 3 4; Storage 3 4 5 6;
		Subnets 2 3 4`
	controllerFacades30 = `AllModelWatcher 4; ApplicationOffers 4; Bundle 6; Cloud 7; Controller 11; CrossController 1;
		HighAvailability 2; MigrationTarget 1; ModelConfig 3; ModelManager 9; ModelSummaryWatcher 1;
		ModelUpgrader 1; NotifyWatcher 1; Pinger 1; UserManager 3`
	modelFacades30 = `Action 7; AllWatcher 3; Annotations 2; Application 15; Backups 3; Block 2; Bundle 6;
		Charms 5; Client 6; HighAvailability 2; ImageMetadataManager 1; KeyManager 1; MachineManager 9;
		MetricsDebug 2; ModelConfig 3; NotifyWatcher 1; Payloads 1; Pinger 1; Resources 3; Secrets 1; Spaces 6;
		SSHClient 3 4; Storage 6; Subnets 5`
	// Additional facades of Juju 3.5.4, including those of agents (observed).
	modelFacades35 = `ActionPruner 1; Agent 3; AgentLifeFlag 1; AgentTools 1; Application 15 16 17 18 19 20;
		ApplicationScaler 1; CAASAdmission 1; CAASAgent 2; CAASApplication 1; CAASApplicationProvisioner 1;
		CAASFirewaller 1; CAASFirewallerSidecar 1; CAASModelConfigManager 1; CAASModelOperator 1;
		CAASOperator 1; CAASOperatorProvisioner 1; CAASOperatorUpgrader 1; CAASUnitProvisioner 2;
		CharmDownloader 1; CharmRevisionUpdater 2; Cleaner 2; CredentialManager 1; CredentialValidator 2;
		CrossModelRelations 2 3; CrossModelSecrets 1; Deployer 1; DiskManager 2; EntityWatcher 2;
		EnvironUpgrader 1; ExternalControllerUpdater 1; FanConfigurer 1; FilesystemAttachmentsWatcher 2;
		Firewaller 7; HostKeyReporter 1; ImageMetadata 3; InstanceMutater 3; InstancePoller 4; KeyUpdater 1;
		LeadershipService 2; LifeFlag 1; LogForwarding 1; Logger 1; MachineActions 1; MachineManager 9 10;
		MachineUndertaker 1; Machiner 5; MeterStatus 2; MetricsAdder 2; MetricsManager 1; MigrationFlag 1;
		MigrationMaster 3; MigrationMinion 1; MigrationStatusWatcher 1; ModelGeneration 4; OfferStatusWatcher 1;
		PayloadsHookContext 1; Provisioner 11; ProxyUpdater 2; Reboot 2; RelationStatusWatcher 1;
		RelationUnitsWatcher 1; RemoteRelationWatcher 1; RemoteRelations 2; ResourcesHookContext 1;
		RetryStrategy 1; SSHClient 4; SecretBackendsManager 1; SecretBackendsRotateWatcher 1; Secrets 1 2;
		SecretsDrain 1; SecretsManager 1 2; SecretsRevisionWatcher 1; SecretsTriggerWatcher 1; Singular 2;
		StatusHistory 2; StorageProvisioner 4; StringsWatcher 1; Undertaker 1; UnitAssigner 1; Uniter 18 19;
		UpgradeSeries 3; UpgradeSteps 2; Upgrader 1; UserSecretsDrain 1; UserSecretsManager 1;
		VolumeAttachmentPlansWatcher 1; VolumeAttachmentsWatcher 2`
	// Juju 4.0-beta8, recorded.
	controllerFacades40 = `ApplicationOffers 5 6; Bundle 8; Cloud 7; Controller 12 13; CrossController 1;
		MigrationTarget 4 5 6 7; ModelConfig 3 4; ModelManager 10 11; ModelSummaryWatcher 1; ModelUpgrader 1;
		NotifyWatcher 1; Pinger 1; SecretBackends 1; UserManager 3`
	// Juju 4.0-beta8, recorded up to ImageMetadataManager; the rest is inferred.
	modelFacades40 = `Action 7; Agent 3; AgentLifeFlag 1; Annotations 2; Application 19 20 21 22; Backups 3; Block 2;
		Bundle 8; CAASAdmission 1; CAASAgent 2; CAASApplication 1; CAASApplicationProvisioner 1;
		CAASModelConfigManager 1; CAASModelOperator 1; CAASOperatorUpgrader 1; Charms 7; Client 8; CredentialManager 1;
		CredentialValidator 2 3; CrossModelRelations 3; CrossModelSecrets 1 2; Deployer 1; DiskManager 2;
		EntityWatcher 2; ExternalControllerUpdater 1; FilesystemAttachmentsWatcher 2; Firewaller 7; HostKeyReporter 1;
		ImageMetadata 3; ImageMetadataManager 1; KeyManager 1; MachineManager 11; MigrationFlag 1;
		MigrationMaster 4 5; MigrationMinion 1; MigrationStatusWatcher 1; ModelConfig 3 4; NotifyWatcher 1; Pinger 1;
		Resources 3; Secrets 2; Spaces 6; SSHClient 4; Storage 6; Subnets 5`

	anonymousControllerFacades = `CrossController 1; NotifyWatcher 1`
	anonymousModelFacades      = `CrossModelRelations 2; NotifyWatcher 1; OfferStatusWatcher 1; RelationStatusWatcher 1;
		RelationUnitsWatcher 1; RemoteRelationWatcher 1; StringsWatcher 1`
	// Juju 3.5.4, observed.
	anonymousModelFacades35 = `CrossModelRelations 2 3; CrossModelSecrets 1; NotifyWatcher 1; OfferStatusWatcher 1;
		RelationStatusWatcher 1; RelationUnitsWatcher 1; RemoteRelationWatcher 1; SecretsRevisionWatcher 1;
		StringsWatcher 1`
	// Juju 4.0-beta8, recorded.
	anonymousModelFacades40 = `CrossModelRelations 3; CrossModelSecrets 1 2; NotifyWatcher 1; OfferStatusWatcher 1;
		RelationStatusWatcher 1; RelationUnitsWatcher 1; RemoteRelationWatcher 1; SecretsRevisionWatcher 1;
		StringsWatcher 1`
)

func facadeList(text string) map[string][]int {
	list := map[string][]int{}
	for entry := range strings.SplitSeq(text, ";") {
		fields := strings.Fields(entry)
		for _, field := range fields[min(1, len(fields)):] {
			n, err := strconv.Atoi(field)
			if err != nil {
				panic(fmt.Sprintf("facade list %q: %v", text, err))
			}
			list[fields[0]] = append(list[fields[0]], n)
		}
	}
	return list
}

type facadeVersions struct {
	Name     string `json:"name"`
	Versions []int  `json:"versions"`
}

// listing is the facade list of a login result, sorted by name.
func listing(facades map[string][]int) []facadeVersions {
	var list []facadeVersions
	for _, name := range slices.Sorted(maps.Keys(facades)) {
		list = append(list, facadeVersions{Name: name, Versions: facades[name]})
	}
	return list
}

// agentFacades are in the list of a model connection, and refuse every user (4.0-beta8, recorded).
func agentFacades() []string {
	return []string{"MigrationMaster", "MigrationFlag", "MigrationMinion", "MigrationStatusWatcher"}
}
