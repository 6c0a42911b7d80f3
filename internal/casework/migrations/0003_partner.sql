-- The party outside the offices that a case was referred to, such as a bank; 0 for none. A task carries it as it carries its area.
ALTER TABLE case_head ADD COLUMN partner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE case_task ADD COLUMN partner BIGINT NOT NULL DEFAULT 0;
CREATE INDEX case_head_partner ON case_head (partner, id);
CREATE INDEX case_task_partner ON case_task (partner, closed_n, role);
