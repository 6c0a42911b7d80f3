-- Who made a round public, and what a press repeated is known by; "" where nobody asked for that.
ALTER TABLE subsidy_round ADD COLUMN published_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subsidy_round ADD COLUMN published_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subsidy_round ADD COLUMN request_key VARCHAR(128) NOT NULL DEFAULT '';
CREATE UNIQUE INDEX subsidy_round_key ON subsidy_round (by_account, request_key) WHERE request_key <> '';
-- Who dropped a line, 0 for the product, and when.
ALTER TABLE subsidy_round_line ADD COLUMN by_account BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subsidy_round_line ADD COLUMN dropped_at BIGINT NOT NULL DEFAULT 0;
