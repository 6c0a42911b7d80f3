-- When the walk that ended last had begun: it answers for what was asked before.
ALTER TABLE ledger_check ADD COLUMN walked_at BIGINT NOT NULL DEFAULT 0;
UPDATE ledger_check SET walked_at = ended_at;
