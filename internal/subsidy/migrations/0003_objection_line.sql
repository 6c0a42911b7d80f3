-- The line of its notice that an objection is about: a line of a round has no case yet.
ALTER TABLE subsidy_objection ADD COLUMN line INTEGER NOT NULL DEFAULT 0;
