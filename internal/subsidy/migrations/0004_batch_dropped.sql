-- That a batch was dropped before its notice: it gathers no more.
ALTER TABLE subsidy_batch ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
