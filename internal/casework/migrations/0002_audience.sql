-- Who added a file (applicant, system or a role), and whether an office added it for the applicant to see. What was added before
-- this was told apart is the applicant's where they have acted in the case, and an office's else.
ALTER TABLE case_evidence ADD COLUMN who VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE case_evidence ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
UPDATE case_evidence SET who = 'applicant' WHERE EXISTS (SELECT 1 FROM case_event e WHERE e.case_id = case_evidence.case_id AND e.actor = case_evidence.actor AND e.who = 'applicant');
