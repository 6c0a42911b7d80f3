// Package lab is the policy laboratory (政策仿真): what a policy would come to for the enterprises of a region if it said
// something else. A Scenario (方案) is a policy in force with other answers, other numbers, clauses that end, other areas, a
// budget, or another wording altogether; an Outcome holds it against the law in force, for the same enterprises, as known
// at the same commit, as of the same day.
//
//	Lab.Plan        a scenario as a plan, beside that of the law; PlanFor, for one who may see a part of the region
//	Lab.Run, Begin  an Outcome: cost by clause, year, area, size, trade; who gains and who loses
//	Lab.RunAll      scenarios side by side
//	Lab.Survey      firms that one condition alone keeps from a clause, and what each would gain; firms right below a
//	                threshold (Survey.Cliffs); ceilings that bind nobody
//	Lab.Advice      what such a firm would have to do
//	Lab.Find        the value of a number that a budget allows: exact where the response is proven monotone
//	                (policy.Plan.Response), else a scan of stated points that says so
//	Lab.Preview     who would get what from verified facts alone (免申即享)
//	Lab.Draft       a scenario as a draft package
//	Store           scenarios that are kept
//
// A Scenario is a value: what it comes to follows from it, the law, the facts and the day, and never from what was asked
// before. Money is exact; what is sure and what is possible stand apart (policy.Interval). A Breakdown adds up to its total
// to the fen, and says how much of the total no single row can claim.
//
// How enterprises would behave under another policy is not modelled: Caveat says so wherever a result is shown.
//
// It leaves to others: what a policy means (policy), deciding a region (policy/region), versions and drafts
// (policy/version), how it looks (web, api, cmd).
package lab
