-- The party outside the offices that the case was referred to when something was noted, such as an institute: what another noted before it
-- does not count for it. 0 for none and for what came once the case had been taken from its writer; -1 where nobody kept it.
ALTER TABLE visit_entry ADD COLUMN partner BIGINT NOT NULL DEFAULT -1;
