package application

import "context"

// Settle waits until the hooks of all units have ended.
func (a *Application) Settle(ctx context.Context) error { return a.settle(ctx) }
