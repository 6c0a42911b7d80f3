package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

// visitPhoto is a picture, and visitSHA its hash.
var visitPhoto, visitSHA = func() (string, string) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return b.String(), hex.EncodeToString(sum[:])
}()

// visitEntries is what a device noted of an answer, of a finding and of the picture.
var visitEntries = fmt.Sprintf(`{"entries": [
	{"id": "00000000000000000000000000000001", "topic": "answer:devices_total", "after": [], "body": {"value": "120"}, "device": "0000000000000000000000000000000d", "noted": 1730336400000},
	{"id": "00000000000000000000000000000002", "topic": "photo:%s", "after": [], "body": {"name": "车间.png"}, "device": "0000000000000000000000000000000d", "noted": 1730336401000},
	{"id": "00000000000000000000000000000003", "topic": "finding:000000000000000000000000000000f0", "after": [], "body": {"title": "设备没有联网", "photos": [%q]}, "device": "0000000000000000000000000000000d", "noted": 1730336402000}]}`, visitSHA, visitSHA)

// A program notes on a visit as a phone does: what it sends twice is taken once, what will not do is told by itself, and nothing is handed
// in before the photographs are there and conflicts are settled.
func TestVisitOverTheAPI(t *testing.T) {
	c := newCity(t)
	c.staff()
	made := c.ask("firm", http.MethodPost, "/cases", fmt.Sprintf(`{"workflow": "assessment_sme_digital", "enterprise": %d}`, c.firms[tinghuCode]))
	wants(t, made, 201)
	one := "/cases/" + made.at(t, "id")
	wants(t, c.ask("firm", http.MethodPost, one+"/act", `{"action": "submit", "entry": {"answers": {"devices_total": 100}}}`), 200)
	wants(t, c.ask("tinghu", http.MethodPut, one+"/picks", fmt.Sprintf(`{"accounts": [%d, %d]}`, c.ids["expert1"], c.ids["expert2"])), 204)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/act", `{"action": "appoint"}`), 200)

	for login, status := range map[string]int{"firm": 404, "expert3": 404, "tinghu": 403} {
		wants(t, c.ask(login, http.MethodPost, one+"/visit/entries", visitEntries), status)
	}
	for range 2 {
		wants(t, c.ask("expert1", http.MethodPost, one+"/visit/entries", visitEntries), 200, `"refused":[]`)
	}
	other := strings.Replace(visitEntries[:strings.Index(visitEntries, "},\n")]+"}]}", `"120"`, `"130"`, 1)
	wants(t, c.ask("expert2", http.MethodPost, one+"/visit/entries", other), 200, `"id":"00000000000000000000000000000001"`, "没有覆盖")
	other = strings.Replace(other, "000000000001", "000000000009", 1)
	wants(t, c.ask("expert2", http.MethodPost, one+"/visit/entries", other), 200, `"refused":[]`)
	got := c.get("tinghu", one+"/visit")
	wants(t, got, 200, `"writes":false`, `"awaited":["`+visitSHA+`"]`, `"topic":"answer:devices_total","conflict":true`)
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/hand-in", `{}`), 409)

	chosen := strings.Replace(strings.Replace(other, "000000000009", "00000000000a", 1), `"after": []`, `"after": ["00000000000000000000000000000001", "00000000000000000000000000000009"]`, 1)
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/entries", chosen), 200, `"refused":[]`)
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/hand-in", `{}`), 409) // the photograph is not there
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/photos/"+visitSHA, "nonsense", "Content-Type", octets), 422)
	for range 2 {
		wants(t, c.ask("expert1", http.MethodPost, one+"/visit/photos/"+visitSHA, visitPhoto, "Content-Type", octets), 201, `"sha256":"`+visitSHA+`"`)
	}
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/hand-in", `{"seen": "stale"}`), 409)
	seen := c.get("expert1", one+"/visit").at(t, "digest")
	wants(t, c.ask("expert1", http.MethodPost, one+"/visit/hand-in", fmt.Sprintf(`{"seen": %q}`, seen)), 200, `"action":"rate"`)
	wants(t, c.get("tinghu", one+"/visit"), 200, `"digest":"`+seen+`"`, `"state":"confirm"`, "设备没有联网")
	wants(t, c.get("expert1", one+"/visit"), 404)
}
