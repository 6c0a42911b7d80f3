-- Whether an account of an institute is in the audit log: it is since this is kept.
ALTER TABLE diagnosis_account ADD COLUMN logged INTEGER NOT NULL DEFAULT 0;
