package target

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows: entries of quotas with all that they say, tasks and what became of them, and rankings.
var (
	loggedAct = &audit.Kind{
		Name: "target.quotas",
		Parts: []audit.Part{
			{Name: "act", Query: `SELECT id, plan, target, area, parts, kind, of_act, base, base_on, base_seq, document, note, at, by_account FROM target_act WHERE id = $1`},
			{Name: "quotas", Query: `SELECT n, area, chain, year, value, weight FROM target_quota WHERE act = $1 ORDER BY n`},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM target_act`,
	}
	loggedTask = &audit.Kind{
		Name: "target.task",
		Parts: []audit.Part{{
			Name:  "task",
			Query: `SELECT id, plan, target, kind, keeper, title, what, owner, joint, departments, work_group, due, document, at, by_account FROM target_task WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM target_task`,
	}
	loggedStep = &audit.Kind{
		Name:  "target.step",
		Parts: []audit.Part{{Name: "step", Query: `SELECT id, task, kind, note, due, area, at, by_account FROM target_step WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM target_step`,
	}
	loggedRanking = &audit.Kind{
		Name:  "target.ranking",
		Parts: []audit.Part{{Name: "ranking", Query: `SELECT id, plan, area, ranked, document, note, at, by_account FROM target_ranking WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM target_ranking`,
	}
	// Logged are the kinds of this package.
	Logged = []*audit.Kind{loggedAct, loggedTask, loggedStep, loggedRanking}
)
