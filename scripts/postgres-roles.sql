-- What the role yanzhen_app may do, by which the product serves: read and write rows, and nothing else. It changes no table, and of what
-- is only ever added to it changes and deletes nothing, whatever happens to the process. Run it as the role that owns the tables, after
-- each upgrade (docs/operations.md):
--
--   CREATE ROLE yanzhen_app LOGIN PASSWORD '…';      -- once
--   psql -1 -v ON_ERROR_STOP=1 -f scripts/postgres-roles.sql postgres://owner@…/yanzhen
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO yanzhen_app;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM yanzhen_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO yanzhen_app;
REVOKE INSERT, UPDATE, DELETE ON schema_step FROM yanzhen_app;
REVOKE UPDATE, DELETE ON
  account_event, audit_checkpoint, audit_hash,
  case_event, case_frozen_fact, case_frozen_file, case_pin,
  consent_emergency, consent_end, consent_grant,
  credit_contract, credit_definition, credit_drawdown, credit_drawdown_restated, credit_rental, credit_repayment,
  credit_repayment_restated,
  database_identity,
  form_definition,
  ledger_batch, ledger_batch_file, ledger_claim, ledger_commitment, ledger_hold, ledger_lift, ledger_line, ledger_order, ledger_order_step,
  ledger_part, ledger_posting, ledger_request, ledger_transfer,
  policy_event, policy_package,
  retention_hold, retention_hold_end,
  subsidy_release, subsidy_ruling, subsidy_score
FROM yanzhen_app;
-- A leaf gets its place later.
REVOKE DELETE ON audit_leaf, audit_tree FROM yanzhen_app;
