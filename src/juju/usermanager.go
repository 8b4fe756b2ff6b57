package juju

import (
	"context"
	"fmt"

	"jimm-migrator/src/rpc"
)

// LocalUser is a user of one controller.
type LocalUser struct {
	Name     string `json:"username"`
	Disabled bool   `json:"disabled"`
}

// UserManager calls the facade UserManager of a Juju controller, version 3 (2.9
// to 4.x).
type UserManager struct{ caller rpc.Caller }

// NewUserManager returns a client of the facade.
func NewUserManager(caller rpc.Caller) *UserManager { return &UserManager{caller} }

// Users lists the local users, including disabled ones. Users who are not
// superusers see only themselves.
func (u *UserManager) Users(ctx context.Context) ([]LocalUser, error) {
	params := struct {
		Entities []entity `json:"entities"`
		Disabled bool     `json:"include-disabled"`
	}{Entities: []entity{}, Disabled: true}
	var reply struct {
		Results []struct {
			Result *LocalUser `json:"result"`
			Error  *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err := u.caller.Call(ctx, rpc.Request{Facade: "UserManager", Version: 3, Method: "UserInfo"}, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot list users: %w", err)
	}
	users := make([]LocalUser, 0, len(reply.Results))
	for _, item := range reply.Results {
		switch {
		case item.Error != nil:
			return nil, fmt.Errorf("cannot list users: %w", item.Error)
		case item.Result != nil:
			users = append(users, *item.Result)
		}
	}
	return users, nil
}

// UserManager returns a client of the facade. It needs a login.
func (c *Conn) UserManager() (*UserManager, error) {
	if _, err := c.login.Facades.choose("UserManager", 3); err != nil {
		return nil, err
	}
	return NewUserManager(c), nil
}
