//go:build unlogged

package audit

func init() { unlogged = true }
