// Package credit is banks and loans (智能制造贷), lessors and leases (融资租赁): which there are, whether a firm could get one, referrals of
// firms to banks and lessors, and what became of them. What is said of banks and loans below holds for lessors and leases (Kind): a delivery
// of equipment is to a lease what a drawdown is to a loan, and a rent what a repayment is. A lease says more besides (Rental), and its clauses
// may go by the Equipment that a firm names. Loans and leases are never added up.
//
// A product in content/credit/products is a set of clauses of one bank: who may get it, how much, at which rate, for how long,
// what the bank asks for and in how many working days it answers. Fit asks it of a firm by the expressions of policies: met, not
// met with what was compared, or not known because of facts that it names. Figures of a year are those of the year before the day
// of asking, the last one that is over; whether the firm stands on a list is asked of the year of asking.
//
// A referral is a case of the workflow loan_referral or lease_referral. The bank sees it once the firm has sent its application and consented (package
// consent) that the bank reads the facts that the product goes by, and a few that say who it is. The bank answers in its working days;
// a refusal has a reason that the firm reads, and ends the consent, as does every other end. Offer, contract, drawdowns and repayments
// are entered by the bank. A drawdown and what is repaid of it become facts of the firm's loan on the word of the bank, which policies
// on interest subsidies read. Drawdowns go beyond the line with what is not repaid on no day, repayments never beyond what was drawn.
// What was entered wrongly is corrected or taken back with a reason; the facts are stated anew, and who approved something by the
// old ones is asked to look again.
//
// Overview adds up what banks lend to the firms that a scope may see: lines by the contracts of referrals, all else by facts, so that
// loans that came in a sheet count as those that a bank entered here. What drawdowns tell of a loan that a sheet tells too counts once, for
// whoever reads facts (pairing).
//
// A bank's List of its loans at the end of a month is laid beside our records line by line (Reconciliation), as they stand when somebody
// looks. What differs is settled: the bank's word becomes facts with the list as their source, and corrects what the bank entered; or ours
// is kept for a reason. A later list of the month is a further revision; nothing of the earlier one is lost.
//
// A Meeting of banks and firms (银企对接会) is planned by an office, which invites firms and names the products that banks bring. Whoever is
// asked answers; a bank sees who a firm is and what it seeks under the firm's consent alone. What talks came to is written, and a
// referral that began there remembers the meeting, so that its Outcomes are worked out as of any day and never entered.
//
// The package owns the tables whose names begin with credit_. Its rows are only ever added. Reads take an access.Scope.
//
// Banks are parties of a kind of their own, known by their code in content/credit/banks.yaml. A bank that is invented stands in
// demonstrations alone: an installation with real data offers none of its products.
package credit
