package charm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"jimm-migrator/charm"
)

// toolUse is a use of one hook tool, and its argument list. These lists are a
// contract with Juju: flags that its tools know, JSON asked for, "--" before
// free text, data on stdin.
type toolUse struct {
	do   func(ctx context.Context, u *charm.Unit) error
	want string
}

func toolUses() map[string]toolUse {
	return map[string]toolUse{
		"config": {
			do:   func(ctx context.Context, u *charm.Unit) error { return u.Config(ctx, &struct{}{}) },
			want: `config-get "--format=json"`,
		},
		"leader": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, err := u.Leader(ctx); return err },
			want: `is-leader "--format=json"`,
		},
		"version": {
			do:   func(ctx context.Context, u *charm.Unit) error { return u.SetWorkloadVersion(ctx, "-1.2\n") },
			want: `application-version-set "--" "-1.2"`,
		},
		"secret": {
			do: func(ctx context.Context, u *charm.Unit) error {
				_, err := u.Secret(ctx, secretURI, charm.SecretOptions{})
				return err
			},
			want: `secret-get "--format=json" "` + secretURI + `"`,
		},
		"secret, refreshed": {
			do: func(ctx context.Context, u *charm.Unit) error {
				_, err := u.Secret(ctx, secretURI, charm.SecretOptions{Label: "jimm", Refresh: true})
				return err
			},
			want: `secret-get "--format=json" "--refresh" "--label" "jimm" "` + secretURI + `"`,
		},
		"secret, peeked by label": {
			do: func(ctx context.Context, u *charm.Unit) error {
				_, err := u.Secret(ctx, "", charm.SecretOptions{Label: "jimm", Peek: true})
				return err
			},
			want: `secret-get "--format=json" "--peek" "--label" "jimm"`,
		},
		"state": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, err := u.State(ctx); return err },
			want: `state-get "--format=json"`,
		},
		"set state": {
			do: func(ctx context.Context, u *charm.Unit) error {
				return u.SetState(ctx, map[string]string{"b": " -x\n", "a": ""})
			},
			want: `state-set "--file" "-" <{"a":"","b":" -x\n"}`,
		},
		"status": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, _, err := u.Status(ctx); return err },
			want: `status-get "--format=json" "--include-data"`,
		},
		"relation ids": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, err := u.RelationIDs(ctx, "db"); return err },
			want: `relation-ids "--format=json" "db"`,
		},
		"relation units": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, err := u.RelationUnits(ctx, "db:7"); return err },
			want: `relation-list "--format=json" "-r" "db:7"`,
		},
		"relation app": {
			do:   func(ctx context.Context, u *charm.Unit) error { _, err := u.RelationApp(ctx, "db:7"); return err },
			want: `relation-list "--format=json" "-r" "db:7" "--app"`,
		},
		"data of a unit": {
			do: func(ctx context.Context, u *charm.Unit) error {
				_, err := u.RelationData(ctx, "db:7", "pg/0")
				return err
			},
			want: `relation-get "--format=json" "-r" "db:7" "-" "pg/0"`,
		},
		"data of an application": {
			do: func(ctx context.Context, u *charm.Unit) error {
				_, err := u.RelationData(ctx, "db:7", "pg")
				return err
			},
			want: `relation-get "--format=json" "-r" "db:7" "--app" "-" "pg"`,
		},
		"set the unit's data": {
			do: func(ctx context.Context, u *charm.Unit) error {
				return u.SetRelationData(ctx, "db:7", "vault/0", map[string]string{"k": "v"})
			},
			want: `relation-set "-r" "db:7" "--file" "-" <{"k":"v"}`,
		},
		"set the application's data": {
			do: func(ctx context.Context, u *charm.Unit) error {
				return u.SetRelationData(ctx, "db:7", "vault", map[string]string{"k": ""})
			},
			want: `relation-set "-r" "db:7" "--app" "--file" "-" <{"k":""}`,
		},
	}
}

func TestArgumentsOfEachTool(t *testing.T) {
	for name, test := range toolUses() {
		t.Run(name, func(t *testing.T) {
			f := &tools{}
			inHook(t, f, func(ctx context.Context, h *charm.Hook) error { return test.do(ctx, h.Unit) })
			equal(t, "tools", f.ran(""), []string{test.want})
		})
	}
}

func TestRefusalOfEachToolIsKept(t *testing.T) {
	for name, test := range toolUses() {
		t.Run(name, func(t *testing.T) {
			tool, _, _ := strings.Cut(test.want, " ")
			f := &tools{refuse: map[string]error{tool: refusal(tool, "out of order")}}
			inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
				err := test.do(ctx, h.Unit)
				refused, ok := errors.AsType[*charm.ToolError](err)
				if !ok || refused.Tool != tool || !strings.HasPrefix(err.Error(), "cannot ") {
					t.Errorf("got error %v", err)
				}
				return nil
			})
		})
	}
}
