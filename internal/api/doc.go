// Package api is the HTTP API under /api/v1: what pages do, for programs. It asks the rooms below, translates what they say
// and decides nothing. It describes itself as OpenAPI 3.1 (openapi.yaml, which a test holds against the code).
//
// A program comes with a token (package access), never with a cookie: so no form of another site can act here, and there
// is nothing to forge. Its scope is that of its account, narrowed as the token says, read anew for each request. What may
// be asked stands in one table of operations, each with its access.Need; a test walks all of them as every role.
//
// It promises: what goes in is read strictly (an unknown field or parameter is refused, every size has a limit); an error
// is a problem of RFC 9457 in the reader's language that says where, what was expected and how to mend it; a list that is
// read page by page is one picture, as known at one commit, whatever comes in meanwhile; a stream holds one row at a time
// and waits for its reader; a request that creates something and is sent twice with one Idempotency-Key acts once.
//
// It owns the table api_answer, which remembers answers for repeated requests.
package api
