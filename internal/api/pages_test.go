package api

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// page is what stands for a page or a form here: the operations by which a program does the same, or why there is none.
type page struct {
	by  []string
	why string
}

func by(operations ...string) page { return page{by: operations} }

func because(why string) page { return page{why: why} }

// pages is every address of package web by its pattern, and what a program asks instead.
var pages = map[string]page{
	"GET /{$}":           because("leads to the first page of whoever comes"),
	"GET /sign-in":       because("a person signs in by a session, a program comes with a token"),
	"POST /sign-in":      because("a person signs in by a session, a program comes with a token"),
	"POST /sign-in/code": because("a person signs in by a session, a program comes with a token"),
	"POST /sign-out":     because("a person signs in by a session; a token is taken back by end_token"),
	"GET /activate":      because("a person sets the password that nobody else is to know"),
	"POST /activate":     because("a person sets the password that nobody else is to know"),
	"POST /language":     because("a program says Accept-Language"),

	"GET /calculator":                   by("calculate", "get_policy", "list_policies"),
	"GET /calculator/receipt":           by("get_calculation_receipt"),
	"GET /policies":                     by("list_policies"),
	"GET /policies/{policy}":            by("get_policy", "list_versions"),
	"GET /policies/{policy}/benefits":   by("get_region"),
	"POST /policies/{policy}/draft":     by("draft_policy"),
	"GET /versions":                     by("list_drafts"),
	"POST /versions":                    by("draft_version"),
	"POST /versions/blank":              by("draft_version"), // a form for who has no file yet
	"GET /versions/{id}":                by("get_version", "compare_version"),
	"GET /versions/{id}/package":        by("get_package"),
	"GET /versions/{id}/effect":         by("get_effect"),
	"GET /versions/{id}/edit":           by("get_package"),
	"POST /versions/{id}/edit":          by("edit_version"),
	"POST /versions/{id}/text":          by("edit_version"),
	"POST /versions/{id}/file":          by("edit_version"),
	"POST /versions/{id}/propose":       by("propose_version"),
	"POST /versions/{id}/drop":          by("drop_version"),
	"POST /versions/{id}/approve":       by("approve_version"),
	"POST /versions/{id}/reject":        by("reject_version"),
	"POST /versions/{id}/end":           by("end_version"),
	"GET /region":                       by("get_region", "get_region_map"),
	"GET /region/firms":                 by("list_payees"),
	"GET /region/export":                by("export_decisions"),
	"GET /today":                        by("list_disputes", "list_reports", "list_imports", "list_drafts", "preview_enrolment", "list_sources", "list_policies"),
	"GET /today/region":                 by("get_region", "list_payees"),
	"GET /mine":                         by("get_decision", "get_timeline", "list_disputes", "list_reports", "list_policies"),
	"GET /mine/accounts":                because("leads an enterprise to its accounts, which list_firm_accounts tells"),
	"GET /enterprises":                  by("list_enterprises"),
	"GET /enterprises/export":           by("export_enterprises", "export_facts"),
	"GET /enterprises/{id}":             by("get_enterprise", "get_decision", "list_titles", "get_title"),
	"GET /enterprises/{id}/receipt":     by("get_receipt"),
	"GET /search":                       by("search_enterprises", "list_enterprises"),
	"GET /search/suggest":               by("search_enterprises"),
	"GET /enterprises/{id}/merge":       by("list_alike", "compare_enterprises", "search_enterprises"),
	"POST /enterprises/{id}/merge":      by("merge_enterprise"),
	"POST /enterprises/{id}/unmerge":    by("unmerge_enterprise"),
	"GET /reports":                      by("list_reports"),
	"GET /reports/export":               by("export_reports"),
	"GET /find":                         by("list_log", "search_enterprises", "list_policies", "get_policy"),
	"GET /find/export":                  by("export_log", "export_enterprises"),
	"GET /sources/{id}":                 by("get_source", "list_stated"),
	"GET /log":                          by("list_log"),
	"GET /log/export":                   by("export_log"),
	"GET /flags":                        by("list_flags"),
	"GET /targets":                      by("list_target_plans", "list_targets"),
	"GET /targets/export":               by("list_targets"),
	"POST /targets/ranking":             by("set_target_ranking"),
	"GET /targets/{plan}/{id}":          by("get_target"),
	"GET /targets/{plan}/{id}/quotas":   by("get_target"),
	"POST /targets/{plan}/{id}/quotas":  by("enter_quotas"),
	"POST /targets/{plan}/{id}/sheet":   by("enter_quotas"),
	"POST /targets/{plan}/{id}/propose": by("propose_quotas"),
	"POST /targets/{plan}/{id}/confirm": by("confirm_quotas"),
	"POST /targets/{plan}/{id}/drop":    by("drop_quotas"),
	"GET /targets/coverage":             by("get_coverage_ledger"),
	"GET /targets/coverage/export":      by("get_coverage_ledger"),
	"GET /targets/choice":               by("get_choices"),
	"POST /targets/choice":              by("switch_choice"),
	"GET /targets/tasks":                by("list_target_tasks"),
	"GET /targets/tasks/export":         by("list_target_tasks"),
	"POST /targets/tasks":               by("add_target_task"),
	"GET /targets/tasks/{id}":           by("get_target_task"),
	"POST /targets/tasks/{id}":          by("report_target_task"),
	"GET /bulletins":                    by("list_duties", "list_bulletins"),
	"GET /bulletins/export":             by("list_duties"),
	"POST /bulletins":                   by("begin_bulletin"),
	"GET /bulletins/{id}":               by("get_bulletin"),
	"GET /bulletins/{id}/export":        by("get_bulletin"),
	"GET /bulletins/{id}/pdf":           because("a printed page of what get_bulletin tells"),
	"GET /bulletins/{id}/docx":          because("a printed page of what get_bulletin tells"),
	"GET /bulletins/{id}/again":         by("recompute_bulletin"),
	"POST /bulletins/{id}/words":        by("say_bulletin"),
	"POST /bulletins/{id}/submit":       by("step_bulletin"),
	"POST /bulletins/{id}/return":       by("step_bulletin"),
	"POST /bulletins/{id}/sign":         by("step_bulletin"),
	"POST /bulletins/{id}/revise":       by("step_bulletin"),
	"GET /site-meetings":                by("list_site_meetings"),
	"POST /site-meetings":               by("hold_site_meeting"),
	"GET /site-meetings/{id}":           by("list_site_meetings"),
	"POST /site-meetings/{id}/minutes":  by("write_minutes"),
	"POST /site-meetings/{id}/tasks":    by("give_site_task"),
	"POST /site-meetings/{id}/done":     by("do_site_task"),
	"GET /warnings":                     by("list_warnings"),
	"POST /warnings/{id}/close":         by("close_warning"),
	"GET /flags/export":                 by("list_flags"),
	"GET /register":                     by("get_register", "list_definitions"),
	"GET /register/export":              by("get_register", "list_definitions"),
	"GET /system":                       by("get_system", "list_drafts", "list_accounts"),
	"GET /account":                      by("me"),
	"POST /account/password":            because("a person sets the password that nobody else is to know: a token that could change it would be worth as much"),
	"GET /account/tokens":               by("list_tokens"),
	"POST /account/tokens":              because("a token makes no tokens: what it may do ends with it"),
	"POST /account/tokens/{id}/end":     by("end_token"),
	"GET /accounts":                     by("list_accounts"),
	"POST /accounts":                    by("create_account"),
	"POST /accounts/{id}/disable":       by("disable_account"),
	"POST /accounts/{id}/enable":        by("enable_account"),
	"POST /accounts/{id}/reset":         by("reset_account"),
	"GET /messages":                     by("list_messages"),
	"GET /messages/{id}":                by("get_message", "read_messages"),
	"POST /messages/read":               by("read_messages"),
	"POST /messages/{id}/unread":        by("unread_message"),
	"GET /outbox":                       by("list_outbox"),
	"POST /outbox/{id}/retry":           by("retry_delivery"),

	"GET /enterprises/{id}/readings":                by("list_readings", "list_consents"),
	"POST /enterprises/{id}/consents/{consent}/end": by("end_consent"),
	"GET /emergency":                                because("a form for break_glass"),
	"POST /emergency":                               by("break_glass"),

	"GET /retention":                  because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /retention":                 because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"GET /deletions/{id}":             because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"GET /deletions/{id}/certificate": because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /deletions/{id}/approve":    because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /deletions/{id}/refuse":     because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /holds":                     because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /holds/{id}/end":            because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /deletion-requests/{id}":    because("two persons decide on a deletion, whom no program stands for; what is due is counted by yanzhen retention due"),
	"POST /enterprises/{id}/erasure":  because("a person asks for it, whose data it is"),

	"GET /account/factor":           because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/factor":          because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/factor/take":     because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/factor/spares":   because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/factor/drop":     because("a second factor and a session are a person's: a program comes with a token"),
	"GET /account/sessions":         because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/sessions/end":    because("a second factor and a session are a person's: a program comes with a token"),
	"POST /account/sessions/others": because("a second factor and a session are a person's: a program comes with a token"),
	"POST /accounts/{id}/factor":    because("an administrator decides on persons' sessions and factors at the keyboard: a token that could would be worth as much"),
	"POST /accounts/{id}/sessions":  because("an administrator decides on persons' sessions and factors at the keyboard: a token that could would be worth as much"),
	"GET /system/sign-in":           because("an administrator decides on persons' sessions and factors at the keyboard: a token that could would be worth as much"),
	"POST /system/sign-in":          because("an administrator decides on persons' sessions and factors at the keyboard: a token that could would be worth as much"),
	"POST /system/sessions":         because("an administrator decides on persons' sessions and factors at the keyboard: a token that could would be worth as much"),

	"POST /flags/open":         by("open_flag"),
	"POST /rounds/{id}/rename": by("rename_round"),

	"GET /account/messages":                    because("a person says how messages come to it; a program asks for them"),
	"POST /account/messages":                   because("a person says how messages come to it; a program asks for them"),
	"POST /account/messages/{channel}/ask":     because("an address is a person's, who alone gets the code"),
	"POST /account/messages/{channel}/confirm": because("an address is a person's, who alone gets the code"),
	"POST /account/messages/{channel}/forget":  because("an address is a person's"),

	"GET /cases":                                 by("list_cases", "get_inbox"),
	"GET /cases/export":                          by("list_cases"),
	"GET /cases/{id}":                            by("get_case", "get_application", "get_payee", "list_instalments"),
	"POST /cases/{id}/act":                       by("act_case"),
	"GET /cases/{id}/act/{action}":               by("get_case", "get_action_form"),
	"POST /cases/{id}/act/{action}":              by("act_case"),
	"POST /cases/{id}/act/{action}/draft":        because("keeps what a person has half filled in; a program sends all of it with act_case"),
	"GET /cases/{id}/act/{action}/lines/{field}": because("a sheet for people who fill rows in; a program sends rows with act_case"),
	"POST /cases/{id}/files":                     by("attach_case_file"),
	"GET /cases/{id}/files/{file}":               by("get_case_file"),
	"GET /cases/{id}/dossier":                    by("get_case_dossier"),
	"GET /proof":                                 by("get_checkpoint", "prove_since"),
	"GET /proof/checkpoint":                      by("get_checkpoint"),
	"POST /cases/{id}/files/{file}/drop":         by("drop_case_file"),
	"POST /cases/{id}/comments":                  by("comment_case"),
	"GET /visits":                                by("get_inbox", "list_cases"),
	"GET /visits/sw.js":                          because("the script that answers for a page while there is no network; a program keeps what it likes"),
	"GET /visits/{case}":                         by("get_visit", "get_action_form"),
	"POST /visits/{case}":                        by("add_visit_entries", "add_visit_photo"),
	"POST /visits/{case}/entries":                by("add_visit_entries"),
	"POST /visits/{case}/photos/{photo}":         by("add_visit_photo"),
	"POST /visits/{case}/hand-in":                by("hand_in_visit"),
	"POST /cases/{id}/tasks/{task}/settle":       by("settle_case_task"),
	"GET /workflows":                             by("list_workflows"),
	"GET /workflows/{workflow}":                  by("get_workflow"),
	"GET /forms":                                 by("list_forms"),
	"GET /forms/{form}":                          by("get_form"),
	"GET /forms/{form}/schema":                   by("get_form"),
	"GET /forms/{form}/lines/{field}":            because("a sheet for people who fill rows in; a program sends rows with act_case"),
	"POST /forms/{form}":                         because("looks at what a person has filled in before there is a case; what a program sends is looked at by act_case"),
	"POST /forms/{form}/draft":                   because("keeps what a person has half filled in; a program sends all of it with act_case"),
	"POST /forms/{form}/drop":                    because("drops what a person has half filled in; a program sends all of it with act_case"),
	"GET /fund":                                  by("get_fund"),
	"GET /fund/export":                           by("get_fund"),
	"GET /fund/entries":                          by("list_entries"),
	"POST /fund/budget":                          by("appropriate"),
	"GET /calls":                                 by("list_calls"),
	"GET /calls/{id}":                            by("get_call", "list_offers"),
	"GET /calls/new":                             by("preview_call", "list_policies", "get_fund"),
	"POST /calls/new":                            by("preview_call", "draft_call"),
	"GET /calls/{id}/edit":                       by("get_call", "preview_call"),
	"POST /calls/{id}/edit":                      by("preview_call", "revise_call"),
	"POST /calls/{id}/apply":                     by("open_application"),
	"POST /cases/{id}/costs":                     by("put_costs"),
	"POST /cases/{id}/rulings":                   by("put_rulings"),
	"POST /cases/{id}/payee":                     by("put_payee"),
	"GET /fund/carry":                            by("list_unpaid"),
	"POST /fund/carry":                           by("carry_over"),
	"GET /fund/check":                            because("an administrator runs yanzhen ledger check; a program adds up what list_entries gives"),
	"POST /fund/check":                           because("an administrator runs yanzhen ledger check"),
	"GET /fund/payments":                         by("list_payables", "list_payments"),
	"POST /fund/payments":                        by("draft_payments"),
	"GET /fund/payments/{id}":                    by("get_payments"),
	"POST /fund/payments/{id}/send":              by("send_payments"),
	"POST /fund/payments/{id}/cancel":            by("cancel_payments"),
	"POST /fund/payments/{id}/file":              by("take_payment_file"),
	"GET /fund/payments/{id}/files/{file}":       by("get_payment_file"),
	"POST /fund/payments/{id}/result":            by("read_results"),
	"GET /fund/payments/{id}/result":             by("read_results"),
	"POST /fund/payments/{id}/settle":            by("settle_payments"),
	"GET /releases":                              by("list_releases"),
	"GET /releases/{id}":                         by("get_release"),
	"GET /open-data":                             by("list_release_kinds"),
	"GET /open-data/{kind}":                      by("list_releases", "get_release"),
	"GET /notices":                               by("list_notices"),
	"GET /notices/{id}":                          by("get_notice"),
	"POST /notices/{id}/object":                  by("object"),
	"POST /objections/{id}":                      by("answer_objection"),
	"POST /calls/{id}/batch":                     by("open_batch", "act_case"),
	"GET /reviews":                               by("list_reviews"),
	"GET /reviews/list":                          by("get_review_sheet"),
	"POST /reviews":                              by("give_opinions"),
	"POST /reviews/sheet":                        by("read_opinions"),
	"GET /fund/openings":                         by("list_openings"),
	"GET /fund/openings/template":                by("get_opening_template"),
	"POST /fund/openings":                        by("read_openings"),
	"GET /fund/openings/read":                    by("read_openings"),
	"POST /fund/openings/enter":                  by("enter_openings"),
	"POST /fund/openings/{id}/undo":              by("undo_openings"),
	"GET /cases/new":                             because("a list of what a person may begin; a program knows its workflows by list_workflows"),
	"POST /cases/new":                            by("open_case"),
	"POST /cases/{id}/picks":                     by("list_candidates", "put_picks"),
	"POST /cases/{id}/draw":                      by("draw_experts", "list_draws"),
	"GET /cases/{id}/score":                      because("a score sheet is filled in by an expert in person"),
	"POST /cases/{id}/score":                     because("a score sheet is filled in by an expert in person"),
	"POST /cases/{id}/score/draft":               because("a score sheet is filled in by an expert in person"),
	"GET /rounds":                                by("list_rounds"),
	"GET /rounds/new":                            by("preview_round"),
	"POST /rounds":                               by("list_round"),
	"GET /rounds/{id}":                           by("get_round", "list_round_lines"),
	"GET /rounds/{id}/export":                    by("list_round_lines"),
	"POST /rounds/{id}/lines/{n}/drop":           by("drop_round_line"),
	"POST /rounds/{id}/lines/{n}/restore":        by("restore_round_line"),
	"POST /rounds/{id}/give-up":                  by("give_up_round"),
	"POST /rounds/{id}/publish":                  by("publish_round"),
	"POST /rounds/{id}/open":                     by("ask_round"),
	"POST /rounds/{id}/doubt":                    by("doubt_round"),
	"POST /rounds/{id}/settle":                   by("settle_round"),
	"POST /cases/{id}/confirm":                   by("put_payee", "act_case"),

	"GET /selections":                                           by("list_selections", "list_cases"),
	"POST /selections":                                          by("open_case"),
	"GET /selections/{id}":                                      by("get_selection", "list_selection_results", "list_nominations", "list_selection_seats", "get_selection_draw", "check_nomination"),
	"GET /selections/{id}/export":                               by("list_selection_results"),
	"POST /selections/{id}/nominate":                            by("nominate"),
	"GET /judging":                                              by("list_judging"),
	"POST /judging/interests":                                   by("declare_interest", "list_interests"),
	"GET /judging/{id}/{number}":                                by("get_judging"),
	"POST /judging/{id}/{number}":                               by("put_judging"),
	"POST /judging/{id}/{number}/recuse":                        by("recuse"),
	"GET /diagnoses":                                            by("list_diagnoses", "get_diagnosis_figures", "list_institutes"),
	"GET /diagnoses/export":                                     by("list_diagnoses"),
	"GET /diagnoses/{id}":                                       by("get_diagnosis", "get_case"),
	"POST /diagnoses/{id}/institute":                            by("choose_institute"),
	"GET /diagnoses/{id}/report":                                by("get_diagnosis"),
	"POST /diagnoses/{id}/report":                               by("save_diagnosis_report"),
	"GET /diagnoses/{id}/report.pdf":                            because("a printed page: get_diagnosis has what stands on it"),
	"GET /diagnoses/{id}/report.docx":                           because("a printed page: get_diagnosis has what stands on it"),
	"POST /diagnoses/{id}/answers":                              by("answer_advice"),
	"POST /diagnoses/{id}/filings":                              by("file_advice"),
	"GET /lots":                                                 by("list_lots"),
	"POST /lots":                                                by("add_lot"),
	"GET /lots/{id}":                                            by("get_lot"),
	"POST /lots/{id}/close":                                     by("close_lot"),
	"POST /lots/{id}/open":                                      by("open_diagnoses"),
	"GET /institutes":                                           by("list_institutes"),
	"POST /institutes":                                          by("add_institute"),
	"POST /institutes/{id}/terms":                               by("set_institute_terms"),
	"POST /institutes/{id}/conflicts":                           by("declare_conflict"),
	"POST /institutes/{id}/account":                             by("set_institute_account"),
	"GET /advisers":                                             by("list_advice"),
	"POST /advisers":                                            by("note_advice"),
	"GET /experts":                                              by("list_experts", "list_interests"),
	"POST /experts":                                             by("enter_expert"),
	"POST /experts/{id}/remove":                                 by("remove_expert"),
	"POST /experts/{id}/settle":                                 by("settle_removal"),
	"GET /products":                                             by("list_products"),
	"GET /products/{product}":                                   by("get_product", "get_fit"),
	"POST /products/{product}/ask":                              by("ask_bank"),
	"GET /cases/{id}/pack":                                      by("get_pack"),
	"GET /credit":                                               by("get_credit"),
	"GET /credit/export":                                        by("get_credit"),
	"GET /credit/lists":                                         by("list_loan_lists"),
	"POST /credit/lists":                                        by("send_loan_list"),
	"GET /credit/lists/{id}":                                    by("get_loan_list"),
	"GET /credit/lists/{id}/export":                             by("get_loan_list"),
	"GET /credit/lists/{id}/file":                               by("get_loan_list_file"),
	"POST /credit/lists/{id}/settle":                            by("settle_loan_list"),
	"POST /credit/lists/{id}/close":                             by("close_loan_list"),
	"GET /credit/meetings":                                      by("list_meetings"),
	"GET /credit/meetings/new":                                  by("plan_meeting"),
	"POST /credit/meetings":                                     by("plan_meeting"),
	"GET /credit/meetings/{id}":                                 by("get_meeting"),
	"GET /credit/meetings/{id}/export":                          by("get_meeting"),
	"POST /credit/meetings/{id}/invite":                         by("invite_to_meeting"),
	"POST /credit/meetings/{id}/move":                           by("move_meeting"),
	"POST /credit/meetings/{id}/cancel":                         by("cancel_meeting"),
	"POST /credit/meetings/{id}/came":                           by("note_attendance"),
	"POST /credit/meetings/{id}/answer":                         by("answer_meeting"),
	"POST /credit/meetings/{id}/talk":                           by("write_talk"),
	"GET /assess":                                               by("list_models"),
	"GET /assess/{model}/{edition}":                             by("get_model"),
	"GET /assess/{model}/{edition}/firms/{id}":                  by("get_model_result"),
	"GET /assess/{model}/{edition}/firms/{id}/results/{result}": because("a sealed result with what was looked at on the spot is read beside the case it was sealed in; a program has the case by get_case and where the firm stands by get_model_result"),
	"GET /assess/{model}/{edition}/firms/{id}/by/{crosswalk}":   because("a crosswalk orders the same answers by somebody else's dimensions; a program has the answers by get_model_result and the crosswalk as a content file"),
	"GET /assess/{model}/{edition}/region":                      by("list_model_results"),
	"GET /assess/{model}/{edition}/region/export":               by("list_model_results"),
	"POST /assess/{model}/{edition}/region/remind":              by("remind_model"),
	"GET /chains":                                               by("list_chains", "get_chain"),
	"GET /chains/{chain}":                                       by("get_chain"),
	"GET /figures":                                              by("list_figures", "list_indicators"),
	"GET /figures/export":                                       by("list_figures"),
	"GET /figures/{code}":                                       by("get_indicator", "list_figures", "get_figure_table"),
	"GET /figures/{code}/rows":                                  by("list_figure_rows"),
	"GET /figures/{code}/rows/{subject}":                        by("get_figure_row"),
	"GET /figures/{code}/export":                                by("list_figure_rows", "get_figure_table"),
	"GET /map":                                                  by("get_figure_table"),
	"GET /map/export":                                           by("get_figure_table"),
	"GET /areas/{code}":                                         by("list_figures"),
	"GET /areas/{code}/export":                                  by("list_figures"),
	"GET /pivot":                                                by("get_figure_table"),
	"GET /pivot/export":                                         by("get_figure_table"),
	"POST /pivot/views":                                         because("a saved view is an address of the pages under a name; a program keeps its own queries"),
	"GET /pivot/views/{id}":                                     because("a saved view is an address of the pages under a name; a program keeps its own queries"),
	"POST /pivot/views/{id}/drop":                               because("a saved view is an address of the pages under a name; a program keeps its own queries"),
	"GET /industry":                                             by("get_monthly_operations", "list_targets"),
	"GET /industry/export":                                      by("get_monthly_operations"),
	"GET /industry/firms":                                       by("list_monthly_enterprises"),
	"GET /industry/firms/export":                                by("list_monthly_enterprises"),
	"GET /cockpit":                                              by("list_figures"),
	"GET /cockpit/live":                                         by("list_figures"),
	"GET /open":                                                 by("list_public_figures"),
	"GET /open/figures.csv":                                     by("list_public_figures"),
	"GET /open/figures.json":                                    by("list_public_figures"),
	"GET /open/figures.geojson":                                 by("list_public_figures"),
	"GET /open/dictionary.csv":                                  by("list_indicators", "get_indicator"),
	"GET /assess/rounds":                                        by("list_assessment_rounds"),
	"GET /assess/rounds/new":                                    by("open_assessment_round"),
	"POST /assess/rounds":                                       by("open_assessment_round"),
	"GET /assess/rounds/{id}":                                   by("get_assessment_round", "list_round_enterprises"),
	"GET /assess/rounds/{id}/export":                            by("list_round_enterprises"),
	"POST /assess/rounds/{id}/begin":                            by("begin_assessment"),
	"POST /assess/rounds/{id}/remind":                           by("remind_assessment_round"),
	"POST /assess/rounds/{id}/check":                            by("check_assessment_round"),
	"POST /assess/rounds/{id}/more":                             by("extend_assessment_round"),
	"POST /assess/rounds/{id}/close":                            by("close_assessment_round"),
	"GET /assess/rounds/{id}/findings":                          by("list_round_findings"),
	"GET /assess/rounds/{id}/findings/export":                   by("list_round_findings"),
	"GET /assess/rounds/{id}/findings/{n}":                      by("get_round_finding"),
	"POST /assess/rounds/{id}/findings/{n}/explain":             by("explain_round_finding"),
	"POST /assess/rounds/{id}/findings/{n}/accept":              by("accept_round_finding"),
	"POST /assess/rounds/{id}/findings/{n}/back":                by("return_round_finding"),
	"GET /assess/rounds/{id}/report":                            by("get_assessment_report"),
	"GET /assess/rounds/{id}/report/export":                     by("get_assessment_report"),
	"GET /ladders":                                              by("list_ladders"),
	"GET /ladders/{ladder}":                                     by("get_ladder", "list_pool", "get_standpoint"),
	"GET /ladders/{ladder}/export":                              by("list_pool"),
	"POST /ladders/{ladder}/enter":                              by("enter_pool"),
	"POST /ladders/{ladder}/refresh":                            by("refresh_pool"),
	"GET /coverage":                                             by("get_coverage"),
	"GET /coverage/export":                                      by("get_coverage"),

	"GET /enrolments":                    by("list_enrolments", "preview_enrolment"),
	"POST /enrolments":                   by("order_enrolment", "order_enrolment_list"),
	"GET /enrolments/{id}":               by("get_enrolment"),
	"GET /enrolments/{id}/progress":      by("get_enrolment"),
	"POST /enrolments/{id}/letters":      by("print_letters"),
	"POST /enrolments/{id}/cancel":       by("cancel_enrolment"),
	"POST /enrolments/{id}/resume":       by("resume_enrolment"),
	"GET /imports":                       by("list_imports", "list_sources"),
	"POST /imports":                      by("upload", "submit"),
	"GET /imports/{id}":                  by("get_import", "get_plan"),
	"GET /imports/{id}/progress":         by("get_import"),
	"GET /imports/{id}/problems":         by("export_problems"),
	"GET /imports/{id}/remarks":          by("get_remarks"),
	"POST /imports/{id}/plan":            by("put_plan"),
	"POST /imports/{id}/mend":            by("mend_import"),
	"POST /imports/{id}/commit":          by("commit_import"),
	"POST /imports/{id}/again":           by("read_again"),
	"POST /imports/{id}/cancel":          by("cancel_import"),
	"POST /imports/{id}/undo":            by("undo_import"),
	"GET /imports/{id}/delivery":         by("get_delivery"),
	"POST /imports/{id}/delivery/mend":   by("mend_delivery"),
	"POST /imports/{id}/delivery/commit": by("commit_delivery"),
	"POST /imports/{id}/delivery/undo":   by("undo_delivery"),

	"GET /lab":                                 by("list_policies", "list_scenarios"),
	"GET /lab/compare":                         by("run_scenario"), // each of those that stand side by side
	"POST /lab/{id}/drop":                      by("drop_scenario"),
	"POST /lab/{id}/restore":                   by("restore_scenario"),
	"POST /policies/{policy}/lab":              by("save_scenario", "replace_scenario"),
	"POST /policies/{policy}/lab/draft":        by("draft_scenario"),
	"GET /policies/{policy}/lab/export":        by("export_scenario"),
	"GET /policies/{policy}/lab":               by("run_scenario"),
	"GET /policies/{policy}/lab/firms":         by("list_movers", "survey_scenario", "list_near_misses"),
	"GET /policies/{policy}/lab/preview":       by("preview_scenario"),
	"GET /policies/{policy}/lab/find":          by("find_number"),
	"GET /policies/{policy}/lab/survey":        by("survey_scenario", "list_near_misses"),
	"GET /policies/{policy}/lab/survey/export": by("list_near_misses"),
	"GET /policies/{policy}/lab/firms/{id}":    by("decide_scenario"),

	"GET /enterprises/{id}/accounts":                        by("list_firm_accounts", "list_log"),
	"POST /enterprises/{id}/accounts/open":                  by("open_firm_account"),
	"POST /enterprises/{id}/accounts/authorise":             by("authorise_handler"),
	"POST /enterprises/{id}/accounts/{account}/code":        by("issue_code"),
	"POST /enterprises/{id}/accounts/{account}/renew":       by("renew_handler"),
	"POST /enterprises/{id}/accounts/{account}/succeed":     by("succeed_handler"),
	"POST /enterprises/{id}/accounts/{account}/revoke":      by("revoke_handler"),
	"GET /enterprises/{id}/facts/{subject}/{def}":           by("get_timeline"),
	"POST /enterprises/{id}/facts/{subject}/{def}/dispute":  by("raise_dispute"),
	"POST /enterprises/{id}/facts/{subject}/{def}/close":    by("close_dispute"),
	"GET /enterprises/{id}/facts/{subject}/{def}/report":    by("get_timeline", "list_definitions"),
	"POST /enterprises/{id}/facts/{subject}/{def}/report":   by("state_fact"),
	"POST /enterprises/{id}/facts/{subject}/{def}/withdraw": by("withdraw_fact"),
	"POST /enterprises/{id}/facts/{subject}/{def}/answer":   by("answer_report"),

	`"GET " + templatePath(k.Code)`:  because("asks for the template"),
	`"POST " + templatePath(k.Code)`: by("fill_template"),
}

