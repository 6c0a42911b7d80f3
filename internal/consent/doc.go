// Package consent is on what ground somebody reads an enterprise's data, and that the enterprise learns of it. It owns the tables
// consent_*.
//
// A Grant lets a party (a bank) read certain definitions of an enterprise, for one purpose, until a day. It is given and ended by
// those who act for the enterprise; nothing else makes one. What is read under it is a Pack: those definitions, with where each
// value comes from and when it became known, and no more. After its end nothing is read.
//
// A Reading says that personal or confidential data of an enterprise was read by somebody who does not act for it: when, by whom,
// what, on which page. Enter gives the scope of an account with a watch on it, which package fact tells what it hands out; Record
// writes that down before an answer is sent. A page cannot forget it, and an answer that could not be recorded is not sent. Of a
// page or a table over more enterprises than are told apart, one reading says over which areas it went.
//
// In an emergency (BreakGlass) an official sees an enterprise beyond the own rights for a few hours, having said why. The enterprise,
// the auditors of its area and the administrators are told at once. Who reads of very many enterprises in a short time is told of
// alike.
//
// Grants, their ends and emergencies are in the audit log. Readings are not: there are as many of them as pages.
package consent
