-- The partner that a case was referred to when somebody of theirs added a file. It is 0 for the files of all others and of before this was
-- kept, and -1 for a file that came from a partner once the case had been taken from it.
ALTER TABLE case_evidence ADD COLUMN partner BIGINT NOT NULL DEFAULT 0;
