package jimm_test

// Parts of several recorded conversations. The ids and secrets are invented.
const (
	adminID     = "fca1f605-736e-4d1f-bcd2-aecc726923be"
	adminSecret = "s3cr3t-admin"
	jimmUUID    = "3217dbc9-8ea9-4381-9e97-01eab0b3f6bb"
	modelUUID   = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"
	ctlA        = "aaaaaaaa-0000-4000-8000-000000000001"
	ctlB        = "bbbbbbbb-0000-4000-8000-000000000002"
	modelPath   = "/model/" + modelUUID + "/api"
)

// Logins as recorded: JIMM of October 2024 and of July 2026, an administrator
// and a user who is not one.
const (
	login2024 = `
C-> {"params":{"client-id":"fca1f605-736e-4d1f-bcd2-aecc726923be","client-secret":"s3cr3t-admin"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}
<-C {"request-id":1,"response":{"public-dns-name":"localhost","controller-tag":"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","user-info":{"display-name":"fca1f605-736e-4d1f-bcd2-aecc726923be","identity":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","controller-access":"administrator","model-access":""},"facades":[{"name":"ApplicationOffers","versions":[4]},{"name":"Cloud","versions":[7]},{"name":"Controller","versions":[11]},{"name":"JIMM","versions":[4]},{"name":"ModelManager","versions":[9]},{"name":"ModelSummaryWatcher","versions":[1]},{"name":"Pinger","versions":[1]},{"name":"UserManager","versions":[3]}],"server-version":"0.0.0"}}
`
	login2026 = `
C-> {"params":{"client-id":"fca1f605-736e-4d1f-bcd2-aecc726923be","client-secret":"s3cr3t-admin"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}
<-C {"request-id":1,"response":{"public-dns-name":"localhost","controller-tag":"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","user-info":{"display-name":"fca1f605-736e-4d1f-bcd2-aecc726923be","identity":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","last-connection":"2026-11-22T11:04:43.402222Z","controller-access":"administrator","model-access":""},"facades":[{"name":"ApplicationOffers","versions":[5]},{"name":"Cloud","versions":[7]},{"name":"Controller","versions":[11,12]},{"name":"JIMM","versions":[4]},{"name":"MigrationTarget","versions":[6]},{"name":"ModelConfig","versions":[3]},{"name":"ModelManager","versions":[9,10]},{"name":"ModelSummaryWatcher","versions":[1]},{"name":"ModelUpgrader","versions":[1]},{"name":"Pinger","versions":[1]},{"name":"UserManager","versions":[3]}],"server-version":"0.0.0"}}
`
	loginPlain2024 = `
C-> {"params":{"client-id":"11111111-2222-4333-8444-555555555555","client-secret":"s3cr3t-plain"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}
<-C {"request-id":1,"response":{"public-dns-name":"localhost","controller-tag":"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","user-info":{"display-name":"11111111-2222-4333-8444-555555555555","identity":"user-11111111-2222-4333-8444-555555555555@serviceaccount","controller-access":"","model-access":""},"facades":[{"name":"ApplicationOffers","versions":[4]},{"name":"Cloud","versions":[7]},{"name":"Controller","versions":[11]},{"name":"JIMM","versions":[4]},{"name":"ModelManager","versions":[9]},{"name":"ModelSummaryWatcher","versions":[1]},{"name":"Pinger","versions":[1]},{"name":"UserManager","versions":[3]}],"server-version":"0.0.0"}}
`
	loginPlain2026 = `
C-> {"params":{"client-id":"11111111-2222-4333-8444-555555555555","client-secret":"s3cr3t-plain"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}
<-C {"request-id":1,"response":{"public-dns-name":"localhost","controller-tag":"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","user-info":{"display-name":"11111111-2222-4333-8444-555555555555","identity":"user-11111111-2222-4333-8444-555555555555@serviceaccount","last-connection":"2026-11-22T11:04:44.515042Z","controller-access":"","model-access":""},"facades":[{"name":"ApplicationOffers","versions":[5]},{"name":"Cloud","versions":[7]},{"name":"Controller","versions":[11,12]},{"name":"JIMM","versions":[4]},{"name":"MigrationTarget","versions":[6]},{"name":"ModelConfig","versions":[3]},{"name":"ModelManager","versions":[9,10]},{"name":"ModelSummaryWatcher","versions":[1]},{"name":"ModelUpgrader","versions":[1]},{"name":"Pinger","versions":[1]},{"name":"UserManager","versions":[3]}],"server-version":"0.0.0"}}
`
	// loginModel is the controller's answer through the proxy.
	loginModel = `
C-> {"params":{"client-id":"fca1f605-736e-4d1f-bcd2-aecc726923be","client-secret":"s3cr3t-admin"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}
<-C {"request-id":1,"response":{"controller-tag":"controller-bbbbbbbb-0000-4000-8000-000000000002","facades":[{"name":"Client","versions":[6,7]},{"name":"ModelConfig","versions":[3]},{"name":"Pinger","versions":[1]}],"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","server-version":"3.5.4","user-info":{"controller-access":"superuser","display-name":"fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","identity":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","model-access":"admin"}}}
`
)