// addressesOfPages reads the rule tables of package web as they are written: each route by its pattern, or by the
// expression that makes it where it is no plain text.
func addressesOfPages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../web/*.go")
	must(t, err)
	var all []string
	fset := gotoken.NewFileSet()
	add := func(lit *ast.CompositeLit) {
		if len(lit.Elts) == 0 {
			return
		}
		if text, ok := lit.Elts[0].(*ast.BasicLit); ok {
			pattern, err := strconv.Unquote(text.Value)
			must(t, err)
			all = append(all, pattern)
			return
		}
		if _, named := lit.Elts[0].(*ast.KeyValueExpr); named {
			return // the answer to an address that is none
		}
		var buf bytes.Buffer
		must(t, printer.Fprint(&buf, fset, lit.Elts[0]))
		all = append(all, buf.String())
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			continue
		}
		src, err := os.ReadFile(name)
		must(t, err)
		file, err := parser.ParseFile(fset, name, src, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			switch kind := lit.Type.(type) {
			case *ast.Ident:
				if kind.Name == "route" {
					add(lit)
				}
			case *ast.ArrayType:
				if of, ok := kind.Elt.(*ast.Ident); ok && of.Name == "route" {
					for _, e := range lit.Elts {
						if one, ok := e.(*ast.CompositeLit); ok && one.Type == nil {
							add(one)
						}
					}
				}
			}
			return true
		})
	}
	return all
}

// What a page or a form does, a program can do: each address of package web names its operations, or says why there is
// none.
func TestProgramsDoWhatPagesDo(t *testing.T) {
	c := newCity(t)
	addresses := addressesOfPages(t)
	if len(addresses) < 90 {
		t.Fatalf("only %d addresses of pages were found: have the rule tables of package web another form?", len(addresses))
	}
	for _, address := range addresses {
		p, ok := pages[address]
		if !ok {
			t.Errorf("%s: by which operation of the API does a program do this? Add one and name it in pages, or say there why there is none", address)
		}
		if ok && (len(p.by) == 0) == (p.why == "") {
			t.Errorf("%s names operations, or says why there is none", address)
		}
		for _, id := range p.by {
			if c.srv.operation(id).id == "" {
				t.Errorf("%s: there is no operation %s", address, id)
			}
		}
	}
}
