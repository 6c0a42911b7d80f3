// Package credit is banks and loans (智能制造贷): which loans there are, whether a firm could get one, referrals of firms to banks,
// and what became of them.
//
// A product in content/credit/products is a set of clauses of one bank: who may get it, how much, at which rate, for how long,
// what the bank asks for and in how many working days it answers. Fit asks it of a firm by the expressions of policies: met, not
// met with what was compared, or not known because of facts that it names. Figures of a year are those of the year before the day
// of asking, the last one that is over.
//
// Banks are parties of a kind of their own, known by their code in content/credit/banks.yaml. A bank that is invented stands in
// demonstrations alone: an installation with real data offers none of its products.
package credit
