-- How many lines a notice has and what they come to, frozen with it: a page of it adds nothing up.
ALTER TABLE subsidy_batch ADD COLUMN notice_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subsidy_batch ADD COLUMN notice_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subsidy_round ADD COLUMN notice_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subsidy_round ADD COLUMN notice_fen BIGINT NOT NULL DEFAULT 0;
UPDATE subsidy_batch SET
  notice_lines = (SELECT COUNT(*) FROM subsidy_release r WHERE r.notice_id = subsidy_batch.case_id),
  notice_fen = (SELECT CAST(COALESCE(SUM(r.fen), 0) AS BIGINT) FROM subsidy_release r WHERE r.notice_id = subsidy_batch.case_id)
  WHERE notice <> '';
UPDATE subsidy_round SET
  notice_lines = (SELECT COUNT(*) FROM subsidy_release r WHERE r.notice_id = subsidy_round.id),
  notice_fen = (SELECT CAST(COALESCE(SUM(r.fen), 0) AS BIGINT) FROM subsidy_release r WHERE r.notice_id = subsidy_round.id)
  WHERE notice <> '';
-- Whoever looks for one firm in a notice of a hundred thousand finds it by its name.
CREATE INDEX subsidy_release_firm ON subsidy_release (notice_id, firm, n);
