package jaas_test

import (
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
)

// The longer JIMM does not answer, the longer the pause between two attempts to connect. Once it
// has answered for a while, the first pause after the next loss is short again.
func TestThePauseToReconnectStartsSmallAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", twoControllers)
		defer w.Close()
		opened, err := jaas.Connect(t.Context(), w.settings)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		reconnects := func(away time.Duration) time.Duration {
			t.Helper()
			if err := w.Stop("jimm"); err != nil {
				t.Fatal(err)
			}
			for range int(away.Seconds()) {
				_, _ = opened.Client(t.Context())
				virtually(1)
			}
			if err := w.Resume(t.Context(), "jimm"); err != nil {
				t.Fatal(err)
			}
			for began := time.Now(); ; virtually(1) {
				if _, err := opened.Client(t.Context()); err == nil || time.Since(began) > time.Hour {
					return time.Since(began)
				}
			}
		}
		if long := reconnects(10 * time.Minute); long > 45*time.Second {
			t.Errorf("connected %v after ten minutes without JIMM", long)
		}
		virtually(120)
		if short := reconnects(2 * time.Second); short > 4*time.Second {
			t.Errorf("connected %v after two seconds without JIMM", short)
		}
	})
}
