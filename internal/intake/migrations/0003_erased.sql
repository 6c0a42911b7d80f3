-- When the file and what was kept of its cells were deleted by the rules of retention, in milliseconds; 0 while they are kept.
ALTER TABLE intake_batch ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
