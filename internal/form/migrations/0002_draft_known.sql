-- What a draft was filled with by itself, so that what is known otherwise since can be told. for_year is the year of the facts, 0 for none,
-- known the texts by field, "" where nobody told.
ALTER TABLE form_draft ADD COLUMN for_year INTEGER NOT NULL DEFAULT 0;
ALTER TABLE form_draft ADD COLUMN known TEXT NOT NULL DEFAULT '';
