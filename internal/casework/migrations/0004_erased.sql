-- When the bytes of a file were deleted by the rules of retention, in milliseconds; 0 while they are kept.
ALTER TABLE case_evidence ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
