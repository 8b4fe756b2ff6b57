// Package juju is a client of Juju controllers, 2.9 to 4.x: it dials one by
// its addresses, logs in, asks anonymously whether it hosts a model, and has
// one file per facade.
//
//	conn, err := juju.Dial(ctx, juju.Options{Addresses: addrs, CACert: pem})
//	…
//	defer conn.Close()
//	login, err := conn.Login(ctx, juju.Credentials{User: "admin", Password: password})
//	…
//	models, err := conn.ModelManager()
//	info, err := models.ModelInfo(ctx, uuid)
//
// A server is always verified: by the controller's own CA, or by the system's
// roots when it has a public name. [Probe] needs no credentials.
//
// The structs of the wire decode with tolerance, because versions differ in what
// they send: unknown members are ignored, absent and null ones are zero. Some
// of them are JIMM's as well, which serves Juju's ModelManager.
package juju
