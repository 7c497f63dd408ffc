package contract_test

import (
	"net/http"
	"testing"

	"github.com/contract-first/customers/contract"
)

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contract.Load("stancer"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExchange is one create at Stancer, both ways.
func BenchmarkExchange(b *testing.B) {
	s, err := contract.Load("stancer")
	if err != nil {
		b.Fatal(err)
	}
	r, _ := http.NewRequest("POST", "https://api.stancer.com/v1/customers/", nil)
	r.SetBasicAuth("stest_key", "")
	r.Header.Set("Content-Type", "application/json")
	request := []byte(`{"email":"david@example.net","mobile":"+33639980102","name":"David Coaster"}`)
	header := http.Header{"Content-Type": {"application/json"}}
	response := []byte(`{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","email":"david@example.net","mobile":"+33639980102",
		"name":"David Coaster","external_id":null,"created":1538562174,"live_mode":false}`)

	b.ReportAllocs()
	for b.Loop() {
		if vs := s.CheckRequest(r, request); vs != nil {
			b.Fatal(vs)
		}
		if vs := s.CheckResponse(r, http.StatusOK, header, response); vs != nil {
			b.Fatal(vs)
		}
	}
}
