package memory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
)

// FuzzCustomer keeps anything: it is refused with the reasons, or it comes back as it was.
func FuzzCustomer(f *testing.F) {
	f.Add("crm-1", "Ama", "Kouassi", "", "ama@example.com", "+2250102030405", "Abidjan", "CI", "", "notes", int64(1_580_481_000_120))
	f.Add("", "", "", "Noor Haddad", "", "", "", "", "Doha, QA", "", int64(0))
	f.Add("..", "Ama", "", "Ama", "x", "+1", "\xff", "ci", "Doha", "", int64(-1))
	f.Fuzz(func(t *testing.T, reference, given, family, full, email, phone, city, country, formatted, notes string, since int64) {
		p := customers.Profile{
			Reference: reference, Name: customers.Name{Given: given, Family: family, Full: full}, Email: email, Phone: phone,
			Address: customers.Address{City: city, Country: country, Formatted: formatted}, Notes: notes,
		}
		if since != 0 {
			p.Since = time.UnixMilli(since)
		}
		client, err := memory.Open(memory.Config{})
		require.NoError(t, err)
		created, err := client.Create(t.Context(), p)
		if err != nil {
			assert.ErrorIs(t, err, customers.ErrInvalid)
			assert.ErrorIs(t, err, customers.ErrNotSent)
			assert.NotEmpty(t, err.(*customers.Error).Violations)
			return
		}
		other := customers.Patch{Notes: customers.To("other")}
		require.NoError(t, client.Update(t.Context(), created.ID, other))
		got, err := client.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, p, created.Profile)
		p.Notes = "other"
		assert.Equal(t, p, got.Profile)
	})
}
