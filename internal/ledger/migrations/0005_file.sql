-- The files of a batch are kept as they were, by their hash: those that were taken for the bank, and those that came back. sha256 is
-- empty of one that was taken before files were kept.
ALTER TABLE ledger_batch_file ADD COLUMN kind VARCHAR(16) NOT NULL DEFAULT 'taken';
ALTER TABLE ledger_batch_file ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE ledger_batch_file ADD COLUMN sha256 VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE ledger_batch_file ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
-- The file of the bank that says so; 0 for none.
ALTER TABLE ledger_order_step ADD COLUMN file_id BIGINT NOT NULL DEFAULT 0;
