// Package access decides who may see and do what. It owns accounts, their grants, second factors, sessions, tokens, one-time
// codes, the counting of failed sign-ins, and the events that tell what was done to an account, by whom and why.
//
// The rules are one table (rules in scope.go): a role, an action, and the condition under which the role may do it.
// A Scope is that table applied to one account. It is rendered twice, as a check of one object (Scope.Sees) and as a
// condition in SQL (Scope.Where); a property test holds the two together. The zero Scope denies everything. What lies in no
// area of theirs and is nobody's property, experts and audit firms see because it was assigned to them, and departments
// because it was handed to their role in their area: who keeps such objects says so (Scope.SeesObject, Scope.WhereObject).
//
// A grant names an area by its code. What lies below it is the area tree's business, which stands above this package:
// package party expands the grants of an account into a Scope, which is then handed down to every read.
//
// An account is opened by a password, which its owner sets with a one-time code: printed in a letter, handed over by
// whoever checked the identity, kept as a hash. Nobody sets another's password in a page, and nothing goes by mail.
//
// An account may have a second factor, and must where its role is one of those that are named: then a password leads only halfway, and a
// code of its owner's app the rest (Halfway, Complete).
//
// A session holds a ticket, nothing else. The account behind it is read for each request, so that what an
// administrator takes away is gone at once. A token is for a program that acts for an account: it keeps some of the
// account's actions and, if its owner says so, one area of the account's (Scope.Narrow), until it expires.
package access
