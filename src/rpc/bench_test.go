package rpc_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/rpc"
)

func BenchmarkCall(b *testing.B) {
	conn := connect(b, rpc.DialOptions{}, echo)
	params := map[string]any{"entities": []map[string]string{{"tag": "model-6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001"}}}
	b.ReportAllocs()
	for b.Loop() {
		if err := conn.Call(b.Context(), modelInfo, params, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConcurrentCalls(b *testing.B) {
	conn := connect(b, rpc.DialOptions{}, echo)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := conn.Call(b.Context(), modelInfo, nil, nil); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkBigAnswer receives the summaries of 10,000 models, which is what
// locating in a large JAAS does once.
func BenchmarkBigAnswer(b *testing.B) {
	const model = `{"result":{"name":"prod","uuid":"6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001","type":"iaas",` +
		`"controller-uuid":"a1a1a1a1-0000-4000-8000-0000000000a1","is-controller":false,"cloud-tag":"cloud-dummy",` +
		`"cloud-region":"dummy-region","owner-tag":"user-alice@canonical.com","life":"alive",` +
		`"status":{"status":"available","info":"","since":"2026-11-22T11:45:12.596155346Z"},"user-access":"admin",` +
		`"last-connection":null,"counts":[{"entity":"machines","count":3}],"agent-version":"3.6.14"}}`
	answer := `{"results":[` + strings.Repeat(model+",", 9999) + model + `]}`
	conn := connect(b, rpc.DialOptions{}, func(s *server) {
		for r := s.next(); r != nil; r = s.next() {
			s.answer(r, answer)
		}
	})
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		var reply struct {
			Results []struct {
				Result struct {
					Name, UUID, Life string
				}
				Error *rpc.Error
			}
		}
		if err := conn.Call(b.Context(), modelInfo, nil, &reply); err != nil {
			b.Fatal(err)
		}
	}
}
