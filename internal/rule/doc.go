// Package rule is the reasoning core: it compiles an expression over declared facts, evaluates it for one subject, and
// explains the answer. Expressions are CEL (cel.dev/cel-go) with types of our own, so that adding yuan to a head-count
// does not compile, nothing is a float, and nothing is divided.
//
// # Answers
//
// An expression is Present with a value; None, because it needs something that is known to be nothing; Unknown, because
// of named facts; or Failed, because a result does not fit. The operators keep to one principle: an answer is given
// when it is the same whatever the missing facts turn out to be.
//
//   - Every operand is evaluated. Failed wins over everything, on either side and under && and ||, so that an overflow
//     never hides behind an unknown or behind the first false. The one exception is c ? a : b, where only the branch
//     that is taken counts.
//   - Arithmetic and comparisons: None if an operand is None, else Unknown if one is Unknown.
//   - a && b: false if one is false, else Unknown, else None, else true. a || b: the same with true.
//   - c ? a : b with c Unknown or None: the common value of a and b when both have the same; else Unknown if one of the
//     three is Unknown, else None.
//   - min and max leave out what is None.
//   - known(x) says that a value is stated; none(x) that x is known to be nothing. known is never Unknown: it closes
//     the world, so that a fact that arrives later may turn an answer around. none(x) is Unknown while x is.
//
// # Names
//
// ent.x, project.x, loan.x, lease.x, honour.x are facts by the code of their definition, read in the year of evaluation
// or without time as the definition says; ent.area and ent.industry are the node codes that the enterprise belongs to on
// the day of the event. param.x, setting.x and agg.x are declared by the caller; year and event are the year and the
// day of evaluation, as_of is the day of asking. Declarations.Given adds names whose values come with the context: answer.x of a form.
//
// # Types and operators
//
//	money    + − money; × int → money; × rate or decimal → exact
//	exact    money that is not rounded yet; ± exact or money; × int, rate or decimal
//	rate     + − × rate; × int
//	decimal  six decimals; ± decimal or int; × int
//	int      + − ×
//	day      add_days(d, n), add_months(d, n), add_years(d, n): the 31st becomes the last day of a shorter month
//	         days(a, b): from a to b, b itself not counted; span_days(a, b): both counted
//	         year(d), month(d)
//	text     codes and words: ==, != and in [...]
//	bool     && || ! ?:
//
// All but bool and text are ordered and have min and max; money and exact, decimal and int mix. Literals: money("500万元"),
// rate("1.2%"), day("2022-01-28"), decimal("0.85"), 12, "code", true. in_area(ent.area, "320900", …) and
// in_industry(ent.industry, "C", "34-38", …) follow the trees of content, a range counting divisions, groups or classes.
//
// docs/expressions.md says the same to those who write policies.
//
// The package has no I/O and no clock. An Expr never changes and may be used by many goroutines.
package rule
