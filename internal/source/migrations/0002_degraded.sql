-- Text that was recognised from an image, or annotated: names in it may be wrong.
ALTER TABLE source ADD COLUMN degraded INTEGER NOT NULL DEFAULT 0;
