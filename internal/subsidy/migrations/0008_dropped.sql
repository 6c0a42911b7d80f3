-- Material that the clauses of a call ask for and that the call leaves out, each with the reason, as JSON.
ALTER TABLE subsidy_call ADD COLUMN dropped TEXT NOT NULL DEFAULT '[]';
