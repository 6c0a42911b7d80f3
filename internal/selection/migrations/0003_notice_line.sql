-- notice_n is the number of a nomination's row in the notice of its round, in every release of it; 0 before it stood in one.
ALTER TABLE selection_nomination ADD COLUMN notice_n INTEGER NOT NULL DEFAULT 0;
