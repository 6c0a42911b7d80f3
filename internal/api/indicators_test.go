package api

import (
	"fmt"
	"testing"
)

// Figures for programs: what an indicator means, what it comes to, by what, and who stands behind it, within the asker's areas.
func TestFigures(t *testing.T) {
	c := newCity(t)
	wants(t, c.get("", "/indicators"), 200, `"indicator":"completed_share"`, `"measure":"share"`)
	wants(t, c.get("", "/indicators/completed_share"), 200, `"option":"accepted"`, `"ent.digital_done"`, `"over_space":"ratio"`)
	wants(t, c.get("", "/indicators/nothing"), 404)
	wants(t, c.get("city", "/figures?area=320900&period=2023"), 200, `"indicator":"above_scale_firms"`, `"value":"3"`, `"year_before"`)
	wants(t, c.get("tinghu", "/figures?period=2023"), 200, `"area":"320902"`, `"value":"1"`)
	wants(t, c.get("tinghu", "/figures?area=320900"), 404)
	wants(t, c.get("city", "/figures?period=never"), 422, `"parameter":"period"`)
	wants(t, c.get("city", "/figures?choices=completion=nothing"), 422, `"parameter":"choices"`)
	wants(t, c.get("city", "/indicators/above_scale_firms/table?rows=area&period=2023"), 200, `"code":"320902"`, `"cells"`)
	wants(t, c.get("city", "/indicators/above_scale_firms/table?rows=nothing"), 422, `"parameter":"rows"`)
	wants(t, c.get("city", "/indicators/above_scale_firms/rows?period=2023&only=trade:34"), 200, `"total":1`, tinghuCode)
	wants(t, c.get("city", fmt.Sprintf("/indicators/completed_share/rows/%d?period=2023", c.firms[tinghuCode])), 200, `"state":"open"`, `"def":"ent.digital_done"`)
	wants(t, c.get("tinghu", fmt.Sprintf("/indicators/completed_share/rows/%d", c.firms[dafengCode])), 404)
	wants(t, c.get("", "/indicators/above_scale_firms/public?year=2023"), 200, `"suppressed":true`, `"least":5`)
	wants(t, c.get("firm", "/figures"), 403)
}
