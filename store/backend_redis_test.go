//go:build integration

package store_test

import (
	"testing"

	"meetbot/internal/redistest"
)

func init() {
	servers["redis"] = func(t *testing.T) string { return redistest.Start(t, redistest.Options{}).URL() }
}
