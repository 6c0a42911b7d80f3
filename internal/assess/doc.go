// Package assess says where a factory stands: assessment models (评价模型) in content/rubrics as data, and what they make of
// what is known of an enterprise.
//
// A model is a folder of content/rubrics, a file in it an edition (docs/writing-rubrics.md): a tree of weighted parts whose leaves
// ask facts, counts that gate levels, conditions that must hold, levels. Compile makes a Rubric of a file. Every question becomes
// an expression of package rule, so that there is one engine, three values and one set of facts: what one model asked, the next
// one finds answered.
//
// Decide takes one enterprise and tells all: the score of every part, the level, what is missing. What is not known is not zero;
// score and level are intervals from what is sure to what is possible. Survey takes many enterprises in one pass over columns
// (package rule/column) and gives the same scores and levels; a property test compares the two. Lift looks for the fewest
// answers that would lift the level, and evaluates what it proposes.
//
// Shares are exact fractions. A part that does not apply to an enterprise is trimmed (裁剪), and the weights of its siblings are
// scaled to the whole again. Scores are compared as they are and rounded where they are shown, as the model declares.
//
// A model whose source leaves something open that a score needs says so (lacking): it has its structure and its questions, it
// names what is missing, and it never scores.
//
// The package has no input, no output and no clock: facts come in through rule.Subject, and the same input gives the same bytes.
package assess
