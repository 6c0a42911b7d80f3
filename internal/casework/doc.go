// Package casework runs what people do together: declared workflows, cases that follow them, tasks, evidence and clocks.
//
// A workflow is a file in content/workflows: states, and actions (from, who, guard, effects, to). Parse reads one and tells
// every mistake; what it tells beyond form is what would leave people stuck: dead ends, states that nothing leads to,
// states where nobody can act, guards that do not compile, effects that nobody registered. A definition is known by the
// hash of its bytes and kept once; a case pins the hashes of its workflow, forms, policy and rubric, and goes on under
// them whatever is put in force later.
//
// Store.Act is the one interpreter. Within one transaction it locks the case, asks who acts and whether they may (the rule
// table of package access, the workflow's who, what must be done by different people), evaluates the guard over facts,
// answers and the case's own data, and writes the event, tasks, data, facts, frozen evidence and messages; effects that
// capabilities registered write entries through their own packages in the same transaction. An effect that refuses leaves
// nothing. The same key sent again gives the stored event. Capabilities are never imported: they register effects.
//
// Events are only ever added. State, tasks and data follow from them (Replay), and nothing else changes them. A due day is
// never stored: it is computed from the day on which a task began, in working days of the calendar as it is now.
// An action that freezes keeps the values and sources that were read, and the hashes of the case's files; when a source is
// taken back later, what was frozen stays and a task asks whether the decision stands.
//
// Every read takes an access.Scope. Experts and audit firms see what was assigned to them, departments and finance what was
// handed to their role by a task in their area, a bank what was referred to it, an applicant the states that are public.
//
// The package owns the tables whose names begin with case_. It imports no capability, knows no policy, and moves no money.
package casework
