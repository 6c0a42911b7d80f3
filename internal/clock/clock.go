package clock

import (
	"time"

	"github.com/yanzhen/yanzhen/internal/period"
)

// Beijing is the zone of legal dates.
var Beijing = time.FixedZone("CST", 8*60*60)

// Clock tells the present instant.
type Clock func() time.Time

// System is the machine's clock.
func System() Clock { return time.Now }

// From is a clock that reads start now and runs on from there with the machine's clock.
func From(start time.Time) Clock {
	began := time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// Fixed is a clock that stands still.
func Fixed(t time.Time) Clock { return func() time.Time { return t } }

// Today is the legal date in Beijing.
func (c Clock) Today() period.Day {
	y, m, d := c().In(Beijing).Date()
	return period.Date(y, int(m), d)
}

// StartOf is the first instant of a legal date, in milliseconds since 1970 UTC.
func StartOf(d period.Day) int64 {
	y, m, day := d.YMD()
	return time.Date(y, time.Month(m), day, 0, 0, 0, 0, Beijing).UnixMilli()
}

// DayOf is the legal date of an instant in milliseconds since 1970 UTC.
func DayOf(millis int64) period.Day {
	return Fixed(time.UnixMilli(millis)).Today()
}

// Minute is an instant in milliseconds since 1970 UTC as people read it: in Beijing, to the minute.
func Minute(millis int64) string {
	return time.UnixMilli(millis).In(Beijing).Format("2006-01-02 15:04")
}

// Millis is the instant as stored: milliseconds since 1970 UTC.
func (c Clock) Millis() int64 { return c().UnixMilli() }
