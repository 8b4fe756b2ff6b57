package jimm_test

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

// Find a model, and who last requested its migration.
func Example() {
	locate := func(ctx context.Context, opts jimm.Options, uuid string) error {
		// No secret is sent before a JIMM has answered at the address.
		if _, err := jimm.Info(ctx, opts); err != nil {
			return err
		}
		client, err := jimm.Connect(ctx, opts)
		if err != nil {
			return err
		}
		defer client.Close()
		if !client.Administrator() {
			return fmt.Errorf("cannot go on: %q is not a JIMM administrator", client.Identity())
		}
		at, err := client.ModelControllerInfo(ctx, uuid)
		switch {
		case errors.Is(err, rpc.CodeNotImplemented): // older than January 2026
			fmt.Println("ask DisableControllerUUIDMasking and ListModelSummaries instead")
		case err != nil:
			return err
		default:
			fmt.Println("recorded on", at.ControllerUUID)
		}
		for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel"}) {
			if err != nil {
				return err
			}
			for _, request := range event.Migrations {
				if request.Names(uuid, "alice@example.com/prod") {
					fmt.Println(event.User, "asked to migrate it to", request.TargetController)
					return nil
				}
			}
		}
		return nil
	}
	err := locate(context.Background(), jimm.Options{
		URL:          "ftp://jaas.example.com",
		ClientID:     "1f0c2d34-aa55",
		ClientSecret: jimm.NewSecret("s3cr3t"),
	}, "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10")
	fmt.Println(err)
	// Output:
	// cannot use JIMM address "ftp://jaas.example.com": scheme "ftp" is not supported; use wss, https, ws or http
}

func ExampleReadAnswer() {
	// The answer of a real controller about a model that it has released.
	err := fmt.Errorf("cannot read info of model %q: %w", "9e0a4c8e-…",
		&rpc.Error{Message: "permission denied", Code: rpc.CodeUnauthorized})
	fmt.Println(jimm.ReadAnswer(err) == jimm.AnswerDenied)
	// The answer of JIMM itself about a model that it does not know.
	err = &rpc.Error{Message: "unauthorized", Code: rpc.CodeUnauthorized}
	fmt.Println(jimm.ReadAnswer(err) == jimm.AnswerMasked)
	// Output:
	// true
	// true
}

func ExampleParseAddress() {
	// As the k8s charm of JIMM publishes it behind an ingress.
	addr, err := jimm.ParseAddress("wss://https://jaas.example.com/prod-jimm")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(addr.API())
	fmt.Println(addr.DebugInfo())
	// Output:
	// wss://jaas.example.com/prod-jimm/api
	// https://jaas.example.com/prod-jimm/debug/info
}
