// Package flag finds what an auditor should look into: facts, applications, cost items and grants that stand together as they
// often do where something is wrong. A flag is a question, with the rows that raise it; it says of nobody that they did wrong.
//
// It owns the kinds of flags (content/flags/flags.yaml) and their finders. It keeps nothing: what is found follows from what is
// known, and the same knowledge gives the same flags in the same order. What an auditor makes of a flag is not kept here.
//
// It promises that nothing is found in, and no row names, what the scope may not see; and that telephones and legal
// representatives, which are personal data, are recorded as read of whom they are shown for.
//
// Two kinds are not looked for, because nothing is known by which they could be found: that an institute or provider is related
// to a firm that it serves (no fact says who owns whom), and that one person acts for several firms under other names.
package flag
