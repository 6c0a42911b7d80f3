package credit

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of loans and leases: that a firm asked, what a bank offered, contracts, drawdowns and repayments, and
// corrections of these; of a lease what each of them says besides; lists of banks, and meetings with what was answered and said there.
// Answers in a referral and their reasons are events of the case.
var (
	loggedReferral = &audit.Kind{
		Name:  "credit.referral",
		Parts: []audit.Part{{Name: "referral", Query: `SELECT case_id, firm, bank, product, hash, at, by_account FROM credit_referral WHERE case_id = $1`}},
		All:   `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_referral`,
		Case:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_referral WHERE case_id = $1`,
	}
	loggedOffer = &audit.Kind{
		Name: "credit.offer",
		Parts: []audit.Part{{
			Name:  "offer",
			Query: `SELECT id, case_id, fen, ppm, months, valid_until, conditions, at, by_account FROM credit_offer WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_offer`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_offer WHERE case_id = $1`,
	}
	loggedContract = &audit.Kind{
		Name: "credit.contract",
		Parts: []audit.Part{{
			Name:  "contract",
			Query: `SELECT case_id, bank, number, fen, ppm, signed_on, ends_on, at, by_account FROM credit_contract WHERE case_id = $1`,
		}},
		All:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_contract`,
		Case: `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_contract WHERE case_id = $1`,
	}
	loggedDrawdown = &audit.Kind{
		Name: "credit.drawdown",
		Parts: []audit.Part{{
			Name:  "drawdown",
			Query: `SELECT id, case_id, bank, subject, voucher, fen, ppm, drawn_on, due_on, at, by_account FROM credit_drawdown WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_drawdown`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_drawdown WHERE case_id = $1`,
	}
	loggedRepayment = &audit.Kind{
		Name: "credit.repayment",
		Parts: []audit.Part{{
			Name:  "repayment",
			Query: `SELECT id, drawdown_id, paid_on, fen, interest, at, by_account FROM credit_repayment WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_repayment`,
		Case: `SELECT CAST(r.id AS VARCHAR(100)) AS ref FROM credit_repayment r JOIN credit_drawdown d ON d.id = r.drawdown_id
	WHERE d.case_id = $1`,
	}
	loggedDrawdownRestated = &audit.Kind{
		Name: "credit.drawdown_restated",
		Parts: []audit.Part{{
			Name:  "correction",
			Query: `SELECT id, drawdown_id, fen, ppm, drawn_on, due_on, gone, reason, at, by_account FROM credit_drawdown_restated WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_drawdown_restated`,
		Case: `SELECT CAST(x.id AS VARCHAR(100)) AS ref FROM credit_drawdown_restated x JOIN credit_drawdown d ON d.id = x.drawdown_id
	WHERE d.case_id = $1`,
	}
	loggedRepaymentRestated = &audit.Kind{
		Name: "credit.repayment_restated",
		Parts: []audit.Part{{
			Name:  "correction",
			Query: `SELECT id, repayment_id, paid_on, fen, interest, gone, reason, at, by_account FROM credit_repayment_restated WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_repayment_restated`,
		Case: `SELECT CAST(x.id AS VARCHAR(100)) AS ref FROM credit_repayment_restated x JOIN credit_repayment r ON r.id = x.repayment_id
	JOIN credit_drawdown d ON d.id = r.drawdown_id WHERE d.case_id = $1`,
	}
	loggedRental = &audit.Kind{
		Name: "credit.rental",
		Parts: []audit.Part{{
			Name:  "rental",
			Query: `SELECT of_id, case_id, asset, price, deposit, fee, rents, every, first_due, rent, last_rent FROM credit_rental WHERE of_id = $1`,
		}},
		All:  `SELECT CAST(of_id AS VARCHAR(100)) AS ref FROM credit_rental`,
		Case: `SELECT CAST(of_id AS VARCHAR(100)) AS ref FROM credit_rental WHERE case_id = $1`,
	}
	loggedList = &audit.Kind{
		Name: "credit.list",
		Parts: []audit.Part{
			{Name: "list", Query: `SELECT id, bank, as_of, revision, name, file, size, lines, on_word, at, by_account FROM credit_list WHERE id = $1`},
			{
				Name: "lines",
				Query: `SELECT n, place, uscc, name, firm, contract, voucher, line, fen, drawn_on, ppm, balance FROM credit_list_line WHERE list_id = $1
	ORDER BY n`,
			},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_list`,
	}
	loggedSettlement = &audit.Kind{
		Name: "credit.settlement",
		Parts: []audit.Part{{
			Name: "settlement",
			Query: `SELECT id, list_id, bank, n, loan, difference, how, reason, source, made, at, by_account FROM credit_settlement
	WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_settlement`,
	}
	loggedReconciled = &audit.Kind{
		Name:  "credit.reconciled",
		Parts: []audit.Part{{Name: "reconciled", Query: `SELECT id, list_id, agree, kept, at, by_account FROM credit_reconciled WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_reconciled`,
	}
	loggedMeeting = &audit.Kind{
		Name: "credit.meeting",
		Parts: []audit.Part{
			{Name: "meeting", Query: `SELECT id, area, title, about, at, by_account FROM credit_meeting WHERE id = $1`},
			{Name: "banks", Query: `SELECT n, bank, products FROM credit_meeting_bank WHERE meeting_id = $1 ORDER BY n`},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_meeting`,
	}
	loggedPlan = &audit.Kind{
		Name: "credit.meeting_plan",
		Parts: []audit.Part{{
			Name:  "plan",
			Query: `SELECT id, meeting_id, n, from_at, until_at, place, cancelled, reason, at, by_account FROM credit_meeting_plan WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_meeting_plan`,
	}
	loggedInvited = &audit.Kind{
		Name: "credit.meeting_invited",
		Parts: []audit.Part{{
			Name:  "invited",
			Query: `SELECT meeting_id, firm, area, round, at, by_account FROM credit_meeting_invited WHERE round = $1 ORDER BY firm`,
		}},
		All: `SELECT DISTINCT CAST(round AS VARCHAR(100)) AS ref FROM credit_meeting_invited`,
	}
	loggedAnswer = &audit.Kind{
		Name: "credit.meeting_answer",
		Parts: []audit.Part{{
			Name: "answer",
			Query: `SELECT id, meeting_id, n, firm, bank, comes, people, fen, purpose, product, at, by_account FROM credit_meeting_answer
	WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_meeting_answer`,
	}
	loggedShown = &audit.Kind{
		Name:  "credit.meeting_consent",
		Parts: []audit.Part{{Name: "consent", Query: `SELECT grant_id, meeting_id, firm, bank FROM credit_meeting_consent WHERE grant_id = $1`}},
		All:   `SELECT CAST(grant_id AS VARCHAR(100)) AS ref FROM credit_meeting_consent`,
	}
	loggedCame = &audit.Kind{
		Name:  "credit.meeting_came",
		Parts: []audit.Part{{Name: "came", Query: `SELECT id, meeting_id, firm, came, at, by_account FROM credit_meeting_came WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_meeting_came`,
	}
	loggedTalk = &audit.Kind{
		Name: "credit.meeting_talk",
		Parts: []audit.Part{{
			Name:  "talk",
			Query: `SELECT id, meeting_id, firm, bank, outcome, reason, note, fen, by_bank, at, by_account FROM credit_meeting_talk WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM credit_meeting_talk`,
	}
	loggedMeetingReferral = &audit.Kind{
		Name:  "credit.meeting_referral",
		Parts: []audit.Part{{Name: "referral", Query: `SELECT case_id, meeting_id FROM credit_meeting_referral WHERE case_id = $1`}},
		All:   `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_meeting_referral`,
		Case:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM credit_meeting_referral WHERE case_id = $1`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{
	loggedReferral, loggedOffer, loggedContract, loggedDrawdown, loggedRepayment, loggedDrawdownRestated, loggedRepaymentRestated, loggedRental, loggedList, loggedSettlement,
	loggedReconciled, loggedMeeting, loggedPlan, loggedInvited, loggedAnswer, loggedShown, loggedCame, loggedTalk, loggedMeetingReferral,
}
