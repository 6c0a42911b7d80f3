package web

import (
	"math"
	"net/http"
	"strconv"
	"testing"
)

// An address that nobody's page gives is answered, and is never our fault.
func TestOddAddresses(t *testing.T) {
	v := newCity(t).as("city")
	for path, want := range map[string]int{
		"/cases?page=" + strconv.Itoa(math.MaxInt): http.StatusOK,
		"/fund?year=99999999999":                   http.StatusOK,
		"/fund?year=x":                             http.StatusOK,
		"/cases?workflow=%00":                      http.StatusUnprocessableEntity,
		"/cases?q=%ff":                             http.StatusUnprocessableEntity,
		"/fund/entries?clause=%00":                 http.StatusUnprocessableEntity,
	} {
		res, _ := v.get(path)
		if res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
